"""The container image, made from the built programs, and the chart's pods run from it with podman (pod.py): the first user's values as
they are where their file is at hand, a real alert, through the relay, to a stand-in for Loki."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

import harness
from harness import LiveTest
from test_metric_names import serves_metrics

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "deploy"))
try:
    import metric_names
    import rendering
    from pod import Pod, Podman
except ImportError:  # no python3-yaml
    rendering = None

BUILD = os.path.dirname(os.path.dirname(harness.SAKER))
VALUES = {
    "falco": {"rules_files": ["/etc/falco/rules.d"]},
    "customRules": {"own.yaml": """
- rule: Sensitive File Access
  desc: a test
  condition: evt.type in (open, openat, openat2) and container.id != host and fd.name = /etc/shadow
  output: sensitive file (user=%user.name file=%fd.name)
  priority: CRITICAL
  tags: [file, security]
"""},
    "metrics": {"enabled": True},
    "falcosidekick": {"enabled": True, "config": {"loki": {"hostport": "http://loki.loki.svc.cluster.local:3100"}}},
}


def why_not():
    """Why the image cannot be made and run here, or None."""
    if rendering is None:
        return "no python3-yaml"
    for program in ("buildah", "podman"):
        if shutil.which(program) is None:
            return f"{program} is not installed (tools/install-deps --image)"
    if not os.access(os.path.join(BUILD, "bin", "saker-relay"), os.X_OK):
        return "saker-relay is not built"
    if not os.access(rendering.HELM, os.X_OK):
        return "helm is not installed (tools/install-deploy-tools)"
    return None


def build_image(out):
    done = subprocess.run([os.path.join(harness.ROOT, "deploy", "image", "build"), "--out", out],
                          env={**os.environ, "SAKER_BUILD": BUILD}, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    [archive] = [os.path.join(out, name) for name in os.listdir(out) if name.endswith(".tar")]
    with open(os.path.join(out, "digest")) as file:
        return archive, file.read()


def eventually(what, seconds=60):
    """The first true value of what(), which is asked again and again."""
    deadline = time.time() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.time() > deadline:
            return None
        time.sleep(0.1)


@unittest.skipIf(why_not(), why_not())
class Image(LiveTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="saker-image-", dir="/var/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.archive, cls.digest = build_image(os.path.join(cls.folder, "out"))
        cls.podman = Podman(os.path.join(cls.folder, "podman"))
        cls.addClassCleanup(cls.podman.remove)
        cls.image = cls.podman("load", "-q", "-i", cls.archive).split(": ")[-1]

    def test_the_same_programs_give_the_same_image(self):
        with tempfile.TemporaryDirectory(prefix="saker-image-", dir="/var/tmp") as out:
            self.assertEqual(build_image(out)[1], self.digest)

    def test_annotations_bill_of_materials_and_licences(self):
        with tarfile.open(self.archive) as archive:
            def read(name):
                return json.load(archive.extractfile(name))

            def blob(entry):
                return read("blobs/" + entry["digest"].replace(":", "/"))

            manifest = blob(read("index.json")["manifests"][0])
            config = blob(manifest["config"])
            [layer] = manifest["layers"]
            with tarfile.open(fileobj=archive.extractfile("blobs/" + layer["digest"].replace(":", "/")), mode="r:*") as files:
                members = {"/" + m.name.strip("./"): m for m in files.getmembers()}
                bill = json.load(files.extractfile("usr/share/saker/sbom.spdx.json"))
        self.assertEqual(manifest["annotations"]["org.opencontainers.image.title"], "saker")
        self.assertIn("org.opencontainers.image.version", manifest["annotations"])
        self.assertEqual(config["config"]["Entrypoint"], ["/usr/bin/saker"])

        listed = {f["fileName"].removeprefix(".") for f in bill["files"]}
        code = {path for path, m in members.items() if m.isfile() and path.startswith(("/usr/bin/", "/usr/lib"))}
        self.assertEqual(code - listed, set(), "every program and library is in the bill of materials")
        for package in bill["packages"]:
            licence = f"/usr/share/doc/{package['name']}/copyright"
            self.assertTrue(licence in members or package["name"] == "saker", licence)
        self.assertEqual([path for path, m in members.items() if m.mode & 0o6000], [], "nothing is setuid")
        self.assertEqual({m.mtime for m in members.values()}, {next(iter(members.values())).mtime})

    def test_both_programs_start(self):
        for program in ("saker", "falco", "saker-relay", "falcosidekick"):
            self.assertIn("0.1.0", self.podman("run", "--rm", "--pull=never", "--network=none", "--ulimit=nofile=1024:1024",
                                               "--ulimit=nproc=1024:1024", "--entrypoint", f"/usr/bin/{program}", self.image, "--version"))

    def test_the_charts_pods_take_an_alert_to_loki(self):
        values = rendering.LUMIE_VALUES if os.path.exists(rendering.LUMIE_VALUES) else VALUES
        objects = rendering.render(values=[values])
        network = "saker-relay-under-test"
        relay = Pod(objects, rendering.find(objects, "Deployment"), self.folder)
        agent = Pod(objects, rendering.find(objects, "DaemonSet"), self.folder)
        # The relay's network namespace has a loopback device only; the agent and Loki join it.
        self.podman.run(network, "--network=none", "--add-host=loki.loki.svc.cluster.local:127.0.0.1",
                        *relay.podman_arguments(self.image))
        inside = ["nsenter", "-t", str(self.podman.pid(network)), "-n"]
        pushed = os.path.join(self.folder, "pushed")
        loki = subprocess.Popen([*inside, sys.executable, os.path.join(harness.ROOT, "tests", "live", "loki_stand_in.py"), pushed])
        self.addCleanup(loki.wait)
        self.addCleanup(loki.terminate)
        with open(os.path.join(self.folder, "hosts"), "w") as file:
            file.write("127.0.0.1 localhost falco-falcosidekick\n")
        self.podman.run("saker-agent-under-test", f"--network=container:{network}", "-v",
                        f"{self.folder}/hosts:/etc/hosts:ro", *agent.podman_arguments(self.image))

        def ask(url):
            done = subprocess.run([*inside, "curl", "-s", "-m", "5", url], capture_output=True, text=True)
            return done.stdout if done.returncode == 0 else None

        def logs():
            return "\n".join(" ".join(self.podman.logs(name)) for name in (network, "saker-agent-under-test"))

        self.assertTrue(eventually(lambda: "watching" in logs()), logs())
        self.assertTrue(eventually(lambda: ask("http://127.0.0.1:2801/ping")), logs())
        self.assertEqual(ask("http://127.0.0.1:2801/ping"), "pong\n")

        container = self.container()
        container.run("/bin/cat", "/etc/shadow")

        def arrived():
            if not os.path.exists(pushed):
                return None
            with open(pushed) as file:
                entries = [json.loads(line) for line in file if line.endswith("\n")]
            for entry in entries:
                line = json.loads(entry["line"])
                if line["output_fields"].get("container.id", container.short_id) == container.short_id:
                    return entry["labels"], line
            return None

        found = eventually(arrived)
        self.assertIsNotNone(found, logs())
        labels, line = found
        self.assertEqual((labels["rule"], labels["priority"], labels["hostname"], labels["source"]),
                         ("Sensitive File Access", "Critical", "node-1", "syscall"))
        self.assertEqual(labels["tags"], "file,security")
        self.assertIn("output_fields", line)
        # The alert rules and dashboards ask for nothing that the programs do not have, and the probes are answered.
        ports = {"relay": 2801}
        if serves_metrics():
            ports["agent"] = 8765
            self.assertTrue(eventually(lambda: '"ok"' in (ask("http://127.0.0.1:8765/healthz") or "")), logs())
        for program, port in ports.items():
            missing = lambda: metric_names.missing(program, ask(f"http://127.0.0.1:{port}/metrics") or "")  # noqa: E731
            self.assertTrue(eventually(lambda: not missing()), (program, missing()))


if __name__ == "__main__":
    unittest.main()
