"""deploy/verify.sh with the real kubectl against a small API server that serves the chart's own objects, in good health and
in every kind of bad."""

import copy
import json
import os
import subprocess
import unittest

import fake_api
import rendering
from rendering import find, render

SCRIPT = os.path.join(rendering.ROOT, "deploy", "verify.sh")

AGENT_LOG = """{"level":"info","msg":"rules loaded","time":"2026-11-25T10:00:00Z"}
{"hostname":"n1","output":"probe failed error driver","priority":"Critical","rule":"Sensitive File Access","source":"syscall"}
"""
RELAY_LOG = '{"level":"info","msg":"listening on port 2801","time":"2026-11-25T10:00:00Z"}\n'
PROBE_ERROR = '{"level":"error","msg":"the probe cannot be loaded: BPF is not permitted","time":"2026-11-25T10:00:00Z"}\n'
SINK_DOWN = '{"level":"warning","msg":"sink loki is down, alerts wait in the spool: connection refused","time":"2026-11-25T10:00:00Z"}\n'
SINK_UP = '{"level":"info","msg":"sink loki is up again after 12 s","time":"2026-11-25T10:00:00Z"}\n'
LOKI_ERROR = '{"level":"error","msg":"loki is down: connection refused","time":"2026-11-25T10:00:00Z"}\n'


def summary(state):
    """The relay's summary, with a sink in that state."""
    return ('{"level":"info","msg":"alerts stored: 9, sent twice: 0, refused: 0, waiting: 4, spool: 4096 of 536870912 bytes'
            f'; loki: 5 delivered, 0 dropped, 3 retries, {state}","time":"2026-11-25T10:00:00Z"}}\n')


def healthy(nodes=5):
    """The rendered chart as a cluster would show it once all is well."""
    values = {"falcosidekick": {"enabled": True, "config": {"loki": {"hostport": "http://loki:3100"}}}}
    objects = render(values=[values])
    agents, relay = find(objects, "DaemonSet"), find(objects, "Deployment")
    agents["status"] = {"desiredNumberScheduled": nodes, "numberReady": nodes, "updatedNumberScheduled": nodes}
    relay["status"] = {"availableReplicas": 1}
    application = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "falco", "namespace": "argocd"},
        "status": {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}},
    }
    pods = [fake_api.running_pod(agents, f"falco-{i}") for i in range(nodes)]
    pods.append(fake_api.running_pod(relay, "falco-falcosidekick-0"))
    logs = {(p["metadata"]["name"], p["spec"]["containers"][0]["name"]): AGENT_LOG for p in pods[:-1]}
    logs[("falco-falcosidekick-0", "falcosidekick")] = RELAY_LOG
    return fake_api.Cluster([application, agents, relay, *pods], logs)


def status(kind, **fields):
    def change(cluster):
        for obj in cluster.objects:
            if obj["kind"] == kind:
                obj["status"].update(fields)
    return change


def log(container, text):
    def change(cluster):
        for key in cluster.logs:
            if key[1] == container:
                cluster.logs[key] = text
    return change


def remove(kind):
    def change(cluster):
        cluster.objects = [o for o in cluster.objects if o["kind"] != kind]
    return change


# (what is wrong with the cluster, the one check that says so)
SICK = [
    (status("Application", sync={"status": "OutOfSync"}), "the Argo CD application is Synced and Healthy: OutOfSync Healthy"),
    (status("Application", health={"status": "Degraded"}), "the Argo CD application is Synced and Healthy: Synced Degraded"),
    (remove("Application"), "the Argo CD application is Synced and Healthy: Error from server (NotFound)"),
    (status("DaemonSet", numberReady=4), "the agent is ready on every node: falco: desired 5, ready 4, of this version 5"),
    (status("DaemonSet", desiredNumberScheduled=0, numberReady=0), "the agent is ready on every node: falco: desired 0"),
    (status("DaemonSet", updatedNumberScheduled=2), "of this version 2"),
    (remove("DaemonSet"), "the agent is ready on every node: 0 DaemonSets"),
    (status("Deployment", availableReplicas=0), "the relay is available: falco-falcosidekick: 0 of 1"),
    (status("Pod", phase="Pending"), "every pod runs and is ready: 6 pods, not: falco-0 Pending"),
    (log("falco", PROBE_ERROR), "no repeated failures of the probe in the agents' logs: 5 such lines in 5"),
    (log("falco", ""), "no repeated failures of the probe in the agents' logs: the log is empty"),
    (log("falcosidekick", LOKI_ERROR * 3), "no repeated delivery errors in the relay's log: 3 such lines in 3"),
    (log("falcosidekick", SINK_DOWN + RELAY_LOG), "every sink takes alerts: loki down"),
    (log("falcosidekick", SINK_UP + summary("down")), "every sink takes alerts: loki down"),
    (log("falcosidekick", "2026/11/25 10:00:00 [ERROR] : Loki - connection refused\n" * 2), "2 such lines in 2"),
]

