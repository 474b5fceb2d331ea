"""The agent as a program: start, end, failure, and what it keeps."""

import json
import os
import re
import signal
import subprocess
import tempfile

from harness import Agent, LiveTest, ROOT, SAKER

EVERY_EXEC = """
- rule: every exec
  desc: every program that starts
  condition: evt.type = execve and proc.name = "live-marker"
  output: "p=%proc.name c=%proc.cmdline exe=%proc.exepath pp=%proc.pname pc=%proc.pcmdline a2=%proc.aname[2] cwd=%proc.cwd pid=%proc.pid ppid=%proc.ppid v=%proc.vpid sid=%proc.sid tty=%proc.tty login=%user.loginuid"
  priority: NOTICE
  tags: [test]
"""


def rules_file(test, text):
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False)
    test.addCleanup(os.unlink, file.name)
    with file:
        file.write(text)
    return file.name


class Lifecycle(LiveTest):
    def test_signals_end_it_cleanly_with_a_summary(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                with Agent() as agent:
                    subprocess.run(["true"], check=True)
                    self.assertEqual(agent.stop(number), 0)
                    self.assertRegex("\n".join(agent.log), r"events seen: \d+.*matched: \d+.*dropped: \d+")

    def test_logs_are_json_when_alerts_are(self):
        with Agent() as agent:
            agent.stop()
        for line in agent.log:
            self.assertEqual(sorted(json.loads(line)), ["level", "msg", "time"], line)

    def test_text_output(self):
        with Agent("-o", "json_output=false", rules=[rules_file(self, EVERY_EXEC)]) as agent:
            subprocess.run(["bash", "-c", "exec -a live-marker /bin/true"], check=True)
            script = rules_file(self, "#!/bin/sh\n")
            marker = os.path.join(tempfile.mkdtemp(), "live-marker")
            os.rename(script, marker)
            open(script, "w").close()
            os.chmod(marker, 0o755)
            subprocess.run([marker], check=True)
            import time

            deadline = time.time() + 10
            while not agent.lines and time.time() < deadline:
                time.sleep(0.01)
            agent.stop()
        self.assertTrue(agent.lines)
        self.assertRegex(agent.lines[0], r"^\d\d:\d\d:\d\d\.\d{9}: Notice p=live-marker c=live-marker ")


class Processes(LiveTest):
    def marker(self):
        directory = tempfile.mkdtemp()
        path = os.path.join(directory, "live-marker")
        os.symlink("/bin/true", path)
        return path

    def test_a_process_and_its_ancestors_older_than_the_agent(self):
        """This test process was there before the agent: its name and arguments come from the scan."""
        with Agent(rules=[rules_file(self, EVERY_EXEC)]) as agent:
            done = subprocess.Popen([self.marker(), "one", "two words"], cwd="/usr")
            done.wait()
            alert = agent.wait_for(rule="every exec")
            me = open("/proc/self/comm").read().strip()
            cmdline = open("/proc/self/cmdline").read().rstrip("\0").replace("\0", " ")
            arguments = cmdline.split(" ", 1)[1]
            parent = open(f"/proc/{os.getppid()}/comm").read().strip()
            self.assert_fields(
                alert,
                **{
                    "proc.name": "live-marker",
                    "proc.cmdline": "live-marker one two words",
                    "proc.exepath": os.path.realpath("/bin/true"),
                    "proc.pname": me,
                    "proc.pcmdline": f"{me} {arguments}",
                    "proc.aname[2]": parent,
                    "proc.cwd": "/usr/",
                    "proc.pid": done.pid,
                    "proc.ppid": os.getpid(),
                    "proc.vpid": done.pid,
                    "proc.sid": os.getsid(0),
                },
            )

    def test_short_lived_processes_leave_nothing_behind(self):
        """A first part fills tables and buffers; three times as many after it must not add to them. The table keeps the
        dead of the last seconds, so it breathes with the machine's speed; a leak of each process would be 15 MiB."""
        spawn = "import os\nfor i in range({0}):\n    p = os.posix_spawn('/bin/true', ['true'], {{}})\n    os.waitpid(p, 0)\n"
        with Agent(rules=[rules_file(self, EVERY_EXEC)]) as agent:
            subprocess.run(["python3", "-c", spawn.format(10000)], check=True)
            before = agent.rss_kib()
            subprocess.run(["python3", "-c", spawn.format(30000)], check=True)
            after = agent.rss_kib()
            self.assertLess(after - before, 6144, f"{before} KiB before, {after} KiB after")
            subprocess.run([self.marker()], check=True)
            agent.wait_for(rule="every exec")
            self.assertEqual(agent.stop(), 0)
            self.assertRegex("\n".join(agent.log), r"dropped: 0\b")


class Failure(LiveTest):
    def start(self, *prefix):
        return subprocess.run(
            [*prefix, SAKER, "-c", os.path.join(ROOT, "saker.yaml"), "-M", "1"],
            capture_output=True, text=True, cwd=ROOT, timeout=60,
        )

    def assert_one_sentence(self, done, pattern):
        self.assertNotEqual(done.returncode, 0)
        errors = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        self.assertEqual(len(errors), 1, done.stderr)
        self.assertRegex(errors[0], pattern)
        self.assertNotIn("watching", done.stderr)

    def test_missing_capabilities(self):
        drop = ("setpriv", "--bounding-set", "-bpf,-sys_admin,-perfmon", "--inh-caps", "-bpf,-sys_admin,-perfmon")
        self.assert_one_sentence(self.start(*drop), "CAP_BPF and CAP_PERFMON are missing")

    def test_missing_type_information(self):
        hide = ("unshare", "-m", "--propagation", "private", "sh", "-c",
                'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh")
        self.assert_one_sentence(self.start(*hide), "no BTF")
        doctor = subprocess.run([*hide, SAKER, "doctor"], capture_output=True, text=True)
        self.assertNotEqual(doctor.returncode, 0)
        self.assertIn("no BTF", doctor.stdout)

    def test_doctor_says_that_this_machine_can(self):
        doctor = subprocess.run([SAKER, "doctor"], capture_output=True, text=True)
        self.assertEqual(doctor.returncode, 0, doctor.stdout)

    def test_a_broken_rule_file_ends_the_start(self):
        path = rules_file(self, "- rule: x\n  desc: d\n  condition: proc.nam = a\n  output: o\n  priority: DEBUG\n")
        done = subprocess.run([SAKER, "-r", path], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"{path}:3:", done.stderr)
        self.assertIn("proc.name", done.stderr)

    def test_lost_events_are_counted_and_said(self):
        flood = ("import os\nfor i in range(200000):\n"
                 "    os.close(os.open('/etc/hostname', os.O_RDONLY))\n")
        rule = ("- rule: every open\n  desc: d\n  condition: evt.type = openat and fd.name = /no/such\n"
                "  output: o\n  priority: DEBUG\n")
        # Without the filter plan, which would leave all of these opens in the kernel.
        with Agent("-o", "saker.ring_bytes=4096", "-o", "saker.plan.enabled=false", rules=[rules_file(self, rule)]) as agent:
            agent.process.send_signal(signal.SIGSTOP)  # a reader that does not come
            subprocess.run(["python3", "-c", flood], check=True)
            agent.process.send_signal(signal.SIGCONT)
            agent.stop()
        text = "\n".join(agent.log)
        self.assertRegex(text, r"dropped: [1-9]\d*")
        self.assertRegex(text, r"drop_ring_full[=: ]+[1-9]")
