"""Ways around a rule that names a file, a program or an address; README.md has them as a table.

The rules are our own and need nothing beside this project. What a rule of that text can not see is tested too: the
alert that it misses, and the rule that sees it.
"""

import glob
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import unittest

from stage import ACT, Bundle, Host, Network, harness, who_acts, why_not

SECRET = "/etc/saker-secret"
NOT_HERE = 77  # exit status of act
RACED = 300  # opens of a link that changes all the time
RULES = """
- rule: secret opened
  desc: a literal path, as nearly all rules have it
  condition: >
    evt.type in (open, openat, openat2, open_by_handle_at) and evt.is_open_read = true and fd.num >= 0
    and fd.name = /etc/saker-secret
  output: "file=%fd.name asked=%fd.nameraw type=%evt.type process=%proc.name command=%proc.cmdline parent=%proc.pname
    exe=%proc.exepath pid=%proc.pid user=%user.name uid=%user.uid ring=%evt.is_io_uring ino=%fd.ino num=%fd.num from=%fd.namefrom resolved=%fd.nameresolved"
  priority: WARNING

- rule: secret read
  desc: by the descriptor that is read, however it was come by
  condition: evt.type = read and evt.rawres > 0 and fd.name = /etc/saker-secret
  output: "file=%fd.name type=%evt.type process=%proc.name command=%proc.cmdline parent=%proc.pname pid=%proc.pid"
  priority: WARNING

- rule: secret renamed
  desc: what has another name from now on
  condition: evt.type in (rename, renameat, renameat2) and evt.arg.oldpath = /etc/saker-secret
  output: "old=%evt.arg.oldpath new=%evt.arg.newpath command=%proc.cmdline"
  priority: WARNING

- rule: port 6667 contacted
  desc: a literal port
  condition: evt.type = connect and fd.sport = 6667
  output: "connection=%fd.name server=%fd.sip:%fd.sport client=%fd.cip:%fd.cport type=%evt.type command=%proc.cmdline"
  priority: WARNING

- rule: program from memory
  desc: on no disk
  condition: evt.type in (execve, execveat) and proc.is_exe_from_memfd = true
  output: "type=%evt.type process=%proc.name exe=%proc.exepath command=%proc.cmdline parent=%proc.pname"
  priority: WARNING

- rule: tool by name
  desc: as rules name programs
  condition: evt.type in (execve, execveat) and proc.name = saker-tool
  output: "process=%proc.name exe=%proc.exepath argv0=%proc.exe command=%proc.cmdline parent=%proc.pname"
  priority: WARNING

- rule: tool by path
  desc: the file that the kernel runs
  condition: evt.type in (execve, execveat) and proc.exepath endswith /saker-tool
  output: "process=%proc.name exe=%proc.exepath argv0=%proc.exe command=%proc.cmdline parent=%proc.pname"
  priority: WARNING

- rule: tool by its command line
  desc: the name anywhere in it
  condition: evt.type in (execve, execveat) and proc.cmdline contains saker-tool
  output: "process=%proc.name exe=%proc.exepath argv0=%proc.exe command=%proc.cmdline parent=%proc.pname"
  priority: WARNING

- rule: tool opened
  desc: whoever runs a program opens its file
  condition: evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.name endswith /saker-tool
  output: "file=%fd.name process=%proc.name exe=%proc.exepath command=%proc.cmdline parent=%proc.pname"
  priority: WARNING

- rule: what ran
  desc: every start of `act tell`
  condition: evt.type in (execve, execveat) and proc.args startswith "tell "
  output: "pid=%proc.pid exe=%proc.exepath command=%proc.cmdline"
  priority: WARNING
"""

# What the agent does not see yet and should: name of the way -> why. A way that has begun to work fails the test until
# it is taken out of here.
KNOWN_GAPS = {
}

