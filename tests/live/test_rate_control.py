"""A flood of alike alerts becomes a few, and each one that was held back is counted by one that goes out."""

import os
import shutil
import subprocess
import tempfile

from harness import Agent, LiveTest
from test_agent import rules_file


class RateControl(LiveTest):
    def test_alike_alerts_are_one_and_a_count(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        name = "m" + os.path.basename(directory).replace("_", "x")[-8:].lower()
        marker = os.path.join(directory, name)
        os.symlink("/bin/true", marker)
        rule = (f"- rule: every {name}\n  desc: d\n  condition: evt.type = execve and proc.name = {name}\n"
                "  output: c=%proc.cmdline\n  priority: WARNING\n")
        with Agent("-o", "saker.rate_control[0].rule=every*", "-o", "saker.rate_control[0].window=1h",
                   "-o", "saker.rate_control[0].key=[proc.cmdline]", rules=[rules_file(self, rule)]) as agent:
            for _ in range(20):
                subprocess.run([marker, "noise"], check=True)
            subprocess.run([marker, "other"], check=True)
            agent.wait_for(rule=f"every {name}", **{"proc.cmdline": f"{name} other"})
            self.assertEqual(agent.stop(), 0)
        self.assertEqual([alert["output_fields"]["proc.cmdline"] for alert in agent.find(rule=f"every {name}")],
                         [f"{name} noise", f"{name} other"])
        summary = agent.find(rule="Saker internal: suppressed alerts")
        self.assertEqual(len(summary), 1)
        self.assertEqual(summary[0]["output_fields"],
                         {"saker.rule": f"every {name}", "saker.key": f"{name} noise", "saker.suppressed": 19})