# The commands of the runbook, as people type them.
RUNBOOK = [
    ("get applications.argoproj.io -n argocd falco", 1),
    ("get daemonset -n falco -l app.kubernetes.io/name=falco", 1),
    ("get deploy -n falco -l app.kubernetes.io/name=falcosidekick", 1),
    ("get pods -n falco", 6),
    ("logs -n falco -l app.kubernetes.io/name=falco --all-containers --tail=200", 10),
    ("logs -n falco -l app.kubernetes.io/name=falcosidekick --all-containers --tail=200", 1),
]


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = healthy()

    def run_script(self, cluster, *args):
        with fake_api.serving(cluster) as environment:
            environment["PATH"] = os.path.dirname(rendering.KUBECTL) + ":" + environment["PATH"]
            return subprocess.run([SCRIPT, *args], env=environment, capture_output=True, text=True, timeout=120)

    def test_all_is_well(self):
        done = self.run_script(copy.deepcopy(self.cluster))
        self.assertEqual((done.returncode, done.stdout.count("pass  "), done.stderr), (0, 7, ""), done.stdout)

    def test_a_sink_that_came_back_is_well(self):
        for text in (SINK_DOWN + SINK_UP, SINK_DOWN + summary("up")):
            cluster = copy.deepcopy(self.cluster)
            log("falcosidekick", text)(cluster)
            done = self.run_script(cluster)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_each_sickness_fails_its_own_check(self):
        for change, message in SICK:
            with self.subTest(message):
                cluster = copy.deepcopy(self.cluster)
                change(cluster)
                done = self.run_script(cluster)
                self.assertEqual(done.returncode, 1, done.stdout)
                failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL  ")]
                self.assertEqual(len(failed), 1, done.stdout)
                self.assertIn(message, failed[0])

    def test_parts_that_are_not_installed_are_not_asked_for(self):
        cluster = copy.deepcopy(self.cluster)
        cluster.objects = [o for o in cluster.objects if o["kind"] not in ("Application", "Deployment")
                           and "sidekick" not in o["metadata"]["name"]]
        done = self.run_script(cluster, "--without-argocd", "--without-relay")
        self.assertEqual((done.returncode, done.stdout.count("pass  ")), (0, 3), done.stdout)

    def test_a_cluster_that_does_not_answer(self):
        environment = {**os.environ, "KUBECONFIG": "/dev/null", "PATH": os.path.dirname(rendering.KUBECTL) + ":" + os.environ["PATH"]}
        done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, timeout=300)
        self.assertEqual((done.returncode, done.stdout.count("FAIL  ")), (7, 7), done.stdout)

    def test_usage(self):
        self.assertIn("--without-argocd", subprocess.run([SCRIPT, "--help"], capture_output=True, text=True).stdout)
        self.assertEqual(subprocess.run([SCRIPT, "--bogus"], capture_output=True).returncode, 64)

    def test_the_runbooks_commands_select_what_they_mean(self):
        with fake_api.serving(copy.deepcopy(self.cluster)) as environment:
            for command, lines in RUNBOOK:
                with self.subTest(command):
                    done = subprocess.run([rendering.KUBECTL, *command.split()], env=environment, capture_output=True, text=True)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    printed = [line for line in done.stdout.splitlines() if not line.startswith("NAME ")]
                    self.assertEqual(len(printed), lines, done.stdout)
                    if command.startswith("logs"):
                        for line in printed:
                            json.loads(line)


if __name__ == "__main__":
    unittest.main()