# (name, words, what the alert says besides the name of the file and who did it)
WAYS_TO_A_FILE = [
    ("as it is", "{bin}/act read /etc/saker-secret", {"fd.nameraw": SECRET, "evt.type": "openat"}),
    ("relative", "{bin}/act in /etc {bin}/act read saker-secret", {"fd.nameraw": "saker-secret"}),
    ("dots", "{bin}/act read /tmp/.././etc//saker-secret", {"fd.nameraw": "/tmp/.././etc/saker-secret"}),
    ("symbolic link", "{bin}/act read /tmp/symbolic", {"fd.nameraw": "/tmp/symbolic", "fd.namefrom": "resolved"}),
    ("linked directory", "{bin}/act read /tmp/directory/saker-secret", {"fd.nameraw": "/tmp/directory/saker-secret"}),
    ("bind mount of the file", "{bin}/act read /tmp/bound", {"fd.nameraw": "/tmp/bound"}),
    ("bind mount of its directory", "{bin}/act read /tmp/bound-directory/saker-secret",
     {"fd.nameraw": "/tmp/bound-directory/saker-secret"}),
    ("/proc/self/root", "{bin}/act read /proc/self/root/etc/saker-secret",
     {"fd.nameraw": "/proc/self/root/etc/saker-secret"}),
    ("/proc/self/cwd", "{bin}/act in /etc {bin}/act read /proc/self/cwd/saker-secret",
     {"fd.nameraw": "/proc/self/cwd/saker-secret"}),
    ("/proc/PID/root", "{bin}/act read /proc/1/root/etc/saker-secret", {"fd.nameraw": "/proc/1/root/etc/saker-secret"}),
    ("/proc/PID/cwd", "{bin}/act read-through-cwd /etc saker-secret",
     {"fd.nameraw": re.compile(r"^/proc/\d+/cwd/saker-secret$"), "proc.pname": "act"}),
    ("openat2, RESOLVE_IN_ROOT", "{bin}/act read-beneath /etc /saker-secret 0x10",
     {"evt.type": "openat2", "fd.nameraw": "/saker-secret"}),
    ("openat2, RESOLVE_BENEATH", "{bin}/act read-beneath /etc saker-secret 0x08",
     {"evt.type": "openat2", "fd.nameraw": "saker-secret"}),
    ("openat2, no links", "{bin}/act read-beneath /etc ./saker-secret 0x06",
     {"evt.type": "openat2", "fd.nameraw": "./saker-secret"}),
    ("reopened through /proc/self/fd", "{bin}/act read-reopened /etc/saker-secret",
     {"fd.nameraw": re.compile(r"^/proc/self/fd/\d+$")}),
    ("chroot", "{bin}/act read-chrooted /etc saker-secret", {"fd.nameraw": "saker-secret", "fd.namefrom": "identity"}),
    ("32-bit call", "{bin}/act read-by-old-call /etc/saker-secret", {"evt.type": "open"}),
    ("open_by_handle_at", "{bin}/act read-by-handle /etc/saker-secret", {"evt.type": "open_by_handle_at"}),
    ("io_uring", "{bin}/act read-through-ring /etc/saker-secret", {"evt.type": "openat", "evt.is_io_uring": True}),
    ("name overwritten after the call", "{bin}/act race-open /etc/saker-secret /tmp/harmless", {"evt.type": "openat"}),
    ("command line overwritten before", "{bin}/act disguise /etc/saker-secret", {}),
]
WAYS_TO_A_FILE_WITH_TWO_NAMES = [
    ("hard link", "{bin}/act read /tmp/hard",
     {"fd.nameraw": "/tmp/hard", "fd.namefrom": "identity", "fd.nameresolved": "/tmp/hard"}),
    ("open_by_handle_at, two names", "{bin}/act read-by-handle /tmp/hard", {"evt.type": "open_by_handle_at"}),
]
SETUP = (
    "{bin}/act symlink /etc/saker-secret /tmp/symbolic", "{bin}/act symlink /etc /tmp/directory",
    "{bin}/act write /tmp/bound", "{bin}/act write /tmp/harmless",
    "{bin}/act mkdir /tmp/bound-directory", "{bin}/act bind /etc/saker-secret /tmp/bound",
    "{bin}/act bind /etc /tmp/bound-directory",
)


