"""The chart, rendered for a matrix of values and held against Kubernetes' schemas; and what it refuses."""

import base64
import json
import os
import re
import subprocess
import tempfile
import unittest

import yaml

import kubernetes_schema
import rendering
from rendering import container, falco_yaml, find, render

ALL_ON = {
    "metrics": {"enabled": True},
    "serviceMonitor": {"create": True, "labels": {"release": "prometheus"}},
    "grafana": {"dashboards": {"enabled": True}},
    "networkPolicy": {
        "enabled": True,
        "metricsFrom": [{"namespaceSelector": {}}],
        "egress": [{"ports": [{"port": 3100, "protocol": "TCP"}]}],
    },
    "falcosidekick": {
        "enabled": True,
        "spool": {"persistent": True, "storageClassName": "local-path"},
        "config": {"loki": {"hostport": "http://loki:3100"}},
    },
}

TLS = {"enabled": True, "config": {"tlsserver": {"deploy": True, "existingSecret": "relay-tls", "mutualtls": True}}}

# name: values over the chart's own
MATRIX = {
    "nothing set": {},
    "everything on": ALL_ON,
    "privileged": {"driver": {"modernEbpf": {"leastPrivileged": False}}},
    "no driver": {"driver": {"enabled": False}},
    "driver auto": {"driver": {"kind": "auto"}},
    "hot rules": {"saker": {"rulesUpdate": "hot"}, "customRules": {"a.yaml": "- list: a\n  items: [b]\n"}},
    "three relays": {"falcosidekick": {"enabled": True, "replicaCount": 3}},
    "relay over TLS": {"certs": {"existingSecret": "agent-tls"}, "falcosidekick": TLS, "networkPolicy": {"enabled": True}},
    "other names": {"fullnameOverride": "watch", "namespaceOverride": "sec", "falcosidekick": {"enabled": True}},
    "own claim": {"falcosidekick": {"enabled": True, "spool": {"persistent": True, "existingClaim": "mine"}}},
    "no account": {"serviceAccount": {"create": False}},
    "no web server": {"falco": {"webserver": {"enabled": False}}},
    "extras": {
        "extra": {"env": [{"name": "A", "value": "b"}], "args": ["-U"]},
        "mounts": {
            "volumes": [{"name": "zz", "emptyDir": {}}],
            "volumeMounts": [{"name": "zz", "mountPath": "/zz"}],
        },
        "podLabels": {"team": "sec"},
        "podAnnotations": {"a/b": "c"},
        "podPriorityClassName": "high-priority",
        "imagePullSecrets": [{"name": "pull"}],
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "affinity": {"nodeAffinity": {}},
    },
}

# What is said when values are wrong: values, a part of the message.
REFUSED = [
    ({"drivr": {}}, "'drivr' not allowed"),
    ({"falco": {"log_levl": "info"}}, "'log_levl' not allowed"),
    ({"falco": {"log_level": "loud"}}, "at '/falco/log_level'"),
    ({"falco": {"json_output": "yes"}}, "at '/falco/json_output'"),
    ({"driver": {"kind": "kmod"}}, 'unsupported driver kind "kmod"'),
    ({"driver": {"modernEbpf": {"bufSizePreset": 11}}}, "at '/driver/modernEbpf/bufSizePreset'"),
    ({"controller": {"kind": "deployment"}}, 'unsupported controller kind "deployment"'),
    ({"saker": {"rulesUpdate": "never"}}, "at '/saker/rulesUpdate'"),
    ({"falcosidekick": {"webui": {"enabled": True}}}, "there is no web UI"),
    ({"falcosidekick": {"replicas": 2}}, "'replicas' not allowed"),
    ({"falcosidekick": {"config": {"lokki": {}}}}, "'lokki' not allowed"),
    ({"falcosidekick": {"config": {"loki": {"minimumpriority": "loud"}}}}, "at '/falcosidekick/config/loki/minimumpriority'"),
    ({"falcosidekick": {"enabled": True, "replicaCount": 2, "spool": {"persistent": True}}}, "two relays cannot share"),
    ({"falcosidekick": {"enabled": True, "config": {"tlsserver": {"deploy": True}}}}, "needs tlsserver.existingSecret"),
]


