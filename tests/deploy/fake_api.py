"""A Kubernetes API server as far as kubectl and helm need one to install, look at and remove things: discovery, objects that can
be made, changed, listed by label and deleted, logs of pods, readings through a Service. Nothing runs in it. Used with the real kubectl and the real helm."""

import contextlib
import copy
import http.server
import json
import os
import tempfile
import threading
import urllib.parse

import yaml

import kubernetes_protobuf

# group/version: (resource, kind, short names, namespaced)
RESOURCES = {
    "v1": [
        ("pods", "Pod", ["po"], True), ("services", "Service", ["svc"], True), ("configmaps", "ConfigMap", ["cm"], True),
        ("secrets", "Secret", [], True), ("serviceaccounts", "ServiceAccount", ["sa"], True),
        ("persistentvolumeclaims", "PersistentVolumeClaim", ["pvc"], True), ("namespaces", "Namespace", ["ns"], False),
    ],
    "apps/v1": [("daemonsets", "DaemonSet", ["ds"], True), ("deployments", "Deployment", ["deploy"], True)],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget", ["pdb"], True)],
    "networking.k8s.io/v1": [("networkpolicies", "NetworkPolicy", ["netpol"], True)],
    "monitoring.coreos.com/v1": [
        ("servicemonitors", "ServiceMonitor", [], True), ("prometheusrules", "PrometheusRule", [], True)],
    "kyverno.io/v2": [("policyexceptions", "PolicyException", ["polex"], True)],
    "argoproj.io/v1alpha1": [("applications", "Application", ["app"], True)],
}
KINDS = {(version, resource): kind for version, entries in RESOURCES.items() for resource, kind, _, _ in entries}


def merge(into, patch):
    """A merge patch, which is also near enough to an apply."""
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value
    return into


FIRST_LOG = '{"level":"info","msg":"started","time":"2026-11-25T10:00:00Z"}\n'


def running_pod(workload, name):
    template = workload["spec"]["template"]
    names = [c["name"] for c in template["spec"]["containers"]]
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": workload["metadata"]["namespace"], "labels": template["metadata"]["labels"]},
        "spec": {"containers": [{"name": n, "image": "x"} for n in names]},
        "status": {
            "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": n, "ready": True, "restartCount": 0} for n in names],
        },
    }