def rules_file():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        file.write(RULES)
    return file.name


class Watched(unittest.TestCase):
    """One agent for all of them; everything is done first, and judged when the tests look at it."""

    @classmethod
    def setUpClass(cls):
        if why_not():
            raise unittest.SkipTest(why_not())
        rules = rules_file()
        cls.addClassCleanup(os.unlink, rules)
        cls.agent = harness.Agent("-o", "rule_matching=all", "-o", "saker.ring_bytes=16777216", rules=[rules]).__enter__()
        cls.addClassCleanup(cls.agent.__exit__, None, None, None)
        cls.host = Host()
        cls.addClassCleanup(cls.host.remove)
        cls.act()
        cls.wait_until_all_is_judged()
        cls.agent.stop()  # what still waits for its container's data is judged by that

    @classmethod
    def wait_until_all_is_judged(cls):
        """But for what waits for its container's data."""
        last = os.path.join(cls.host.bin, "saker-tool")
        shutil.copy(ACT, last)
        word = secrets.token_hex(8)
        subprocess.run([last, word], check=True)
        cls.agent.wait_for(**{"rule": "tool by name", "proc.cmdline": f"saker-tool {word}"})

    @classmethod
    def bundle(cls, prepare=(), first=()):
        stage = Bundle(harness.Container(), prepare, first)
        cls.addClassCleanup(stage.remove)
        return stage

    def alerts(self, rule, **wanted):
        return [alert["output_fields"] for alert in self.agent.find(rule=rule, **wanted)]

    def the_alert(self, rule, **wanted):
        found = self.alerts(rule, **wanted)
        near = self.alerts(rule)[-5:]
        self.assertTrue(found, f"no alert of '{rule}' with {wanted}; the last of that rule: {near}")
        return found[0]


