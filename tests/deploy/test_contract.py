"""The first user's runbook and values, row by row: what their description, their values file, their Argo CD application and
their policies need from the chart. Each row has the statement that it is about, a question, and the answer.

The values file is used as it is, unchanged; without it beside the project the rows are skipped. Rows about the programs
themselves (detection, delivery) are the live tests' and the relay's."""

import base64
import hashlib
import json
import os
import subprocess
import unittest

import yaml

import rendering
from rendering import LUMIE_VALUES, container, falco_yaml, find


def asked(*sets):
    """Objects rendered from the first user's values and --set options."""
    options = [part for text in sets for part in ("--set", text)]
    return rendering.render(*options, values=[LUMIE_VALUES])


def text(*sets):
    options = [part for entry in sets for part in ("--set", entry)]
    return rendering.render_text(*options, values=[LUMIE_VALUES])


def refusal(*sets):
    try:
        text(*sets)
    except rendering.RenderError as error:
        return str(error)
    return "not refused"


def agent(objects):
    return find(objects, "DaemonSet", "falco")


def relay(objects):
    return find(objects, "Deployment", "falco-falcosidekick")


def secret(objects, name):
    return base64.b64decode(find(objects, "Secret", "falco-falcosidekick")["data"][name]).decode()


def monitors(objects):
    return sorted(o["metadata"]["name"] for o in objects if o["kind"] == "ServiceMonitor")


def pods(objects):
    return [o["spec"]["template"]["spec"] for o in objects if o["kind"] in ("DaemonSet", "Deployment")]


def containers(objects):
    return [c for p in pods(objects) for c in p["containers"] + p.get("initContainers", [])]


def in_args(objects):
    return container(agent(objects)).get("args", [])


def same_labels(objects):
    wanted = find(objects, "ServiceMonitor", "falco")["spec"]["selector"]["matchLabels"]
    given = find(objects, "Service", "falco-metrics")["metadata"]["labels"]
    return {k: given.get(k) for k in wanted} == wanted and set(wanted) == {
        "app.kubernetes.io/name", "app.kubernetes.io/instance", "type"}


def volume_mounts(objects):
    return {m["name"]: m["mountPath"] for m in container(agent(objects))["volumeMounts"]}


