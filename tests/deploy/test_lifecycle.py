"""A release from its first day to its last: real helm installs it, verify.sh finds it well, helm changes and removes it, and
nothing is left but what was meant to stay."""

import os
import subprocess
import unittest

import fake_api
import rendering

VERIFY = os.path.join(rendering.ROOT, "deploy", "verify.sh")
SETTINGS = "falcosidekick.enabled=true,falcosidekick.config.loki.hostport=http://loki:3100,falcosidekick.spool.persistent=true"


class Lifecycle(unittest.TestCase):
    def test_install_verify_upgrade_roll_back_uninstall(self):
        cluster = fake_api.Cluster(nodes=5)
        with fake_api.serving(cluster) as environment:
            environment["PATH"] = ":".join([os.path.dirname(rendering.HELM), os.path.dirname(rendering.KUBECTL), environment["PATH"]])

            def run(*command):
                done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
                self.assertEqual(done.returncode, 0, f"{command}: {done.stdout}{done.stderr}")
                return done.stdout

            def objects():
                return sorted(f"{o['kind']} {o['metadata']['name']}" for o in cluster.objects
                              if o["kind"] not in ("Pod", "Namespace") and "sh.helm" not in o["metadata"]["name"])

            run("helm", "install", "falco", rendering.CHART, "-n", "falco", "--create-namespace", "--set", SETTINGS)
            installed = objects()
            self.assertIn("PersistentVolumeClaim falco-falcosidekick-spool", installed)
            self.assertEqual(run(VERIFY, "--without-argocd").count("pass  "), 6)

            run("helm", "upgrade", "falco", rendering.CHART, "-n", "falco", "--reuse-values", "--set", "metrics.enabled=true")
            self.assertEqual(set(objects()) - set(installed), {"Service falco-metrics"})
            run("kubectl", "rollout", "status", "daemonset/falco", "-n", "falco", "--timeout=20s")
            run("helm", "rollback", "falco", "-n", "falco")
            self.assertEqual(objects(), installed)

            run("helm", "uninstall", "falco", "-n", "falco")
            self.assertEqual(objects(), ["PersistentVolumeClaim falco-falcosidekick-spool"])


if __name__ == "__main__":
    unittest.main()
