"""Rules and configuration change under the running agent: nothing is lost, nothing forgotten, a mistake changes nothing."""

import os
import signal
import subprocess
import time

from harness import Agent, MarkerTest, WAIT_SECONDS


def rule(name, process, extra=""):
    return (f"- rule: {name}\n  desc: d\n  condition: evt.type = execve and proc.name = {process}{extra}\n"
            f"  output: c=%proc.cmdline pc=%proc.pcmdline\n  priority: WARNING\n")


class Reload(MarkerTest):
    def setUp(self):
        super().setUp()
        self.rules = os.path.join(self.directory, "rules")
        os.mkdir(self.rules)

    def wait_for_log(self, agent, text, count=1):
        deadline = time.time() + WAIT_SECONDS
        while sum(text in line for line in agent.log) < count:
            self.assertLess(time.time(), deadline, f"{text!r} in:\n" + "\n".join(agent.log))
            time.sleep(0.01)

    def swap(self, number, text):
        """As the kubelet updates a ConfigMap: a new folder, and the link ..data renamed over the old one."""
        folder = os.path.join(self.rules, f"..{number}")
        os.mkdir(folder)
        with open(os.path.join(folder, "a.yaml"), "w") as file:
            file.write(text)
        link = os.path.join(self.rules, "..data_tmp")
        os.symlink(f"..{number}", link)
        os.rename(link, os.path.join(self.rules, "..data"))
        if not os.path.lexists(os.path.join(self.rules, "a.yaml")):
            os.symlink("..data/a.yaml", os.path.join(self.rules, "a.yaml"))

    def test_no_event_is_lost_over_reloads_under_load(self):
        """Programs start one after another, numbered, while the rules change under them: each one is told exactly once,
        with the command line of its parent, which is older than all of the reloads."""
        self.swap(0, rule("every one", self.name))
        spawn = ("import os, sys\ni = 0\n"
                 f"while not os.path.exists({os.path.join(self.directory, 'stop')!r}):\n"
                 f"    p = os.posix_spawn({self.marker!r}, [{self.name!r}, str(i)], {{}})\n"
                 "    os.waitpid(p, 0)\n    i += 1\nprint(i)\n")
        with Agent(rules=[self.rules]) as agent:
            load = subprocess.Popen(["python3", "-c", spawn, "old-parent"], stdout=subprocess.PIPE, text=True)
            self.addCleanup(load.stdout.close)
            agent.wait_for(rule="every one")
            for number in range(1, 9):
                other = rule(f"rule {number}", "no-such", " and evt.type in (execve, openat, connect)")
                if number % 2:
                    self.swap(number, other + rule("every one", self.name))
                else:
                    self.swap(number, rule("every one", self.name) + other)
                    agent.process.send_signal(signal.SIGHUP)
                # A SIGHUP and the change that it goes with may be one reload or two.
                self.wait_for_log(agent, "is in force", number)
            open(os.path.join(self.directory, "stop"), "w").close()
            count = int(load.communicate(timeout=WAIT_SECONDS)[0])
            agent.wait_for(rule="every one", **{"proc.cmdline": f"{self.name} {count - 1}"})
            self.assertEqual(agent.stop(), 0)
        told = [alert["output_fields"]["proc.cmdline"] for alert in agent.find(rule="every one")]
        self.assertEqual(told, [f"{self.name} {i}" for i in range(count)])
        for alert in agent.find(rule="every one"):
            self.assertTrue(alert["output_fields"]["proc.pcmdline"].endswith(" old-parent"), alert)
        self.assertRegex("\n".join(agent.log), r"dropped: 0\b")

    def test_environments_of_those_that_were_there_are_read_when_rules_begin_to_ask(self):
        """Without holding up events: what does not ask for one goes on meanwhile."""
        self.swap(0, rule("every one", self.name))
        opens = (f"import os, time\nwhile not os.path.exists({os.path.join(self.directory, 'stop')!r}):\n"
                 f"    open({self.marker!r}).close()\n    time.sleep(0.005)\n")
        with Agent(rules=[self.rules]) as agent:
            old = subprocess.Popen(["python3", "-c", opens], env={**os.environ, "MARK": self.name})
            try:
                subprocess.run([self.marker], check=True)
                agent.wait_for(rule="every one")
                self.swap(1, rule("every one", self.name) + (
                    f"- rule: marked\n  desc: d\n  condition: evt.type in (open, openat) and fd.name = {self.marker} and "
                    f"proc.env[MARK] = {self.name}\n  output: p=%proc.pid\n  priority: WARNING\n"))
                self.assertEqual(agent.wait_for(rule="marked")["output_fields"]["proc.pid"], old.pid)
            finally:
                open(os.path.join(self.directory, "stop"), "w").close()
                old.wait()

    def test_what_the_sandbox_gave_up_cannot_be_switched_on(self):
        """An output that writes files, or runs programs: the reload says so, and all stays as it was."""
        self.swap(0, rule("every one", self.name))
        config = os.path.join(self.directory, "config.yaml")
        for number, (output, why) in enumerate((
                (f"file_output: {{enabled: true, filename: {self.directory}/alerts}}", "an output that writes files"),
                ("program_output: {enabled: true, program: cat}", "program_output runs programs"))):
            with open(config, "w") as file:
                file.write("json_output: true\nsaker: {read_only: true}\n")
            with Agent(rules=[self.rules], config=config) as agent:
                self.assertIn("files can only be read", next(line for line in agent.log if "sandbox:" in line))
                with open(config, "a") as file:
                    file.write(output + "\n")
                self.wait_for_log(agent, why)
                subprocess.run([self.marker], check=True)
                agent.wait_for(rule="every one")
                self.assertEqual(agent.stop(), 0)

    def test_a_mistake_leaves_the_old_rules_in_force(self):
        path = os.path.join(self.rules, "a.yaml")
        with open(path, "w") as file:
            file.write(rule("first", self.name))
        with Agent(rules=[path]) as agent:
            with open(path, "w") as file:
                file.write(rule("second", self.name).replace("proc.name", "proc.nam"))
            self.wait_for_log(agent, "the reload failed")
            self.assertIn(f"{path}:3:", "\n".join(agent.log))
            subprocess.run([self.marker, "one"], check=True)
            agent.wait_for(rule="first")
            with open(path + ".new", "w") as file:
                file.write(rule("second", self.name))
            os.rename(path + ".new", path)
            self.wait_for_log(agent, "is in force")
            subprocess.run([self.marker, "two"], check=True)
            agent.wait_for(rule="second")
            self.assertEqual(len(agent.find(rule="first")), 1)

    def test_outputs_and_format_change_with_the_configuration(self):
        path = os.path.join(self.rules, "a.yaml")
        with open(path, "w") as file:
            file.write(rule("first", self.name))
        config = os.path.join(self.directory, "saker.yaml")
        alerts = os.path.join(self.directory, "alerts")

        def configure(extra):
            with open(config + ".new", "w") as file:
                file.write(f"rules_files: [{path}]\njson_output: true\nwebserver: {{enabled: false}}\n{extra}")
            os.rename(config + ".new", config)

        configure("")
        with Agent(config=config, json_output=False) as agent:
            subprocess.run([self.marker, "one"], check=True)
            agent.wait_for(rule="first")
            configure(f"json_include_output_property: false\nfile_output: {{enabled: true, filename: {alerts}}}\n")
            self.wait_for_log(agent, "is in force")
            subprocess.run([self.marker, "two"], check=True)
            second = agent.wait_for(rule="first", **{"proc.cmdline": f"{self.name} two"})
            self.assertNotIn("output", second)
            configure("stdout_output: {enabled: false}\nfile_output: {enabled: true, filename: /no/such/folder}\n")
            self.wait_for_log(agent, "the reload failed")
            subprocess.run([self.marker, "three"], check=True)
            agent.wait_for(rule="first", **{"proc.cmdline": f"{self.name} three"})
            self.assertEqual(agent.stop(), 0)
        with open(alerts) as file:
            self.assertEqual(len(file.readlines()), 2)
