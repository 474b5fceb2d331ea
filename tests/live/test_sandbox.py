"""Least privilege: what the agent starts with, and what it keeps."""

import os
import subprocess
import time

from harness import Agent, MarkerTest, WAIT_SECONDS
from test_agent import rules_file

FEW = ("bpf", "perfmon", "sys_resource", "sys_ptrace")


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def bits(names):
    numbers = {"net_bind_service": 10, "dac_read_search": 2, "sys_ptrace": 19, "sys_resource": 24, "perfmon": 38, "bpf": 39}
    return sum(1 << numbers[name] for name in names)


def given():
    """Of FEW, what this machine has to give: the last column of our own bounding set."""
    bounding = int(status_of("self")["CapBnd"], 16)
    return [name for name in FEW if bounding & bits([name])]


class Sandbox(MarkerTest):
    def setUp(self):
        super().setUp()
        self.rules = rules_file(
            self, f"- rule: every {self.name}\n  desc: d\n  condition: evt.type = execve and proc.name = {self.name}\n"
                  "  output: c=%proc.cmdline e=%proc.exepath\n  priority: WARNING\n")

    def test_it_starts_and_works_with_four_capabilities(self):
        """With three where the machine itself has no SYS_RESOURCE to give."""
        few = given()
        self.assertIn("bpf", few)
        keep = ",".join(["-all", *("+" + name for name in few)])
        prefix = ("setpriv", "--bounding-set", keep, "--inh-caps", keep)
        with Agent(rules=[self.rules], prefix=prefix) as agent:
            subprocess.run([self.marker, "one"], check=True)
            alert = agent.wait_for(rule=f"every {self.name}")
            self.assertEqual(alert["output_fields"]["proc.exepath"], os.path.realpath("/bin/true"))
            status = status_of(agent.process.pid)
            self.assertEqual(int(status["CapPrm"], 16), bits(few))
            self.assertEqual(agent.stop(), 0)

    def test_what_it_keeps(self):
        """Of everything that root has, in every thread."""
        most = bits([*FEW, "dac_read_search", "net_bind_service"])
        with Agent(rules=[self.rules]) as agent:
            for thread in os.listdir(f"/proc/{agent.process.pid}/task"):
                status = status_of(f"{agent.process.pid}/task/{thread}")
                self.assertEqual(int(status["CapPrm"], 16) & ~most, 0, status["CapPrm"])
                self.assertEqual(int(status["CapBnd"], 16), 0)
                self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_reload_outputs_and_web_work_inside(self):
        alerts = os.path.join(self.directory, "alerts")
        with Agent("-o", "file_output.enabled=true", "-o", f"file_output.filename={alerts}",
                   "-o", "http_output.enabled=true", "-o", "http_output.url=http://localhost:1/",
                   rules=[self.rules]) as agent:
            with open(self.rules, "a") as file:
                file.write("- rule: another\n  desc: d\n  condition: evt.type in (connect, openat) and proc.name = no-such\n"
                           "  output: o\n  priority: DEBUG\n")
            deadline = time.time() + WAIT_SECONDS
            while not any("revision 2 is in force" in line for line in agent.log):
                self.assertLess(time.time(), deadline, "\n".join(agent.log))
                time.sleep(0.01)
            subprocess.run([self.marker, "one"], check=True)
            agent.wait_for(rule=f"every {self.name}")
            # Names are looked up and connections tried in there: refused by the other end, not by the kernel.
            while not any("output http" in line for line in agent.log):
                self.assertLess(time.time(), deadline, "\n".join(agent.log))
                time.sleep(0.01)
            self.assertNotRegex("\n".join(agent.log), "not implemented|not permitted")
            self.assertEqual(agent.stop(), 0)
        with open(alerts) as file:
            self.assertEqual(len(file.readlines()), 1)