# (row of the contract, what it is about, question over the rendered objects, answer)
ROWS = [
    (2, "runs as DaemonSet", lambda o: agent(o)["kind"], "DaemonSet"),
    (3, "on all nodes: taints", lambda o: [t["key"] for t in pods(o)[0]["tolerations"]],
     ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"]),
    (3, "on all nodes: no selector", lambda o: agent(o)["spec"]["template"]["spec"].get("nodeSelector"), None),
    (4, "modern_ebpf", lambda o: falco_yaml(o)["engine"]["kind"], "modern_ebpf"),
    (5, "default rules off", lambda o: falco_yaml(o)["rules_files"],
     ["/etc/falco/falco_rules.local.yaml", "/etc/falco/rules.d"]),
    (6, "events go through the relay", lambda o: falco_yaml(o)["http_output"]["url"], "http://falco-falcosidekick:2801"),
    (6, "and are sent", lambda o: falco_yaml(o)["http_output"]["enabled"], True),
    (9, "JSON to Loki", lambda o: secret(o, "LOKI_FORMAT"), "json"),
    (10, "metrics of the agent",
     lambda o: [find(o, "Service", "falco-metrics")["spec"]["ports"][0][k] for k in ("name", "port", "targetPort")],
     ["metrics", 8765, 8765]),
    (11, "metrics of both", monitors, ["falco", "falco-falcosidekick"]),
    (17, "alerts on standard output", lambda o: falco_yaml(o)["stdout_output"], {"enabled": True}),
    (18, "Loki from the relay", lambda o: secret(o, "LOKI_HOSTPORT"), "http://loki.loki.svc.cluster.local:3100"),
    (19, "ServiceMonitor", lambda o: find(o, "ServiceMonitor", "falco")["spec"]["endpoints"][0]["port"], "metrics"),
    (20, "no web UI", lambda o: [n for n in map(str, o) if "falcosidekick-ui" in n], []),
    (21, "default rules file off", lambda o: [f for f in falco_yaml(o)["rules_files"] if f.endswith("/falco_rules.yaml")], []),
    (23, "rules.d", lambda o: volume_mounts(o)["rules-volume"], "/etc/falco/rules.d"),
    (25, "SSH keys of root", lambda o: find(o, "ConfigMap", "falco-rules")["data"]["custom-rules.yaml"].count(
        "/etc/shadow, /root/.ssh/id_rsa, /root/.ssh/authorized_keys"), 1),
    (27, "evt.dir stays in the rules", lambda o: find(o, "ConfigMap", "falco-rules")["data"]["custom-rules.yaml"].count(
        "evt.dir=<"), 1),
    (34, "all priorities", lambda o: secret(o, "LOKI_MINIMUMPRIORITY"), ""),
    (36, "the monitor selects the Service", same_labels, True),
    (39, "label on the DaemonSet", lambda o: agent(o)["metadata"]["labels"]["app.kubernetes.io/name"], "falco"),
    (40, "label on the Deployment", lambda o: relay(o)["metadata"]["labels"]["app.kubernetes.io/name"], "falcosidekick"),
    (41, "one namespace", lambda o: {x["metadata"]["namespace"] for x in o}, {"falco"}),
    (42, "label on the agent pods",
     lambda o: agent(o)["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"], "falco"),
    (43, "label on the relay pods",
     lambda o: relay(o)["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"], "falcosidekick"),
    (45, "readiness", lambda o: container(agent(o))["readinessProbe"]["httpGet"], {"path": "/healthz", "port": 8765}),
    (45, "start-up", lambda o: container(agent(o))["startupProbe"]["httpGet"], {"path": "/healthz", "port": 8765}),
    (46, "relay available", lambda o: container(relay(o))["readinessProbe"]["httpGet"], {"path": "/ping", "port": "http"}),
    (49, "nothing is downloaded at start", lambda o: [p.get("initContainers", []) for p in pods(o)], [[], []]),
    (51, "driver.kind", lambda o: [v["hostPath"]["path"] for v in pods(o)[0]["volumes"] if v["name"] == "sys-fs"],
     ["/sys/kernel"]),
    (52, "image", lambda o: container(agent(o))["image"], "zot.lumie-infra.com/falcosecurity/falco:0.43.0"),
    (53, "requests", lambda o: container(agent(o))["resources"]["requests"], {"cpu": "35m", "memory": "138Mi"}),
    (54, "a null takes the limit away", lambda o: container(agent(o))["resources"]["limits"], {"memory": "138Mi"}),
    (56, "json_output", lambda o: falco_yaml(o)["json_output"], True),
    (57, "json_include_output_property", lambda o: falco_yaml(o)["json_include_output_property"], True),
    (58, "log_stderr", lambda o: falco_yaml(o)["log_stderr"], True),
    (59, "log_syslog", lambda o: falco_yaml(o)["log_syslog"], False),
    (60, "log_level", lambda o: falco_yaml(o)["log_level"], "info"),
    (61, "buffered_outputs", lambda o: falco_yaml(o)["buffered_outputs"], True),
    (62, "rules_files", lambda o: len(falco_yaml(o)["rules_files"]), 2),
    (63, "no plugin is needed", lambda o: falco_yaml(o)["load_plugins"], []),
    (64, "customRules", lambda o: list(find(o, "ConfigMap", "falco-rules")["data"]), ["custom-rules.yaml"]),
    (65, "metrics.enabled",
     lambda o: [falco_yaml(o)["metrics"]["enabled"], falco_yaml(o)["webserver"]["prometheus_metrics_enabled"]], [True, True]),
    (67, "interval", lambda o: [find(o, "ServiceMonitor", n)["spec"]["endpoints"][0]["interval"] for n in monitors(o)],
     ["30s", "30s"]),
    (68, "label release", lambda o: [find(o, "ServiceMonitor", n)["metadata"]["labels"]["release"] for n in monitors(o)],
     ["prometheus", "prometheus"]),
    (69, "no dashboards", lambda o: [x for x in o if "grafana_dashboard" in x["metadata"].get("labels", {})], []),
    (72, "one relay", lambda o: relay(o)["spec"]["replicas"], 1),
    (73, "relay image", lambda o: container(relay(o))["image"], "zot.lumie-infra.com/falcosecurity/falcosidekick:2.32.0"),
    (74, "relay resources", lambda o: container(relay(o))["resources"],
     {"limits": {"memory": "121Mi"}, "requests": {"cpu": "23m", "memory": "121Mi"}}),
    (75, "debug", lambda o: [e["value"] for e in container(relay(o))["env"] if e["name"] == "DEBUG"], ["false"]),
    (79, "no Redis", lambda o: [x for x in map(str, o) if "redis" in x.lower()], []),
    (80, "affinity", lambda o: [
        (t["weight"], t["podAffinityTerm"]["topologyKey"])
        for t in relay(o)["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"][
            "preferredDuringSchedulingIgnoredDuringExecution"]], [(100, "kubernetes.io/hostname")]),
    (81, "no rights in the cluster", lambda o: [x["kind"] for x in o if "Role" in x["kind"]], []),
    (82, "service account", lambda o: [agent(o)["spec"]["template"]["spec"]["serviceAccountName"],
                                       find(o, "ServiceAccount", "falco")["kind"]], ["falco", "ServiceAccount"]),
    (83, "update strategy", lambda o: agent(o)["spec"]["updateStrategy"]["type"], "RollingUpdate"),
    (87, "no Namespace object", lambda o: [x for x in o if x["kind"] == "Namespace"], []),
    (89, "every image from Zot", lambda o: {c["image"].split("/")[0] for c in containers(o)}, {"zot.lumie-infra.com"}),
    (90, "memory: request is limit", lambda o: [
        c["name"] for c in containers(o)
        if not c["resources"]["limits"].get("memory") or c["resources"]["limits"]["memory"] != c["resources"]["requests"]["memory"]],
     []),
    (90, "cpu: a request, no limit", lambda o: [
        c["name"] for c in containers(o) if "cpu" in c["resources"]["limits"] or "cpu" not in c["resources"]["requests"]], []),
    (91, "relay: user", lambda o: relay(o)["spec"]["template"]["spec"]["securityContext"]["runAsUser"], 1234),
    (91, "relay: container", lambda o: container(relay(o))["securityContext"], {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True,
        "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}),
    (92, "label of the exception", lambda o: agent(o)["spec"]["template"]["metadata"]["labels"]["app"], "falco"),
    (94, "alerts name the node", lambda o: [
        e["valueFrom"]["fieldRef"]["fieldPath"] for e in container(agent(o))["env"] if e["name"] == "FALCO_HOSTNAME"],
     ["spec.nodeName"]),
]

# Rows that change a value: (row, about, --set options, question over the printed text, answer)
CHANGED = [
    (15, "controller.kind", ["controller.kind=deployment"], lambda s: "kind: DaemonSet" in refusal(*s), False),
    (16, "a wrong driver", ["driver.kind=nonsense"], lambda s: "unsupported driver kind" in refusal(*s), True),
    (50, "driver.enabled", ["driver.enabled=false"], lambda s: text(*s).count("--disable-source"), 1),
    (66, "serviceMonitor.create", ["serviceMonitor.create=false"], lambda s: text(*s).count("kind: ServiceMonitor"), 0),
    (70, "relay off", ["falcosidekick.enabled=false"], lambda s: text(*s).count("name: falco-falcosidekick"), 0),
    (70, "relay off: no http output", ["falcosidekick.enabled=false"],
     lambda s: falco_yaml(asked(*s))["http_output"]["enabled"], False),
    (71, "fullfqdn", ["falcosidekick.fullfqdn=true"],
     lambda s: text(*s).count("http://falco-falcosidekick.falco.svc.cluster.local:2801"), 1),
    (84, "extra", ["extra.args={-x}", "extra.env[0].name=A", "extra.env[0].value=b"],
     lambda s: ["-x" in in_args(asked(*s)), "A" in [e["name"] for e in container(agent(asked(*s)))["env"]]], [True, True]),
    (85, "mounts", ["mounts.volumes[0].name=zz", "mounts.volumes[0].emptyDir.medium=Memory",
                    "mounts.volumeMounts[0].name=zz", "mounts.volumeMounts[0].mountPath=/zz"],
     lambda s: text(*s).count("zz"), 3),
    (93, "least privilege", ["driver.modernEbpf.leastPrivileged=true"],
     lambda s: sorted(container(agent(asked(*s)))["securityContext"]["capabilities"]["add"]),
     ["BPF", "PERFMON", "SYS_PTRACE", "SYS_RESOURCE"]),
]


@unittest.skipUnless(os.path.exists(LUMIE_VALUES), "the first user's files are not beside the project")
class Contract(unittest.TestCase):
    maxDiff = None

    def test_rows(self):
        objects = asked()
        for number, about, question, answer in ROWS:
            with self.subTest(row=number, about=about):
                self.assertEqual(question(objects), answer)

    def test_rows_that_change_a_value(self):
        for number, about, sets, question, answer in CHANGED:
            with self.subTest(row=number, about=about):
                self.assertEqual(question(sets), answer)

    def test_13_14_44_88_the_file_renders_lints_and_packages(self):
        lint = rendering.helm("lint", rendering.CHART, "-f", LUMIE_VALUES)
        self.assertEqual(lint.strip().splitlines()[-1], "1 chart(s) linted, 0 chart(s) failed")
        first, second = (hashlib.sha256(text().encode()).hexdigest() for _ in range(2))
        self.assertEqual(first, second)

    def test_64_rules_arrive_byte_for_byte(self):
        with open(LUMIE_VALUES) as file:
            given = yaml.safe_load(file)["customRules"]
        self.assertEqual(find(asked(), "ConfigMap", "falco-rules")["data"], given)

    def test_every_falco_key_that_was_rendered_before_keeps_its_value_or_has_a_reason(self):
        with open(os.path.join(rendering.LUMIE, "falco.yaml")) as file:
            before = yaml.safe_load(file)
        now = falco_yaml(asked())
        ours = {
            # What is left out is the agent's default, and the same; these differ on purpose.
            "load_plugins": "container metadata is built in",
            "http_output": "connections are kept",
            "syslog_output": "a pod has no syslog",
        }
        for key, value in now.items():
            if key in ours or not isinstance(before.get(key), type(value)):
                continue
            if isinstance(value, dict):
                for name in value:
                    if name in before[key]:
                        self.assertEqual(value[name], before[key][name], f"{key}.{name}")
            else:
                self.assertEqual(value, before[key], key)

    @unittest.skipUnless(os.access(rendering.SAKER, os.X_OK), "the agent is not built")
    def test_8_22_the_agent_takes_the_rendered_configuration_and_rules(self):
        objects = asked()
        folder = os.path.join(rendering.TOOLS, f"contract-{os.getpid()}")
        os.makedirs(os.path.join(folder, "rules.d"), exist_ok=True)
        rules = os.path.join(folder, "rules.d", "custom-rules.yaml")
        with open(rules, "w") as file:
            file.write(find(objects, "ConfigMap", "falco-rules")["data"]["custom-rules.yaml"])
        config = find(objects, "ConfigMap", "falco")["data"]["falco.yaml"].replace("/etc/falco", folder)
        path = os.path.join(folder, "falco.yaml")
        with open(path, "w") as file:
            file.write(config)
        done = subprocess.run([rendering.SAKER, "-V", rules, "-o", "json_output=true"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(json.loads(done.stdout)["falco_load_results"][0]["successful"])
        done = subprocess.run([rendering.SAKER, "-c", path, "--dry-run"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # The file that is listed and not there is said, and is no error.
        self.assertIn("falco_rules.local.yaml", done.stdout + done.stderr)
        done = subprocess.run([rendering.SAKER, "-c", path, "-L"], capture_output=True, text=True)
        for rule in ("Sensitive File Access", "Unauthorized Process in Container"):
            self.assertIn(rule, done.stdout)


if __name__ == "__main__":
    unittest.main()
