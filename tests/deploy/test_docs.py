"""Runs the commands of docs/ (doc_commands.py says where each kind runs), and follows the pages' links."""

import os
import re
import shlex
import shutil
import subprocess
import unittest

import doc_commands
import fake_api
import rendering

METRICS = {"falco-metrics:metrics/metrics": "up 1\n", "falco-falcosidekick:http/metrics": "up 1\n"}
# What must have been installed before a page's first command, where the page is not about installing.
INSTALL = "helm upgrade --install falco deploy/helm/falco -n falco --create-namespace --set falcosidekick.enabled=true"
FROM_NOTHING = {"install.md", "migrate.md", "tune.md", "upgrade.md"}


class Docs(unittest.TestCase):
    def run_script(self, script, environment, where):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=environment, cwd=rendering.ROOT,
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, f"{where}: {script}\n{done.stdout}{done.stderr}")

    def each(self, place):
        for page in doc_commands.pages():
            for number, kind, script in doc_commands.blocks(page):
                if kind == place:
                    yield f"{os.path.basename(page)}:{number}", script

    def test_there_are_commands_of_every_kind(self):
        kinds = {kind for page in doc_commands.pages() for _, kind, _ in doc_commands.blocks(page)}
        self.assertEqual(kinds, doc_commands.PLACES)

    def test_local(self):
        if not os.access(rendering.SAKER, os.X_OK):
            self.skipTest("the agent is not built")
        environment = {**os.environ, "PATH": os.path.dirname(rendering.SAKER) + ":" + os.environ["PATH"]}
        for where, script in self.each("local"):
            with self.subTest(where):
                if script.strip() == "saker doctor":  # may say no; must say something
                    done = subprocess.run([rendering.SAKER, "doctor"], capture_output=True, text=True)
                    self.assertIn(done.returncode, (0, 3), done.stderr)
                else:
                    self.run_script(script, environment, where)

    def test_cluster(self):
        """Each page in a cluster of its own, its blocks in their order."""
        for page in doc_commands.pages():
            name = os.path.basename(page)
            cluster = fake_api.Cluster(nodes=3, readings=METRICS)
            with fake_api.serving(cluster) as environment:
                folders = [os.path.dirname(tool) for tool in (rendering.HELM, rendering.KUBECTL)]
                environment["PATH"] = ":".join([*folders, environment["PATH"]])
                if name not in FROM_NOTHING:
                    self.run_script(INSTALL, environment, name)
                for number, kind, script in doc_commands.blocks(page):
                    if kind == "cluster":
                        with self.subTest(f"{name}:{number}"):
                            self.run_script(script, environment, f"{name}:{number}")
            if name == "upgrade.md":
                self.assertEqual([o for o in cluster.objects if o["kind"] != "Pod"], [], "nothing is left")

    def test_build(self):
        for where, script in self.each("build"):
            with self.subTest(where):
                for command in doc_commands.commands(script):
                    self.assertTrue(command.startswith("make "), command)
                    self.run_script("make -n" + command.removeprefix("make") + " >/dev/null", os.environ, where)

    def test_registry(self):
        for where, script in self.each("registry"):
            for command in doc_commands.commands(script):
                with self.subTest(where):
                    words = shlex.split(command)
                    program = {"helm": rendering.HELM}.get(words[0]) or shutil.which(words[0])
                    if program is None:
                        self.skipTest(f"{words[0]} is not installed")
                    known = subprocess.run([program, words[1], "--help"], capture_output=True, text=True)
                    self.assertEqual(known.returncode, 0, known.stderr)
                    for option in (w for w in words if w.startswith("--")):
                        self.assertIn(option, known.stdout)

    def test_links_lead_somewhere(self):
        for page in doc_commands.pages():
            with open(page) as file:
                text = file.read()
            for target in re.findall(r"\]\(([^)#]+)\)", text):
                self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), target)), f"{page}: {target}")
            for path in re.findall(r"`((?:deploy|tests|rules|cmake|src)/[\w./-]+)`", text):
                self.assertTrue(os.path.exists(os.path.join(rendering.ROOT, path)), f"{page}: {path}")


if __name__ == "__main__":
    unittest.main()
