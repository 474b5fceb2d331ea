"""The command line as its users meet it: help, manual, completion, Falco's flags."""

import json
import os
import pty
import re
import select
import subprocess
import tempfile
import time

from harness import LiveTest, ROOT, SAKER, WAIT_SECONDS
from test_agent import rules_file

FLAG = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*)")


def run(*arguments):
    return subprocess.run([SAKER, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)


def flags_of(*command):
    """The flags that --help of a command tells of, by the lines that begin with one."""
    lines = run(*command, "--help").stdout.splitlines()
    return {flag for line in lines if re.match(r"\s+-", line)
            for flag in FLAG.findall(re.split(r"\s{2,}", line.strip())[0])}


class CommandLine(LiveTest):
    COMMANDS = ((), ("doctor",), ("status",), ("top",), ("events",), ("list", "fields"), ("rules", "plan"), ("rules", "list"),
                ("rules", "show"), ("rules", "explain"), ("rules", "test"), ("rules", "lint"))

    def test_help_fits_on_a_screen(self):
        lines = run("--help").stdout.splitlines()
        self.assertLessEqual(len(lines), 50)
        self.assertLessEqual(max(map(len, lines)), 120)

    def test_manual_and_completion_know_every_flag(self):
        with open(os.path.join(ROOT, "docs", "man", "saker.8")) as file:
            manual = file.read().replace("\\fB", "").replace("\\fR", "").replace("\\fI", "").replace("\\-", "-")
        with open(os.path.join(ROOT, "deploy", "completion", "saker.bash")) as file:
            completion = file.read()
        for command in self.COMMANDS:
            flags = flags_of(*command)
            self.assertIn("--help", flags)
            for flag in flags - {"-h", "--help"} if command else flags:
                self.assertRegex(manual, rf"(?<![\w-]){re.escape(flag)}(?![\w-])", f"{command} in the manual")
                self.assertRegex(completion, rf"(?<![\w-]){re.escape(flag)}(?![\w-])", f"{command} in the completion")

    def test_bash_completes(self):
        def complete(line):
            script = ("source deploy/completion/saker.bash; COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); "
                      "_saker; printf '%s\\n' \"${{COMPREPLY[@]}}\"").format(line)
            return subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=ROOT).stdout.split()
        self.assertIn("doctor", complete("saker d"))
        self.assertEqual(complete("saker --conf"), ["--config-schema"])
        self.assertEqual(complete("saker rules ex"), ["explain"])
        self.assertEqual(complete("saker rules lint --s"), ["--strict"])

    def test_the_schema_describes_the_shipped_configuration(self):
        schema = json.loads(run("--config-schema").stdout)
        self.assertEqual(schema["properties"]["webserver"]["properties"]["listen_port"]["type"], "integer")
        self.assertFalse(schema["additionalProperties"])
        self.assertIn("rate_control", schema["properties"]["saker"]["properties"])
        self.assertEqual(json.loads(run("--rule-schema").stdout)["type"], "array")

    def test_falcos_small_flags(self):
        self.assertRegex(run("--page-size").stdout, r"\d+")
        self.assertIn("container", run("--list-plugins").stdout)
        self.assertIn("container", run("--plugin-info", "container").stdout)
        self.assertNotEqual(run("--plugin-info", "json").returncode, 0)
        self.assertEqual(run("-i").returncode, 0)
        support = json.loads(run("--support", "-c", "saker.yaml").stdout)
        self.assertIn("rules_files", support)
        for wrong in (("--enable-source", "k8s_audit"), ("--enable-source", "syscall", "--disable-source", "syscall")):
            self.assertEqual(run(*wrong).returncode, 1, wrong)

    def test_the_first_users_configuration_loads_without_a_word_too_many(self):
        path = os.path.join(os.path.dirname(ROOT), "shared", "data", "lumie", "falco.yaml")
        if not os.path.exists(path):
            self.skipTest("the first user's falco.yaml is not here")
        done = run("-c", path, "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stderr.splitlines():
            self.assertRegex(json.loads(line)["msg"], "rules path|no rules file", line)

    def test_config_files_are_merged_and_reported_where_they_are_wrong(self):
        with tempfile.TemporaryDirectory() as directory:
            main, more = os.path.join(directory, "main.yaml"), os.path.join(directory, "config.d")
            os.mkdir(more)
            with open(main, "w") as file:
                file.write(f"config_files: [{more}]\nrules_files: []\n")
            with open(os.path.join(more, "10.yaml"), "w") as file:
                file.write("json_output: true\npriority: loud\n")
            done = run("-c", main, "--dry-run")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{more}/10.yaml:2:11:", done.stderr)

    def test_a_terminal_gets_aligned_lines_in_colour_and_a_pid_file(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(subprocess.run, ["rm", "-rf", directory])
        name = "m" + os.path.basename(directory).replace("_", "x")[-8:].lower()
        marker = os.path.join(directory, name)
        os.symlink("/bin/true", marker)
        rule = (f"- rule: every {name}\n  desc: d\n  condition: evt.type = execve and proc.name = {name}\n"
                "  output: c=%proc.cmdline\n  priority: CRITICAL\n")
        master, slave = pty.openpty()
        pid_file = os.path.join(directory, "pid")
        agent = subprocess.Popen(
            [SAKER, "-c", "saker.yaml", "-r", rules_file(self, rule), "-P", pid_file, "-o", "webserver.enabled=false",
             "-o", "saker.store.enabled=false"],
            stdout=slave, stderr=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "NO_COLOR": ""})
        os.close(slave)
        try:
            for line in agent.stderr:
                if "watching" in line:
                    break
            with open(pid_file) as file:
                self.assertEqual(int(file.read()), agent.pid)
            subprocess.run([marker, "one"], check=True)
            shown, deadline = b"", time.time() + WAIT_SECONDS
            while b"\n" not in shown and time.time() < deadline:
                if select.select([master], [], [], 0.2)[0]:
                    shown += os.read(master, 65536)
            self.assertRegex(shown.decode(), rf"^\d\d:\d\d:\d\d\.\d\d\d \x1b\[1;31mCritical +\x1b\[0m \x1b\[1mevery {name}"
                                             rf"\x1b\[0m  c={name} one")
        finally:
            agent.terminate()
            agent.stderr.read()
            agent.wait()
            agent.stderr.close()
            os.close(master)