class Files(Watched):
    @classmethod
    def act(cls):
        one_name = cls.bundle([SECRET], SETUP)
        two_names = cls.bundle([SECRET], ["{bin}/act link /etc/saker-secret /tmp/hard"])
        cls.done = {}
        for stage, ways in ((one_name, WAYS_TO_A_FILE), (two_names, WAYS_TO_A_FILE_WITH_TWO_NAMES)):
            for name, command, _ in ways:
                cls.done[name] = (stage, *stage.add(command))
            # A root can be looked into for as long as the container lives; on a machine as busy as that of tests the agent
            # may come to it later.
            stage.run(["CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH", "CAP_LEASE", "CAP_SYS_CHROOT"],
                      until=cls.wait_until_all_is_judged)
        cls.raced = cls.bundle([SECRET], ["{bin}/act write /tmp/harmless"])
        cls.raced.add(f"{{bin}}/act race-link /etc/saker-secret /tmp/harmless /tmp/turning {RACED}")
        cls.raced.run()
        cls.renamed = cls.bundle([SECRET], [
            "{bin}/act rename /etc/saker-secret /etc/saker-other", "{bin}/act read /etc/saker-other"])
        cls.renamed.run()
        cls.passing = cls.bundle([SECRET], ["{bin}/act pass-on /etc/saker-secret {bin}/heir receive"])
        cls.passing.run()

    def check(self, name, fields):
        if name == "32-bit call" and harness.HOOKS == "each":
            self.skipTest(harness.SEES_NO_32_BIT)
        stage, number, words = self.done[name]
        if stage.statuses.get(number) == NOT_HERE:
            self.skipTest("this machine has no such call")
        self.assertEqual(stage.statuses.get(number), 0, "the action itself failed:\n" + stage.log)
        words, parent = who_acts(words)
        command = " ".join(["act", *words[1:]])
        where = {"container.id": stage.container_id, "proc.cmdline": command}
        if name in KNOWN_GAPS:
            self.assertEqual(self.alerts("secret opened", **where), [], "this works now: take it out of KNOWN_GAPS")
            return
        # A way may open the file more than once; fd.nameraw tells which it was.
        raw = {"fd.nameraw": fields["fd.nameraw"]} if "fd.nameraw" in fields else {}
        alert = self.the_alert("secret opened", **where, **raw)
        expected = {"fd.name": SECRET, "proc.name": "act", "proc.exepath": "/opt/act", "proc.pname": parent,
                    "user.name": "root", "user.uid": 0, "evt.is_io_uring": False, **fields}
        for key, wanted in expected.items():
            if isinstance(wanted, re.Pattern):
                self.assertRegex(alert[key], wanted)
            else:
                self.assertEqual(alert[key], wanted, key)

    def test_a_descriptor_that_was_passed_on(self):
        """The heir opens nothing: its reads are what there is to see."""
        where = {"container.id": self.passing.container_id}
        giver = "act pass-on /etc/saker-secret /opt/heir receive"
        self.the_alert("secret opened", **where, **{"proc.cmdline": giver})
        self.assertEqual(self.alerts("secret opened", **where, **{"proc.name": "heir"}), [])
        read = self.the_alert("secret read", **where, **{"proc.cmdline": "heir receive"})
        self.assertEqual(read["fd.name"], SECRET)
        self.assertEqual(read["proc.pname"], "act")


    def test_a_link_that_changes_while_it_is_opened(self):
        """As many alerts as opens that got the secret, no more and no fewer."""
        hits = int(re.search(r"^hits: (\d+)$", self.raced.log, re.M).group(1))
        self.assertGreater(hits, 0)
        found = self.alerts("secret opened", **{"container.id": self.raced.container_id})
        self.assertEqual(len(found), hits)
        self.assertEqual({alert["fd.nameraw"] for alert in found}, {"/tmp/turning"})

    def test_a_file_that_was_renamed_first(self):
        """A rule that knows the old name sees the renaming; the open only as long as the inode is remembered."""
        where = {"container.id": self.renamed.container_id}
        self.assertEqual(self.renamed.statuses, {0: 0, 1: 0}, self.renamed.log)
        self.assertEqual(self.the_alert("secret renamed", **where)["evt.arg.newpath"], "/etc/saker-other")


def add_a_way(name, fields):
    method = "test_" + re.sub(r"\W+", "_", name).strip("_").lower()
    setattr(Files, method, lambda self: self.check(name, fields))


for way, _, fields_of_way in WAYS_TO_A_FILE + WAYS_TO_A_FILE_WITH_TWO_NAMES:
    add_a_way(way, fields_of_way)


