"""A Kubernetes API server as far as kubectl's get, logs and label selectors need one: discovery, lists, single objects, logs.
What it serves is given; it changes nothing. Used with the real kubectl."""

import contextlib
import http.server
import json
import os
import tempfile
import threading
import urllib.parse

GROUPS = {
    "apps/v1": [("daemonsets", "DaemonSet", ["ds"]), ("deployments", "Deployment", ["deploy"])],
    "argoproj.io/v1alpha1": [("applications", "Application", ["app"])],
}
CORE = [("pods", "Pod", ["po"])]


def resource_list(version, resources):
    return {
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version,
        "resources": [
            {"name": name, "singularName": kind.lower(), "kind": kind, "namespaced": True, "shortNames": short,
             "verbs": ["get", "list"]}
            for name, kind, short in resources
        ],
    }


class Cluster:
    """objects: Kubernetes objects; logs: {(pod, container): text}."""

    def __init__(self, objects, logs):
        self.objects, self.logs, self.requests = objects, logs, []

    def answer(self, url):
        """(status, body) of a GET; a body that is no text is JSON."""
        path, query = url.path, dict(urllib.parse.parse_qsl(url.query))
        self.requests.append(path)
        if path == "/api":
            return 200, {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = []
            for version in GROUPS:
                found = {"groupVersion": version, "version": version.split("/")[1]}
                groups.append({"name": version.split("/")[0], "versions": [found], "preferredVersion": found})
            return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        if path == "/api/v1":
            return 200, resource_list("v1", CORE)
        if path.removeprefix("/apis/") in GROUPS:
            version = path.removeprefix("/apis/")
            return 200, resource_list(version, GROUPS[version])
        parts = path.strip("/").split("/")
        at = parts.index("namespaces") if "namespaces" in parts else len(parts)
        if parts[at + 2:]:
            return self.namespaced(parts[at + 1], parts[at + 2:], query)
        return self.missing(path)

    def namespaced(self, namespace, rest, query):
        known = dict((name, kind) for resources in [CORE, *GROUPS.values()] for name, kind, _ in resources)
        kind = known.get(rest[0])
        if kind is None:
            return self.missing(rest[0])
        found = [o for o in self.objects if o["kind"] == kind and o["metadata"]["namespace"] == namespace]
        if len(rest) == 1:
            pairs = [p.split("=", 1) for p in query.get("labelSelector", "").split(",") if p]
            found = [o for o in found if all(o["metadata"].get("labels", {}).get(k) == v for k, v in pairs)]
            version = found[0]["apiVersion"] if found else "v1"
            return 200, {"kind": kind + "List", "apiVersion": version, "metadata": {}, "items": found}
        named = [o for o in found if o["metadata"]["name"] == rest[1]]
        if not named:
            return self.missing(f"{rest[0]} \"{rest[1]}\"")
        if rest[2:] == ["log"]:
            lines = self.logs.get((rest[1], query.get("container")), "").splitlines(keepends=True)
            return 200, "".join(lines[-int(query.get("tailLines", len(lines) or 1)):])
        return 200, named[0]

    @staticmethod
    def missing(what):
        return 404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
                     "message": f"{what} not found"}


@contextlib.contextmanager
def serving(cluster):
    """The environment in which kubectl talks to the cluster."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = cluster.answer(urllib.parse.urlparse(self.path))
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory() as home:
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
            "users": [{"name": "fake", "user": {}}],
        }
        path = os.path.join(home, "config")
        with open(path, "w") as file:
            json.dump(config, file)
        try:
            yield {**os.environ, "KUBECONFIG": path, "HOME": home}
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