class Cluster:
    """objects: Kubernetes objects; logs: {(pod, container): text}; readings: {"service:port/path": text}; nodes: with any, a
    workload that is stored is rolled out on them."""

    def __init__(self, objects=(), logs=None, readings=None, nodes=0):
        self.objects, self.logs, self.readings, self.requests = list(objects), logs or {}, readings or {}, []
        self.nodes = nodes

    def answer(self, method, url, body):
        """(status, body); a body that is no text is JSON."""
        path, query = url.path, dict(urllib.parse.parse_qsl(url.query))
        self.requests.append(f"{method} {path}")
        if path == "/version":
            return 200, {"major": "1", "minor": "34", "gitVersion": "v1.34.3+k3s1"}
        if path == "/api":
            return 200, {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": v.split("/")[0], "versions": [{"groupVersion": v, "version": v.split("/")[1]}],
                 "preferredVersion": {"groupVersion": v, "version": v.split("/")[1]}} for v in RESOURCES if "/" in v]}
        if path.startswith("/openapi/v3"):
            return 200, self.openapi(path.removeprefix("/openapi/v3").strip("/"))
        version = path.removeprefix("/apis/").removeprefix("/api/")
        if version in RESOURCES:
            return 200, {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": [
                {"name": name, "singularName": kind.lower(), "kind": kind, "namespaced": namespaced, "shortNames": short,
                 "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]}
                for name, kind, short, namespaced in RESOURCES[version]]}
        parts = path.strip("/").split("/")
        version, rest = ("v1", parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
        namespace = None
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        if not rest or (version, rest[0]) not in KINDS:
            return self.missing(path)
        if rest[0] == "services" and "proxy" in rest:
            name = f"{rest[1]}/{'/'.join(rest[rest.index('proxy') + 1:])}"
            return (200, self.readings[name]) if name in self.readings else self.missing(name)
        return self.resource(method, version, KINDS[(version, rest[0])], namespace, rest[1:], query, body)

    @staticmethod
    def openapi(place):
        """Just enough for a client to learn that the server checks fields itself."""
        places = {("apis/" if "/" in version else "api/") + version: version for version in RESOURCES}
        if place not in places:
            return {"paths": {p: {"serverRelativeURL": f"/openapi/v3/{p}"} for p in places}}
        version = places[place]
        group = version.rpartition("/")[0]
        paths = {}
        for resource, kind, _, namespaced in RESOURCES[version]:
            path = f"/{place}/" + ("namespaces/{namespace}/" if namespaced else "") + resource + "/{name}"
            paths[path] = {"patch": {
                "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}], "responses": {},
                "x-kubernetes-group-version-kind": {"group": group, "version": version.rpartition("/")[2], "kind": kind}}}
        return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.34.3"}, "paths": paths}

    def resource(self, method, version, kind, namespace, rest, query, body):
        found = [o for o in self.objects if o["kind"] == kind and namespace in (None, o["metadata"].get("namespace"))]
        if method == "POST":
            if any(o["metadata"]["name"] == body["metadata"]["name"] for o in found):
                return self.failure(409, "AlreadyExists", f"{kind} {body['metadata']['name']} already exists")
            return 201, self.store(body, namespace)
        if not rest:
            pairs = [p.split("=", 1) for p in query.get("labelSelector", "").split(",") if p]
            found = [o for o in found if all(o["metadata"].get("labels", {}).get(k) == v for k, v in pairs)]
            name = query.get("fieldSelector", "").removeprefix("metadata.name=")
            found = [o for o in found if not name or o["metadata"]["name"] == name]
            return 200, {"kind": kind + "List", "apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": found}
        named = next((o for o in found if o["metadata"]["name"] == rest[0]), None)
        if named is None and method == "PATCH" and query.get("fieldManager"):
            return 201, self.store(body, namespace)  # server-side apply makes what is not there
        if named is None:
            return self.missing(f'{kind} "{rest[0]}"')
        if rest[1:] == ["log"]:
            lines = self.logs.get((rest[0], query.get("container")), "").splitlines(keepends=True)
            return 200, "".join(lines[-int(query.get("tailLines", len(lines) or 1)):])
        if method == "DELETE":
            self.objects.remove(named)
        elif method == "PATCH":
            merge(named, body)
        elif method == "PUT":
            meta = {"namespace": namespace, "uid": named["metadata"].get("uid")}
            named.clear()
            named.update(body)
            named["metadata"].update(meta)
        self.roll_out()
        return 200, named

    def store(self, body, namespace):
        obj = copy.deepcopy(body)
        obj["metadata"].update(uid=f"uid-{len(self.objects)}", resourceVersion="1")
        if namespace:
            obj["metadata"]["namespace"] = namespace
        self.objects.append(obj)
        self.roll_out()
        return obj

    def roll_out(self):
        """What controllers and kubelets would do when all goes well, at once."""
        if not self.nodes:
            return
        workloads = [o for o in self.objects if o["kind"] in ("DaemonSet", "Deployment")]
        self.objects = [o for o in self.objects if o["kind"] != "Pod"]
        for workload in workloads:
            count = self.nodes if workload["kind"] == "DaemonSet" else workload["spec"]["replicas"]
            workload["metadata"]["generation"] = 1
            workload["status"] = {"observedGeneration": 1, **(
                {"desiredNumberScheduled": count, "numberReady": count, "updatedNumberScheduled": count, "numberAvailable": count}
                if workload["kind"] == "DaemonSet" else
                {"replicas": count, "updatedReplicas": count, "availableReplicas": count, "readyReplicas": count})}
            for index in range(count):
                pod = running_pod(workload, f"{workload['metadata']['name']}-{index}")
                self.objects.append(pod)
                name = pod["spec"]["containers"][0]["name"]
                self.logs.setdefault((pod["metadata"]["name"], name), FIRST_LOG)

    @classmethod
    def missing(cls, what):
        return cls.failure(404, "NotFound", f"{what} not found")

    @staticmethod
    def failure(code, reason, message):
        return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": message}


def events(found, initial):
    """A watch's first events: what is there, and the mark that this was all."""
    if not initial:
        return
    for item in found["items"]:
        yield {"type": "ADDED", "object": item}
    kind = found["kind"].removesuffix("List")
    yield {"type": "BOOKMARK", "object": {
        "kind": kind, "apiVersion": found["apiVersion"],
        "metadata": {"resourceVersion": "1", "annotations": {"k8s.io/initial-events-end": "true"}}}}


@contextlib.contextmanager
def serving(cluster):
    """The environment in which kubectl and helm talk to the cluster."""
    stopped = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_any(self):
            url = urllib.parse.urlparse(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            # An apply is YAML, and JSON is YAML too.
            binary = sent.startswith(kubernetes_protobuf.MAGIC)
            body = None
            if sent and not (binary and self.command == "DELETE"):
                body = kubernetes_protobuf.secret(sent) if binary else yaml.safe_load(sent)
            status, answer = cluster.answer(self.command, url, body)
            watching = "watch=true" in url.query or "watch=1" in url.query
            if watching:
                answer = "".join(json.dumps(event) + "\n" for event in events(answer, "sendInitialEvents=true" in url.query))
            data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            text = isinstance(answer, str) and not watching
            self.send_header("Content-Type", "text/plain" if text else "application/json")
            if not watching:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            if watching:  # nothing ever changes by itself
                self.wfile.flush()
                stopped.wait(20)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
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
            stopped.set()
            server.shutdown()
            thread.join()
            server.server_close()