class Programs(Watched):
    RACES = 20

    @classmethod
    def act(cls):
        host = cls.host
        cls.tool = os.path.join(host.dir, "saker-tool")
        shutil.copy(ACT, cls.tool)
        cls.script = os.path.join(host.root, "saker-tool")
        with open(cls.script, "w") as file:
            file.write("#!/bin/sh -e\ntrue\n")
        os.chmod(cls.script, 0o755)
        subprocess.run([cls.script, "word"], check=True)
        for name in ("copied", "linked", "renamed"):
            path = os.path.join(host.root, name)
            {"copied": shutil.copy, "linked": os.symlink, "renamed": os.link}[name](cls.tool, path)
            subprocess.run([path, name, host.root], check=True)
        subprocess.run(["kworker/0:1", "liar", host.root], executable=cls.tool, check=True)
        host.add("{bin}/act exec-memfd saker-tool from-memory")
        for i in range(cls.RACES):
            host.add("{bin}/act race-exec {bin}/runner-one {bin}/runner-two")
        host.run()
        cls.dynamic = os.path.join(host.dir, "dynamic", "saker-tool")
        os.mkdir(os.path.dirname(cls.dynamic))
        shutil.copy("/bin/true", cls.dynamic)
        cls.loader = os.path.realpath(glob.glob("/lib*/ld-linux-*.so.*")[0])
        subprocess.run([cls.loader, cls.dynamic, host.root], check=True)

    def test_execveat_of_a_memfd(self):
        alert = self.the_alert("program from memory", **{"proc.cmdline": re.compile(r" from-memory$")})
        self.assertEqual(alert["proc.exepath"], "memfd:act")
        self.assertEqual(alert["proc.pname"], "act")

    def test_a_script(self):
        """The kernel runs the interpreter: the name is the script's, the path is not."""
        alert = self.the_alert("tool by name", **{"proc.cmdline": f"saker-tool -e {self.script} word"})
        self.assertEqual(alert["proc.exepath"], os.path.realpath("/bin/sh"))
        self.assertEqual(alert["proc.exe"], "/bin/sh")
        self.assertEqual(self.alerts("tool by path", **{"proc.cmdline": alert["proc.cmdline"]}), [])

    def test_another_name(self):
        """A link has its own name and the file's path; a copy and a hard link are other names for good."""
        linked = {"proc.cmdline": f"linked linked {self.host.root}"}
        self.assertEqual(self.alerts("tool by name", **linked), [])
        self.assertEqual(self.the_alert("tool by path", **linked)["proc.exepath"], self.tool)
        for name in ("copied", "renamed"):
            command = {"proc.cmdline": f"{name} {name} {self.host.root}"}
            self.assertEqual(self.alerts("tool by name", **command) + self.alerts("tool by path", **command), [])

    def test_argv0_is_a_lie(self):
        alert = self.the_alert("tool by name", **{"proc.cmdline": f"saker-tool liar {self.host.root}"})
        self.assertEqual(alert["proc.exe"], "kworker/0:1")
        self.assertEqual(alert["proc.exepath"], self.tool)

    def test_the_dynamic_loader(self):
        """The kernel runs the loader; the program is one of its words and a file that it opens."""
        loader = os.path.basename(self.loader)[:15]
        command = {"proc.cmdline": f"{loader} {self.dynamic} {self.host.root}"}
        self.assertEqual(self.alerts("tool by name", **command) + self.alerts("tool by path", **command), [])
        self.assertEqual(self.the_alert("tool by its command line", **command)["proc.exepath"], self.loader)
        opened = self.the_alert("tool opened", **{"fd.name": self.dynamic})
        self.assertEqual(opened["proc.exepath"], self.loader)

    def test_arguments_of_exec_overwritten_by_another_thread(self):
        """Each time the program that came to run has said itself which it is, and by which argument."""
        told = re.findall(r"^(\d+) (\S+/runner-\w+) (\w+)$", self.host.log, re.M)
        self.assertEqual(len(told), self.RACES, self.host.log)
        for pid, program, argument in told:
            alert = self.the_alert("what ran", **{"proc.pid": int(pid)})
            self.assertEqual(alert["proc.exepath"], program)
            self.assertEqual(alert["proc.cmdline"], f"{os.path.basename(program)} tell {argument}")


class Addresses(Watched):
    @classmethod
    def act(cls):
        network = Network()
        cls.addClassCleanup(network.remove)
        cls.stage = cls.bundle()
        for namespace in cls.stage.container.spec["linux"]["namespaces"]:
            if namespace["type"] == "network":
                namespace["path"] = network.path
        cls.number, _ = cls.stage.add("{bin}/act race-connect 198.51.100.7 6667 80")
        cls.stage.run()

    def test_an_address_overwritten_after_the_call(self):
        self.assertEqual(self.stage.statuses.get(self.number), 0, self.stage.log)
        command = {"proc.cmdline": "act race-connect 198.51.100.7 6667 80", "container.id": self.stage.container_id}
        found = self.alerts("port 6667 contacted", **command)
        self.assertEqual(len(found), 2, found)  # the one that fills the queue, and the raced one
        for alert in found:
            self.assertRegex(alert["fd.name"], r"^198\.51\.100\.7:\d+->198\.51\.100\.7:6667$")
            self.assertEqual(alert["fd.sip"], "198.51.100.7")
            self.assertEqual(alert["fd.sport"], 6667)


if __name__ == "__main__":
    unittest.main()
