"""The store of alerts inside the agent: `saker events` shows what was raised, whatever happens to the agent."""

import json
import os
import re
import signal
import subprocess
import time

from harness import Agent, MarkerTest, SAKER, WAIT_SECONDS
from test_agent import rules_file


class Store(MarkerTest):
    def setUp(self):
        super().setUp()
        self.store = os.path.join(self.directory, "store")
        self.rules = rules_file(
            self, f"- rule: every {self.name}\n  desc: d\n  condition: evt.type = execve and proc.name = {self.name}\n"
                  "  output: c=%proc.cmdline\n  priority: WARNING\n  tags: [host, process]\n")

    def agent(self, *arguments, **keys):
        return Agent("-o", "saker.store.enabled=true", "-o", f"saker.store.path={self.store}", *arguments,
                     rules=[self.rules], **keys)

    def events(self, *arguments):
        return subprocess.run([SAKER, "events", "--store", self.store, *arguments], capture_output=True, text=True, timeout=60)

    def kept(self):
        """The last word of each command line that is kept, in order."""
        done = self.events("--json", "--rule", self.name)
        return [json.loads(line)["output_fields"]["proc.cmdline"].split()[-1] for line in done.stdout.splitlines()]

    def act(self, word):
        subprocess.run([self.marker, word], check=True)

    def wait_until(self, condition, what):
        deadline = time.time() + WAIT_SECONDS
        while not condition():
            self.assertLess(time.time(), deadline, what)
            time.sleep(0.02)

    def test_alerts_are_found_while_the_agent_runs_and_when_it_was_killed(self):
        with self.agent(json_output=False) as agent:  # text on standard output; the store has JSON all the same
            self.act("one")
            self.act("two")
            self.wait_until(lambda: self.kept() == ["one", "two"], "two alerts")
            agent.process.kill()
        with self.agent() as agent:
            self.act("three")
            printed = agent.wait_for(rule=f"every {self.name}", **{"proc.cmdline": f"{self.name} three"})
            self.wait_until(lambda: self.kept() == ["one", "two", "three"], "the old ones and the new one")
        kept = json.loads(self.events("--json", "--grep", "three").stdout)
        for key in ("rule", "priority", "source", "hostname", "output", "output_fields"):
            self.assertEqual(kept[key], printed[key])
        self.assertEqual(kept["tags"], ["host", "process"])
        self.assertEqual(self.events("--since", "1h", "--rule", self.name.upper(), "--priority", "warning", "--limit", "2").stdout.count("\n"), 2)
        self.assertEqual(self.events("--priority", "critical", "--rule", self.name).stdout, "")
        self.assertRegex(self.events("--grep", "three").stdout, rf"^\d{{4}}-\S+Z Warning +\S+: c={self.name} three")

    def test_one_store_has_one_writer_and_the_next_takes_over(self):
        with self.agent() as first:
            self.act("one")
            self.wait_until(lambda: self.kept() == ["one"], "the first")
            with self.agent() as second:
                self.wait_until(lambda: any("another process uses" in line for line in second.log), "the second to say so")
                self.act("two")
                second.wait_for(rule=f"every {self.name}", **{"proc.cmdline": f"{self.name} two"})
                self.wait_until(lambda: self.kept() == ["one", "two"], "the alert, from the first")
                self.assertEqual(first.stop(), 0)
                self.act("three")
                # What the second had waiting goes first: it has seen "two" as well.
                self.wait_until(lambda: self.kept()[-1:] == ["three"], "the second to take over")
                self.assertIn(self.kept(), (["one", "two", "three"], ["one", "two", "two", "three"]))

    def test_a_full_disk_holds_nobody_up_and_what_waited_is_stored_when_there_is_room(self):
        os.mkdir(self.store)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", self.store], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(mounted.stderr)
        self.addCleanup(subprocess.run, ["umount", self.store])
        with self.agent() as agent:
            numbers = []

            def full():
                numbers.append(str(len(numbers)))
                subprocess.run([self.marker, "x" * 3000, numbers[-1]], check=True)
                return any("output store: " in line and "cannot be written" in line for line in agent.log)

            self.wait_until(full, "the disk to be full")
            agent.wait_for(rule=f"every {self.name}", **{"proc.cmdline": re.compile(rf" {numbers[-1]}$")})
            subprocess.run(["mount", "-o", "remount,size=20m", self.store], check=True)
            self.wait_until(lambda: self.kept() == numbers, "all of them")
            self.assertTrue(any("output store works again; 0 alerts were lost" in line for line in agent.log))
            self.assertEqual(agent.stop(signal.SIGTERM), 0)

    def test_where_no_store_can_be_the_agent_watches_on(self):
        self.store = "/proc/none"
        with self.agent() as agent:
            self.act("one")
            agent.wait_for(rule=f"every {self.name}")
            self.wait_until(lambda: any("output store: " in line and "/proc/none" in line for line in agent.log), "the log to say so")
        self.assertIn("there is no store in /proc/none", self.events().stderr)
