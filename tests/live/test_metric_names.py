"""The alert rules and the health dashboard ask for metrics that the agent really has."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import unittest
import urllib.request

import harness
from harness import Agent
from test_agent import rules_file

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "deploy"))
try:
    import metric_names
except ImportError:  # no python3-yaml
    metric_names = None


def serves_metrics():
    """Whether this agent has a web server."""
    said = subprocess.run([harness.SAKER, "--help"], capture_output=True, text=True).stdout
    return re.search(r"^\s+status\s", said, re.M) is not None


@unittest.skipUnless(metric_names, "no python3-yaml")
@unittest.skipUnless(serves_metrics(), "this agent serves no metrics")
class MetricNames(unittest.TestCase):
    def test_the_agent_has_what_is_asked_of_it(self):
        port = harness.free_port()
        options = ["webserver.enabled=true", f"webserver.listen_port={port}", "webserver.listen_address=127.0.0.1",
                   "webserver.prometheus_metrics_enabled=true", "metrics.enabled=true"]
        # A rule's matches are told from its first match on.
        rule = "- rule: own\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: DEBUG\n"
        with Agent(*[part for option in options for part in ("-o", option)], rules=[rules_file(self, rule)]) as agent:
            subprocess.run(["true"], check=True)
            agent.wait_for(rule="own")
            deadline = time.time() + harness.WAIT_SECONDS
            while True:  # the first self-test, and with it the last of the metrics, comes some seconds after the start
                scrape = ""
                with contextlib.suppress(OSError):  # it may not listen yet
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=harness.WAIT_SECONDS) as answer:
                        scrape = answer.read().decode()
                missing = metric_names.missing("agent", scrape)
                if not missing or time.time() > deadline:
                    break
                time.sleep(0.2)
        self.assertEqual(missing, [])
        if shutil.which("promtool"):
            lint = subprocess.run(["promtool", "check", "metrics"], input=scrape, capture_output=True, text=True)
            self.assertEqual((lint.returncode, lint.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