class Chart(unittest.TestCase):
    def test_every_object_is_valid_and_in_one_namespace(self):
        if not kubernetes_schema.available():
            self.skipTest("no schemas beside the project")
        for name, values in MATRIX.items():
            with self.subTest(name):
                objects = render(values=[values])
                self.assertEqual([p for o in objects for p in kubernetes_schema.problems(o)], [])
                self.assertEqual({o["metadata"]["namespace"] for o in objects}, {values.get("namespaceOverride", "falco")})

    def test_the_check_is_strict(self):
        if not kubernetes_schema.available():
            self.skipTest("no schemas beside the project")
        daemonset = find(render(), "DaemonSet")
        daemonset["spec"]["template"]["spec"]["containers"][0]["imag"] = "x"
        container(daemonset)["ports"][0]["containerPort"] = "abc"
        self.assertEqual(len(kubernetes_schema.problems(daemonset)), 2)

    def test_selectors_find_their_pods_and_services(self):
        objects = render(values=[ALL_ON])
        pods = [o["spec"]["template"]["metadata"]["labels"] for o in objects if o["kind"] in ("DaemonSet", "Deployment")]
        services = [o for o in objects if o["kind"] == "Service"]
        for obj in objects:
            selector = {
                "Service": lambda o: o["spec"]["selector"],
                "NetworkPolicy": lambda o: o["spec"]["podSelector"]["matchLabels"],
                "PodDisruptionBudget": lambda o: o["spec"]["selector"]["matchLabels"],
            }.get(obj["kind"])
            if selector:
                matching = [p for p in pods if selector(obj).items() <= p.items()]
                self.assertEqual(len(matching), 1, obj["metadata"]["name"])
        for monitor in (o for o in objects if o["kind"] == "ServiceMonitor"):
            wanted = monitor["spec"]["selector"]["matchLabels"]
            found = [s for s in services if wanted.items() <= s["metadata"]["labels"].items()]
            self.assertEqual(len(found), 1, monitor["metadata"]["name"])
            ports = [p["name"] for p in found[0]["spec"]["ports"]]
            self.assertIn(monitor["spec"]["endpoints"][0]["port"], ports)

    def test_no_rights_in_the_cluster(self):
        for name, values in MATRIX.items():
            objects = render(values=[values])
            for obj in objects:
                self.assertNotIn(obj["kind"], ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Namespace"))
                if obj["kind"] in ("DaemonSet", "Deployment"):
                    self.assertIs(obj["spec"]["template"]["spec"]["automountServiceAccountToken"], False)

    def test_the_agents_rights(self):
        context = container(find(render(), "DaemonSet"))["securityContext"]
        self.assertEqual(sorted(context["capabilities"]["add"]), ["BPF", "PERFMON", "SYS_PTRACE", "SYS_RESOURCE"])
        self.assertEqual(context["capabilities"]["drop"], ["ALL"])
        self.assertNotIn("privileged", context)
        context = container(find(render(values=[MATRIX["privileged"]]), "DaemonSet"))["securityContext"]
        self.assertIs(context["privileged"], True)
        spec = find(render(), "DaemonSet")["spec"]["template"]["spec"]
        for mount in spec["containers"][0]["volumeMounts"]:
            if mount["mountPath"].startswith(("/host", "/sys")):
                self.assertIs(mount["readOnly"], True, mount["name"])
        for volume in spec["volumes"]:
            # An untyped host path that is missing would be made on the node.
            if "hostPath" in volume:
                self.assertEqual(volume["hostPath"]["type"], "Directory")

    def test_without_a_driver(self):
        objects = render(values=[MATRIX["no driver"]])
        self.assertEqual(falco_yaml(objects)["engine"], {"kind": "nodriver"})
        spec = find(objects, "DaemonSet")["spec"]["template"]["spec"]
        self.assertEqual([v["hostPath"]["path"] for v in spec["volumes"] if "hostPath" in v], ["/etc"])

    def test_hot_rules_do_not_restart_agents(self):
        def annotations(rules, update):
            values = {"customRules": {"a.yaml": rules}, "saker": {"rulesUpdate": update}}
            return find(render(values=[values]), "DaemonSet")["spec"]["template"]["metadata"]["annotations"]

        one, two = "- list: a\n  items: [b]\n", "- list: a\n  items: [c]\n"
        self.assertEqual(annotations(one, "hot"), annotations(two, "hot"))
        self.assertNotEqual(annotations(one, "rollout"), annotations(two, "rollout"))

    def test_relay_variables(self):
        config = {
            "loki": {"hostport": "http://l:3100", "customheaders": {"X-A": "b", "X-C": "d"}, "extralabels": ["proc.name", "user.name"]},
            "alertmanager": {"hostport": ["http://a:9093", "http://b:9093"], "expiresafter": 90},
            "outputFieldFormat": "<output>",
            "spool": {"maxbytes": 2147483648},
            "otlp": {"logs": {"headers": {"X-Scope": "a"}}},
        }
        secret = find(render(values=[{"falcosidekick": {"enabled": True, "config": config}}]), "Secret")
        data = {k: base64.b64decode(v).decode() for k, v in secret["data"].items()}
        for name, want in {
            "LOKI_HOSTPORT": "http://l:3100",
            "LOKI_CUSTOMHEADERS": "X-A:b,X-C:d",
            "LOKI_EXTRALABELS": "proc.name,user.name",
            "LOKI_MINIMUMPRIORITY": "",
            "ALERTMANAGER_HOSTPORT": "http://a:9093,http://b:9093",
            "ALERTMANAGER_EXPIRESAFTER": "90",
            "OUTPUTFIELDFORMAT": "<output>",
            "SPOOL_MAXBYTES": "2147483648",
            "OTLP_LOGS_HEADERS": "X-Scope:a",
            "TLSSERVER_NOTLSPORT": "2810",
        }.items():
            self.assertEqual(data.get(name), want, name)
        self.assertNotIn("CUSTOMTAGS", data)

    def test_what_is_refused(self):
        for values, message in REFUSED:
            with self.subTest(message):
                with self.assertRaises(rendering.RenderError) as caught:
                    render(values=[values])
                self.assertIn(message, str(caught.exception))

    def test_rendering_twice_gives_the_same(self):
        self.assertEqual(rendering.render_text(values=[ALL_ON]), rendering.render_text(values=[ALL_ON]))

    def test_lint_and_package(self):
        self.assertIn("0 chart(s) failed", rendering.helm("lint", rendering.CHART))
        out = rendering.helm("package", rendering.CHART, "-d", rendering.TOOLS)
        with open(os.path.join(rendering.CHART, "Chart.yaml")) as file:
            version = yaml.safe_load(file)["version"]
        package = os.path.join(rendering.TOOLS, f"falco-{version}.tgz")
        self.assertTrue(os.path.exists(package), out)
        self.assertIn("kind: DaemonSet", rendering.helm("template", "falco", package))

    def test_the_readme_is_up_to_date(self):
        check = [os.path.join(rendering.ROOT, "tools", "chart-readme"), "--check"]
        done = subprocess.run(check, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def example(self, *path):
        """A value of the part of the schema at that path, with every key in it."""
        with open(os.path.join(rendering.CHART, "values.schema.json")) as file:
            schema = json.load(file)

        def resolve(node):
            return schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node

        def make(node):
            node = resolve(node)
            if "properties" in node:
                return {key: make(value) for key, value in node["properties"].items()}
            if "enum" in node:
                return node["enum"][0]
            if "pattern" in node:
                return next(e for e in ("/x", "1h", "debug") if re.search(node["pattern"], e))
            kind = node["type"] if isinstance(node["type"], str) else node["type"][0]
            return {"boolean": False, "integer": 1, "number": 0.1, "string": "1h", "array": [], "object": {}}[kind]

        node = schema
        for key in path:
            node = resolve(node["properties"][key])
        return make(node)

    def said_about(self, program, config, *options):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(config, file)
            file.flush()
            done = subprocess.run([program, "-c", file.name, *options], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    @unittest.skipUnless(os.access(rendering.SAKER, os.X_OK), "the agent is not built")
    def test_the_agent_knows_every_key_that_the_chart_lets_through(self):
        code, said = self.said_about(rendering.SAKER, self.example("falco"), "--dry-run")
        self.assertNotIn("unknown key", said)
        self.assertEqual(code, 0, said)

    @unittest.skipUnless(os.access(rendering.RELAY, os.X_OK), "the relay is not built")
    def test_the_relay_knows_every_key_that_the_chart_lets_through(self):
        config = self.example("falcosidekick", "config")
        # The chart's own.
        for key in ("existingSecret", "extraEnv", "extraArgs", "outputFieldFormat"):
            config.pop(key)
        config["tlsserver"].pop("existingSecret")
        said = self.said_about(rendering.RELAY, config, "--check")[1]
        self.assertNotIn("unknown key", said)
        # The check is worth something: another key is told.
        said = self.said_about(rendering.RELAY, {"loki": {"hostprot": "http://x:1"}}, "--check")[1]
        self.assertIn("unknown key", said)

    def test_the_schema_knows_the_values_and_is_closed(self):
        with open(os.path.join(rendering.CHART, "values.schema.json")) as file:
            schema = json.load(file)
        with open(os.path.join(rendering.CHART, "values.yaml")) as file:
            values = yaml.safe_load(file)

        def resolve(node):
            return schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node

        def check(path, node, value):
            node = resolve(node)
            if not isinstance(value, dict) or "properties" not in node:
                return
            if path != ".falcosidekick.webui":
                self.assertIs(node.get("additionalProperties"), False, path)
            for key in value:
                self.assertIn(key, node["properties"], path)
                check(f"{path}.{key}", node["properties"][key], value[key])

        check("", schema, values)


if __name__ == "__main__":
    unittest.main()
