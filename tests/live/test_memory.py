"""The agent in a cgroup of 138 MiB: 10,000 alerts a second with receivers that do not come, among many processes.
Whatever is lost is in a counter, and nothing is killed. `make memory` is the same at its full size."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import memory
from harness import Agent, LiveTest
from test_agent import rules_file

PROCESSES = int(os.environ.get("SAKER_MEMORY_PROCESSES", "2000"))
SECONDS = int(os.environ.get("SAKER_MEMORY_SECONDS", "2"))
RATE = 10_000


def numbers(log, pattern):
    """The groups of the one line that matches."""
    found = [match for match in (re.search(pattern, line) for line in log) if match]
    assert len(found) == 1, (pattern, log[-30:])
    return [int(number) for number in found[0].groups()]


class Memory(LiveTest):
    def test_it_lives_in_138_mib_and_counts_what_it_loses(self):
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
        self.enterContext(memory.many_pids(PROCESSES))
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
                self.assertIsNone(agent.process.poll())
                # With the crowd still there: the table is asked for what it holds when the agent ends.
                self.assertEqual(agent.stop(), 0, agent.log[-20:])
            finally:
                people.communicate("\n")
        self.assertEqual(made, PROCESSES)
        self.assertEqual(cgroup.killed(), 0)
        self.assertLessEqual(cgroup.peak(), memory.LIMIT)
        with open(os.path.join(directory, "alerts")) as file:
            lines = [line for line in file if '"rule":"flood"' in line]
        (dropped,) = numbers(agent.log, r"events seen: .* dropped: (\d+)")
        known, kib, shortened, evicted, refused = numbers(
            agent.log, r"processes: (\d+), in (\d+) KiB; for want of room (\d+) programs lost details, (\d+) ended "
                       r"ones were forgotten early and (\d+) new ones")
        (matches,) = numbers(agent.log, r"  flood: (\d+)")
        outputs = {name: numbers(agent.log, rf"output {name}: (\d+) alerts were delivered, (\d+) were lost and (\d+)")
                   for name in ("stdout", "file", "http")}
        sys.stdout.write(f"{made} processes ({known} known, {kib // 1024} MiB, {kib * 1024 // max(1, known)} bytes each; "
                         f"{shortened} lost details, {evicted} evicted, {refused} refused), {RATE * SECONDS} events at "
                         f"{RATE}/s: {dropped} records dropped, {matches} matches, {outputs} "
                         f"(delivered, lost, queue full), peak of the cgroup {cgroup.peak() / 2**20:.1f} MiB, "
                         f"resident {rss / 1024:.1f} MiB\n")
        # The ledger: each event was judged or its record dropped, each alert is accounted for by each output.
        self.assertLessEqual(matches, RATE * SECONDS)
        self.assertGreaterEqual(matches + dropped, RATE * SECONDS)
        given = {name: sum(counts) for name, counts in outputs.items()}
        self.assertEqual(len(set(given.values())), 1, given)
        self.assertGreaterEqual(given["file"], matches)
        self.assertLessEqual(outputs["file"][0] - len(lines), given["file"] - matches)  # the agent's own messages
        self.assertGreater(outputs["http"][1] + outputs["http"][2], 0)
        self.assertEqual(outputs["http"][0], 0)
        if PROCESSES >= 100_000:
            self.assertGreater(known + refused, PROCESSES)
            self.assertGreater(known, PROCESSES * 9 // 10)


if __name__ == "__main__":
    unittest.main()
