"""The agent in 138 MiB, at 10,000 alerts a second with receivers that do not come, and among many processes. Run by hand:

`make memory` is the long version, with 200,000 processes."""

import os
import subprocess
import sys
import tempfile
import unittest

import memory
from harness import Agent, LiveTest
from test_agent import rules_file

PROCESSES = int(os.environ.get("SAKER_MEMORY_PROCESSES", "3000"))
SECONDS = int(os.environ.get("SAKER_MEMORY_SECONDS", "5"))
RATE = 10_000


class Memory(LiveTest):
    def test_it_lives_in_138_mib(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(subprocess.run, ["rm", "-rf", directory])
        target = os.path.join(directory, "wanted")
        open(target, "w").close()
        rule = (f"- rule: flood\n  desc: d\n  condition: evt.type in (open, openat) and fd.name = {target}\n"
                "  output: f=%fd.name c=%proc.cmdline a=%proc.aname[1] u=%user.name\n  priority: WARNING\n")
        cgroup = memory.MemoryCgroup()
        self.addCleanup(cgroup.remove)
        opens = memory.build(directory, "opens", memory.OPENS)
        crowd = memory.build(directory, "crowd", memory.CROWD)
        # Nobody reads standard output; nobody is at the other end of the HTTP output.
        with Agent("-o", "http_output.enabled=true", "-o", "http_output.url=http://127.0.0.1:1/",
                   "-o", "file_output.enabled=true", "-o", f"file_output.filename={directory}/alerts",
                   "-o", "file_output.keep_alive=true",
                   rules=[rules_file(self, rule)], read_alerts=False, prefix=cgroup.prefix) as agent:
            people = subprocess.Popen([crowd, str(PROCESSES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                made = int(people.stdout.readline())
                subprocess.run([opens, target, str(RATE), str(SECONDS)], check=True)
                rss = agent.rss_kib()
                # The last event's alert is in the file when all before it are.
                self.assertIsNone(agent.process.poll())
            finally:
                people.communicate("\n")
            self.assertEqual(agent.stop(), 0)
        with open(os.path.join(directory, "alerts")) as file:
            written = sum(1 for _ in file)
        sys.stdout.write(f"{made} processes, {RATE * SECONDS} events at {RATE}/s: {written} alerts in the file, "
                         f"peak of the cgroup {cgroup.peak() / 2**20:.1f} MiB, resident at the end {rss / 1024:.1f} MiB\n")
        self.assertEqual(made, PROCESSES)
        self.assertEqual(cgroup.killed(), 0)
        self.assertLessEqual(cgroup.peak(), memory.LIMIT)
        # Whatever was lost has been counted.
        log = "\n".join(agent.log)
        self.assertRegex(log, r"output stdout: \d+ alerts were lost and [1-9]\d* found its queue full")
        self.assertRegex(log, r"output http: \d+ alerts were lost and [1-9]\d* found its queue full")
        if "dropped: 0" in log and "output file" not in log.split("events seen")[1]:
            self.assertEqual(written, RATE * SECONDS)


if __name__ == "__main__":
    unittest.main()
