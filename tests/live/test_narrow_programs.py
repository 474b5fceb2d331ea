"""32-bit programs beside those of the machine's own width: other numbers of calls, other ways to pass arguments, narrower
structures in memory. act32 (../actions/act32) is one."""

import errno
import os
import shutil
import subprocess
import tempfile
import unittest

from harness import HOOKS, SAKER, SEES_NO_32_BIT, Agent, LiveTest

ACT32 = os.path.join(os.path.dirname(SAKER), "act32")

RULES = """
- rule: narrow
  desc: d
  condition: >
    proc.exepath = {program} and evt.type in (open, openat, unlink, rename, mkdir, writev, connect, sendmsg, execve)
  output: "%evt.type %evt.res %evt.rawres %fd.name %fd.num %evt.buffer %evt.arg.path %evt.arg.name %evt.arg.oldpath
    %evt.arg.newpath %fd.sip %fd.sport %proc.args %proc.name"
  priority: DEBUG
- rule: what it has become
  desc: d
  condition: evt.type = execve and proc.args startswith {mark} and proc.exepath != {program}
  output: "%evt.res %proc.exepath %proc.pid"
  priority: DEBUG
"""


def why_not():
    if HOOKS == "each":
        return SEES_NO_32_BIT
    if not os.access(ACT32, os.X_OK):
        return "act32 is not built (no linker for it)"
    try:
        status = subprocess.run([ACT32]).returncode
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            return "this kernel runs no 32-bit programs"
        raise
    return None if status == 0 else f"this kernel ends 32-bit programs with status {status}"


class NarrowPrograms(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if reason := why_not():
            raise unittest.SkipTest(reason)
        cls.folder = tempfile.mkdtemp(prefix="saker-narrow-", dir="/var/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = os.path.join(cls.folder, "act32")
        shutil.copy(ACT32, cls.program)
        rules = os.path.join(cls.folder, "rules.yaml")
        with open(rules, "w") as file:
            file.write(RULES.format(program=cls.program, mark=os.path.basename(cls.folder)))
        cls.agent = Agent("-o", "rule_matching=all", rules=[rules])
        cls.agent.__enter__()
        cls.addClassCleanup(cls.agent.__exit__)

    def act(self, *words, status=0):
        done = subprocess.run([self.program, *words])
        self.assertEqual(done.returncode, status, words)

    def file(self, name, text="x"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def told(self, event, words, **fields):
        wanted = {"evt.type": event, "proc.args": " ".join(words), "proc.name": "act32", **fields}
        return self.agent.wait_for(rule="narrow", **wanted)["output_fields"]

    def test_a_file_is_opened(self):
        path = self.file("opened")
        for verb in ("open", "openat"):
            words = (verb, path)
            self.act(*words)
            fields = self.told(verb, words, **{"fd.name": path, "evt.res": "SUCCESS"})
            self.assertGreaterEqual(fields["fd.num"], 3)

    def test_an_open_fails(self):
        words = ("open", os.path.join(self.folder, "not-there"))
        self.act(*words, status=errno.ENOENT)
        fields = self.told("open", words, **{"evt.res": "ENOENT"})
        self.assertEqual(fields["evt.rawres"], -errno.ENOENT)
        self.assertEqual(fields["fd.name"], words[1])

    def test_files_are_changed(self):
        path, other, made = self.file("first"), os.path.join(self.folder, "second"), os.path.join(self.folder, "made")
        self.act("rename", path, other)
        self.told("rename", ("rename", path, other), **{"evt.arg.oldpath": path, "evt.arg.newpath": other, "evt.res": "SUCCESS"})
        self.act("unlink", other)
        self.told("unlink", ("unlink", other), **{"evt.arg.path": other, "evt.res": "SUCCESS"})
        self.act("mkdir", made)
        self.told("mkdir", ("mkdir", made), **{"evt.arg.path": made, "evt.res": "SUCCESS"})

    def test_parts_of_a_vector_are_put_together(self):
        path = os.path.join(self.folder, "written")
        self.act("writev", path)
        self.told("writev", ("writev", path), **{"fd.name": path, "evt.buffer": "narrow parts", "evt.rawres": 12})

    def test_addresses(self):
        for verb, event in (("connect", "connect"), ("connect-direct", "connect"), ("sendmsg", "sendmsg")):
            words = (verb, "127.0.0.1", "4711")
            self.act(*words)
            fields = self.told(event, words, **{"fd.sip": "127.0.0.1", "fd.sport": 4711})
            self.assertRegex(fields["fd.name"], r"^[0-9.]+:\d+->127\.0\.0\.1:4711$")
            if verb == "sendmsg":
                self.assertEqual((fields["evt.buffer"], fields["evt.rawres"]), ("narrow parts", 12))

    def test_it_becomes_a_program_of_the_machines_own_width(self):
        self.act("exec", "/bin/true", os.path.basename(self.folder))
        became = self.agent.wait_for(rule="what it has become", **{"evt.res": "SUCCESS"})
        self.assertNotEqual(became["output_fields"]["proc.exepath"], self.program)

    def test_it_is_executed_and_executes(self):
        words = ("exec", os.path.join(self.folder, "no-program"))
        self.act(*words, status=errno.ENOENT)
        self.told("execve", words, **{"evt.res": "SUCCESS"})
        self.told("execve", words, **{"evt.res": "ENOENT"})
