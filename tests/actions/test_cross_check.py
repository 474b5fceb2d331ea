"""No lie: what the agent says of some thousand random processes, files and sockets is what these say of themselves.

`stress` writes a line for each thing it did. The agent's alerts of each process come in the order of its lines. Every
field is compared, and the number of mismatches is zero.
"""

import collections
import grp
import json
import os
import posixpath
import pwd
import random
import re
import shutil
import subprocess
import tempfile
import types
import unittest
from itertools import chain

from stage import harness, on_terminal, why_not

STRESS = os.path.join(os.path.dirname(harness.SAKER), "stress")
SEED = int(os.environ.get("SAKER_SEED", "0")) or random.randrange(1, 1 << 30)

PROCESS_FIELDS = """
proc.name proc.exe proc.args proc.cmdline proc.exeline proc.cmdnargs proc.cmdlenargs proc.exepath proc.cwd proc.pid
proc.ppid proc.vpid proc.pvpid proc.pname proc.pexe proc.pexepath proc.pcmdline proc.aname[2] proc.aname[3] proc.aname[4]
proc.aexe[2] proc.aexepath[2] proc.apid[2] proc.apid[3] proc.acmdline[2] proc.sid proc.sname proc.sid.exe
proc.sid.exepath proc.pgid proc.pgid.name proc.pgid.exe proc.pgid.exepath proc.vpgid proc.vpgid.name proc.tty
proc.is_sid_leader proc.is_pgid_leader proc.is_vpgid_leader proc.exe_ino proc.exe_ino.ctime proc.exe_ino.mtime
proc.env proc.env[STRESS_TOKEN] proc.is_exe_writable proc.is_exe_from_memfd proc.pid.ts thread.tid thread.vtid thread.ismain thread.cap_permitted
thread.cap_inheritable thread.cap_effective user.uid user.name user.homedir user.shell user.loginuid user.loginname group.gid group.name
container.id evt.res evt.rawres evt.failed
""".split()
OPEN_FIELDS = """
evt.res evt.rawres evt.failed fd.num fd.name fd.nameraw fd.type fd.typechar fd.directory fd.filename fd.ino fd.dev.major
fd.dev.minor evt.arg.name evt.arg.flags evt.arg.mode evt.is_open_read evt.is_open_write evt.is_open_exec
thread.tid thread.ismain proc.pid proc.name proc.cwd proc.cmdline proc.exe proc.exepath proc.ppid proc.pvpid proc.pname
proc.pcmdline proc.sid proc.vpgid user.uid group.gid
""".split()
CHANGE_FIELDS = "evt.res evt.rawres evt.failed proc.pid".split() + [
    f"evt.arg.{name}" for name in ("path", "name", "oldpath", "newpath", "target", "linkpath", "filename")]
SOCKET_FIELDS = """
evt.res evt.rawres fd.num fd.type fd.typechar fd.name fd.ino fd.l4proto fd.sockfamily fd.lip fd.lport fd.rip fd.rport
fd.cip fd.cport fd.sip fd.sport fd.is_server proc.pid
""".split()
DESCRIPTOR_FIELDS = "evt.rawres fd.num fd.type fd.typechar fd.ino fd.name proc.pid proc.name".split()
LETTERS = {"ipv4": "4", "ipv6": "6", "unix": "u", "file": "f", "directory": "d", "event": "e", "timerfd": "t", "eventpoll": "l", "inotify": "i",
           "signalfd": "s", "memfd": "m", "pidfd": "P"}


def rule(name, condition, fields):
    output = " ".join(f"%{field}" for field in dict.fromkeys(["evt.type", "proc.pid", "proc.vpid", "thread.vtid", *fields]))
    return json.dumps({"rule": name, "desc": name, "condition": condition, "output": output, "priority": "DEBUG"})


def rules_text(folder):
    ours = f'proc.exepath startswith "{folder}/bin/"'
    return "[" + ",\n".join([
        rule("process", f"evt.type in (execve, execveat) and {ours}", PROCESS_FIELDS),
        # Not what stress opens to find out about itself and to say so.
        rule("open", f"evt.type in (open, openat, openat2) and {ours} and not fd.nameraw startswith /proc/ "
             f"and fd.nameraw != {folder}/log", OPEN_FIELDS),
        rule("change", "evt.type in (mkdirat, symlinkat, linkat, renameat2, unlinkat, fchmodat, chdir) and "
             f"{ours} and evt.rawres exists", CHANGE_FIELDS),
        rule("socket", f"evt.type in (connect, accept4, sendto, recvfrom) and {ours}", SOCKET_FIELDS),
        rule("descriptor", "evt.type in (eventfd2, timerfd_create, epoll_create1, inotify_init1, signalfd4, memfd_create, "
             f"pidfd_open, dup, dup3) and {ours}", DESCRIPTOR_FIELDS),
    ]) + "]\n"


def capabilities():
    """Names by number, as the kernel's header has them."""
    with open("/usr/include/linux/capability.h") as header:
        return {int(number): name for name, number in re.findall(r"^#define (CAP_\w+)\s+(\d+)$", header.read(), re.M)}


def furnish(root, inside):
    """bin/ with the programs that stress runs, play/ with the files that it opens; stress knows the folder as `inside`."""
    os.chmod(root, 0o755)
    for path, mode in (("bin", 0o755), ("play", 0o777), ("play/d0", 0o777), ("play/d1", 0o755), ("play/d1/deep er", 0o755)):
        os.mkdir(os.path.join(root, path))
        os.chmod(os.path.join(root, path), mode)
    binary = os.path.join(root, "bin")
    for name in ("plain", "with blank", ".hidden", "a-name-longer-than-fifteen", "(sd-pam)", "x:y", "interpreter"):
        shutil.copy(STRESS, os.path.join(binary, name))
    os.chmod(os.path.join(binary, ".hidden"), 0o777)
    os.symlink("plain", os.path.join(binary, "link"))
    for name, words in (("script", ""), ("script two", " -e x")):
        path = os.path.join(binary, name)
        with open(path, "w") as file:
            file.write(f"#!{inside}/bin/interpreter{words}\n")
        os.chmod(path, 0o755)
    for name, mode in (("plain", 0o644), ("with blank", 0o666), ("d0/file", 0o666), ("d1/deep er/file", 0o600)):
        path = os.path.join(root, "play", name)
        with open(path, "w") as file:
            file.write("content\n")
        os.chmod(path, mode)
    os.symlink("d0", os.path.join(root, "play", "link"))
    os.symlink("d0/file", os.path.join(root, "play", "flink"))
    log = os.path.join(root, "log")
    open(log, "w").close()
    os.chmod(log, 0o666)


class Facts:
    """What a line of stress means in the words of fields."""

    def __init__(self, container_id, accounts, host_pids):
        self.names = capabilities()
        self.container_id = container_id
        self.accounts = accounts  # in a container: its users' names; None on the host
        self.host_pids = host_pids  # by the pids that stress knows; those of processes it did not start are missing

    def capability_names(self, mask):
        bits = int(mask, 16)
        return " ".join(name for number, name in sorted(self.names.items()) if bits >> number & 1)

    @staticmethod
    def folder(path):
        return path if path.endswith("/") else path + "/"

    @staticmethod
    def command_line(name, words):
        return " ".join([name, *words[1:]])

    @staticmethod
    def name_of_login(loginuid):
        """A login is the host's, wherever its processes are now."""
        try:
            return pwd.getpwuid(loginuid).pw_name
        except (KeyError, OverflowError):
            return "<NA>"

    def account_facts(self, uid, gid, loginuid):
        if self.accounts is not None:
            name = {0: "root", **self.accounts}.get
            known = uid in self.accounts
            return {"user.name": name(uid, "<NA>"), "group.name": name(gid, "<NA>"),
                    "user.homedir": "/root" if uid == 0 else f"/home/{name(uid)}" if known else "<NA>",
                    "user.shell": "/bin/sh" if uid == 0 else f"/bin/{name(uid)}-shell" if known else "<NA>"}
        try:
            account = pwd.getpwuid(uid)
            facts = {"user.name": account.pw_name, "user.homedir": account.pw_dir, "user.shell": account.pw_shell}
        except KeyError:
            facts = {"user.name": "<NA>", "user.homedir": "<NA>", "user.shell": "<NA>"}
        facts["user.loginname"] = self.name_of_login(loginuid)
        try:
            return {**facts, "group.name": grp.getgrgid(gid).gr_name}
        except KeyError:
            return {**facts, "group.name": "<NA>"}

    def process(self, line):
        words = line["words"]
        ancestors = line["ancestors"]
        numbers = line["NSpid"].split()
        facts = {
            "proc.name": line["comm"], "proc.exe": words[0], "proc.args": " ".join(words[1:]),
            "proc.cmdline": self.command_line(line["comm"], words), "proc.exeline": words[0] + " " + " ".join(words[1:]),
            "proc.cmdnargs": len(words) - 1, "proc.cmdlenargs": sum(len(word.encode()) for word in words[1:]),
            "proc.exepath": line["exe"], "proc.cwd": self.folder(line["cwd"]),
            "proc.pid": self.host_pids.get(line["pid"]), "proc.vpid": int(numbers[-1]),
            "proc.ppid": self.host_pids.get(line["parent"]), "proc.pvpid": line["parent"],
            "proc.sid": line["session"], "proc.pgid": self.host_pids.get(line["group"]), "proc.vpgid": line["group"], "proc.tty": line["tty"],
            "proc.is_sid_leader": line["session"] == line["pid"], "proc.is_pgid_leader": line["group"] == line["pid"],
            "proc.is_vpgid_leader": line["group"] == line["pid"],
            "proc.exe_ino": line["exe_ino"], "proc.exe_ino.ctime": line["exe_ctime"],
            "proc.exe_ino.mtime": line["exe_mtime"], "proc.is_exe_writable": line["exe_writable"],
            "proc.is_exe_from_memfd": False, "proc.env": " ".join(line["environment"]), "proc.env[STRESS_TOKEN]": line["token"],
            "thread.tid": self.host_pids.get(line["pid"]), "thread.vtid": int(numbers[-1]), "thread.ismain": True,
            "thread.cap_permitted": self.capability_names(line["CapPrm"]),
            "thread.cap_inheritable": self.capability_names(line["CapInh"]),
            "thread.cap_effective": self.capability_names(line["CapEff"]),
            "user.uid": line["euid"], **self.account_facts(line["euid"], line["egid"], line["loginuid"]), "user.loginuid": line["loginuid"] if line["loginuid"] < 1 << 31 else -1,
            "group.gid": line["egid"], "container.id": self.container_id, "evt.res": "SUCCESS", "evt.rawres": 0, "evt.failed": False,
        }
        for level, (ancestor, fields) in enumerate(zip(ancestors, (
                ("proc.pname", "proc.pexe", "proc.pexepath", "proc.pcmdline", None),
                ("proc.aname[2]", "proc.aexe[2]", "proc.aexepath[2]", "proc.acmdline[2]", "proc.apid[2]"),
                ("proc.aname[3]", None, None, None, "proc.apid[3]"),
                ("proc.aname[4]", None, None, None, None))), 1):
            values = (ancestor["comm"], ancestor["words"][0] if ancestor["words"] else None, ancestor["exe"],
                      self.command_line(ancestor["comm"], ancestor["words"]), self.host_pids.get(ancestor["pid"]))
            # Only root may ask for the program of another user's process.
            facts.update({key: value for key, value in zip(fields, values) if key and value != ""})
        # In a container, stress knows no host's number but by what the agent said of the same process.
        for key in ("proc.ppid", "proc.pgid", "proc.apid[2]", "proc.apid[3]"):
            if facts.get(key, 0) is None:
                del facts[key]
        for prefix, leader in (("proc.sid", line["session_leader"]), ("proc.pgid", line["group_leader"])):
            if leader is None:
                continue  # it has ended; nobody can say any more
            facts[f"{prefix}.exe"] = leader["words"][0] if leader["words"] else None
            if leader["exe"]:
                facts[f"{prefix}.exepath"] = leader["exe"]
            for key in ("proc.sname",) if prefix == "proc.sid" else ("proc.pgid.name", "proc.vpgid.name"):
                facts[key] = leader["comm"]
        return facts

    @staticmethod
    def clean(base, word):
        joined = word if word.startswith("/") else base + "/" + word
        path = posixpath.normpath(joined)
        return path[1:] if path.startswith("//") else path

    def open(self, line, main):
        name = self.clean(line["base"], line["word"])
        worked = line["result"] >= 0
        directory = worked and line["directory"]
        access = line["flags"][0]
        creates = "O_CREAT" in line["flags"]
        facts = {
            "evt.type": line["call"], "evt.rawres": line["result"], "evt.res": line["error"] or "SUCCESS",
            "evt.failed": not worked, "fd.num": line["result"] if worked else -1,
            "fd.name": name, "fd.nameraw": re.sub("/+", "/", line["word"]),
            "evt.arg.name": line["word"] if line["word"].startswith("/") else name,
            "fd.typechar": "d" if directory else "f",
            "fd.directory": name if directory else posixpath.dirname(name),
            "evt.is_open_read": access in ("O_RDONLY", "O_RDWR"), "evt.is_open_write": access in ("O_WRONLY", "O_RDWR"),
            "evt.is_open_exec": creates and line["mode"] & 0o111 != 0,
            "thread.vtid": line["tid"], "thread.ismain": line["tid"] == main["pid"], "proc.vpid": main["pid"],
            "proc.name": main["comm"], "proc.cwd": self.folder(line["cwd"]),
            "evt.arg.flags": set(line["flags"]),
        }
        of_process = self.process(main)
        facts.update({key: of_process[key] for key in OPEN_FIELDS if key.startswith("proc.") and key != "proc.cwd"
                      and key in of_process})
        facts.update({"user.uid": main["euid"], "group.gid": main["egid"]})
        if creates:
            facts["evt.arg.mode"] = f"{line['mode']:#o}".replace("0o", "0")
        if worked:
            facts.update({"fd.type": "directory" if directory else "file", "fd.ino": line["ino"],
                          "fd.dev.major": line["major"], "fd.dev.minor": line["minor"],
                          "fd.filename": None if directory else posixpath.basename(name)})
        else:
            facts.update({"fd.type": None, "fd.ino": None, "fd.dev.major": None, "fd.filename": None})
        return facts

    def change(self, line, main):
        facts = {"evt.type": line["call"], "evt.rawres": line["result"], "evt.res": line["error"] or "SUCCESS",
                 "evt.failed": line["result"] < 0, "proc.vpid": main["pid"]}
        facts.update({f"evt.arg.{name}": value for name, value in line["arguments"].items()})
        return facts

    def socket(self, line, main):
        local, remote, served = line["local"], line["remote"], line["call"] in ("accept4", "recvfrom")
        facts = {
            "evt.type": line["call"], "evt.rawres": line["result"], "evt.res": line["error"] or "SUCCESS",
            "fd.num": line["fd"], "fd.ino": line["ino"], "fd.type": line["family"],
            "fd.typechar": LETTERS[line["family"]],
            "fd.sockfamily": "unix" if line["family"] == "unix" else "ip", "proc.vpid": main["pid"],
        }
        if line["family"] == "unix":
            path = (local if served else remote)["path"]
            facts["fd.name"] = re.compile(rf"^[0-9a-f]+->[0-9a-f]+ {re.escape(path)}$")
            facts["fd.lip"] = None
            return facts
        facts["fd.l4proto"] = line["proto"]
        remote = remote or line["target"]  # not connected (yet): the other end is the one that the call names
        client, server = (remote, local) if served else (local, remote)
        ends = {"l": local, "r": remote, "c": client, "s": server}
        for letter, end in ends.items():
            facts[f"fd.{letter}ip"], facts[f"fd.{letter}port"] = end["ip"], end["port"]
        facts["fd.is_server"] = served
        facts["fd.name"] = "{}:{}->{}:{}".format(client["ip"], client["port"], server["ip"], server["port"])
        return facts

    @staticmethod
    def descriptor(line, main):
        facts = {"evt.type": line["call"], "evt.rawres": line["fd"], "fd.num": line["fd"], "fd.type": line["type"],
                 "fd.typechar": LETTERS[line["type"]], "fd.ino": line["ino"], "proc.vpid": main["pid"],
                 "proc.name": main["comm"]}
        if line["name"]:
            facts["fd.name"] = line["name"]
        return facts

    @staticmethod
    def refused(line, main):
        target = line["target"]
        return {"evt.type": "connect", "evt.rawres": line["result"], "evt.res": line["error"], "fd.num": line["fd"],
                "fd.rip": target["ip"], "fd.rport": target["port"], "fd.sip": target["ip"], "fd.sport": target["port"],
                "fd.is_server": False, "proc.vpid": main["pid"]}


def agrees(have, wanted):
    if isinstance(wanted, re.Pattern):
        return isinstance(have, str) and wanted.search(have) is not None
    if isinstance(wanted, set):
        return isinstance(have, str) and wanted <= set(have.split("|"))
    return have == wanted


class CrossCheck:
    """Runs stress somewhere and compares; where is what the two classes below say."""

    unknown = frozenset()  # fields that the agent can not say yet

    @classmethod
    def setUpClass(cls):
        reason = why_not() or (None if os.access(STRESS, os.X_OK) else "build/bin/stress is not built")
        if reason:
            raise unittest.SkipTest(reason)
        cls.prepare()
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as rules:
            rules.write(rules_text(cls.inside))
        cls.addClassCleanup(os.unlink, rules.name)
        with harness.Agent("-o", "rule_matching=all", "-o", "saker.ring_bytes=16777216", rules=[rules.name]) as agent:
            cls.run_stress([cls.inside, os.path.join(cls.inside, "log"), str(SEED), str(cls.count)])
            with open(os.path.join(cls.outside, "log")) as file:
                lines = [json.loads(line) for line in file]
            # A last process, on the host: when it has been told, so has all that came before.
            with tempfile.TemporaryDirectory() as folder:
                os.makedirs(folder + cls.inside + "/bin")
                shutil.copy(STRESS, folder + cls.inside + "/bin/last")
                subprocess.run(["chroot", folder, cls.inside + "/bin/last"], capture_output=True)
            agent.wait_for(**{"rule": "process", "proc.name": "last"})
            agent.stop()
            cls.agent_log = "\n".join(agent.log)
        cls.alerts = collections.defaultdict(lambda: collections.defaultdict(list))
        for alert in agent.alerts:
            fields = alert["output_fields"]
            if fields.get("container.id") == cls.container_id and cls.is_ours(alert["rule"], fields):
                cls.alerts[fields["proc.vpid"]][alert["rule"]].append(fields)
        cls.by_token = collections.defaultdict(lambda: collections.defaultdict(list))
        for line in lines:
            cls.by_token[line["token"]]["socket" if line["kind"] == "refused" else line["kind"]].append(line)

    @classmethod
    def is_ours(cls, rule, fields):
        """Not what stress opens to find out about itself, nor what happened before its own part began."""
        if rule == "open":
            return fields["fd.nameraw"] not in (f"{cls.inside}/play/d1", f"{cls.inside}/bin")
        if rule == "change":
            return fields["evt.type"] != "chdir" or fields["evt.arg.path"].endswith("/none")
        return True

    def compare(self, kind, number_min):
        facts = Facts(self.container_id, self.accounts, self.host_pids())
        mismatches = []
        things = values = 0
        for token, kinds in self.by_token.items():
            main = (kinds["process"] or kinds["forked"])[0]
            lines, alerts = kinds[kind], self.alerts[main["pid"]][kind]
            if len(lines) != len(alerts):
                mismatches.append((token, f"{len(lines)} done, {len(alerts)} seen", main["pid"]))
                continue
            for line, alert in zip(lines, alerts):
                things += 1
                describe = facts.refused if line["kind"] == "refused" else getattr(facts, kind)
                wanted = describe(line) if kind == "process" else describe(line, main)
                if kind == "process":
                    started = line["wall_minus_boot"] + line["start_ticks"] * 1_000_000_000 // line["ticks_a_second"]
                    if abs(alert["proc.pid.ts"] - started) > 50_000_000:
                        mismatches.append((token, "proc.pid.ts", alert["proc.pid.ts"], started))
                for key, value in wanted.items():
                    values += 1
                    if not agrees(alert.get(key), value):
                        mismatches.append((token, key, alert.get(key), value))
        by_field = collections.Counter(mismatch[1] for mismatch in mismatches)
        if kind == "process":
            self.assertEqual(self.unknown - set(by_field), set(), "known by now: take it out of `unknown`")
        mismatches = [mismatch for mismatch in mismatches if mismatch[1] not in self.unknown]
        print(f"\n{kind}: {things} compared, {values} values, {len(mismatches)} mismatches, seed {SEED}", flush=True)
        shown = "\n".join(f"{m}" for m in mismatches[:12])
        self.assertFalse(mismatches, f"seed {SEED}; {by_field}\n{shown}\n{self.agent_log}")
        self.assertGreaterEqual(things, number_min, self.agent_log)

    def test_processes(self):
        self.compare("process", self.count)

    def test_opens(self):
        self.compare("open", self.count * 2)

    def test_changes(self):
        self.compare("change", self.count // 2)

    def test_other_descriptors(self):
        self.compare("descriptor", self.count // 4)

    def test_sockets(self):
        self.compare("socket", self.count)


class OnTheHost(CrossCheck, unittest.TestCase):
    count = 500  # processes that the first one starts; they start others
    container_id = "host"
    accounts = None

    @classmethod
    def prepare(cls):
        cls.inside = cls.outside = tempfile.mkdtemp(prefix="saker-stress-", dir="/var/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.outside)
        furnish(cls.outside, cls.inside)

    @classmethod
    def run_stress(cls, words):
        status, text = on_terminal([STRESS, *words], {"PATH": "/bin", "ODD": "two  words = \u00fc"})
        assert status == 0, text

    def host_pids(self):
        """A pid is what it is."""
        return types.SimpleNamespace(get=lambda pid: pid)


class InAContainer(CrossCheck, unittest.TestCase):
    """With users and process numbers of its own."""

    count = 200
    accounts = {1: "one", 33: "web", 1000: "someone"}

    @classmethod
    def prepare(cls):
        cls.container = harness.Container()
        cls.addClassCleanup(cls.container.remove)
        cls.container_id = cls.container.short_id
        cls.inside = f"/stress-{cls.container_id}"
        cls.outside = cls.container.rootfs + cls.inside
        os.mkdir(cls.outside)
        furnish(cls.outside, cls.inside)
        os.chmod(os.path.join(cls.container.rootfs, "tmp"), 0o1777)
        shutil.copy(STRESS, os.path.join(cls.outside, "bin", "first"))
        for name, line in (("passwd", "{0}:x:{1}:{1}::/home/{0}:/bin/{0}-shell\n"), ("group", "{0}:x:{1}:\n")):
            with open(os.path.join(cls.container.rootfs, "etc", name), "a") as file:
                file.write("".join(line.format(name, number) for number, name in cls.accounts.items()))

    @classmethod
    def run_stress(cls, words):
        capabilities = ("CAP_SETUID", "CAP_SETGID", "CAP_DAC_OVERRIDE", "CAP_FOWNER")
        cls.container.run(f"{cls.inside}/bin/first", *words, capabilities=capabilities)

    def host_pids(self):
        """stress does not know them; each of its processes must be the same for its children as for itself."""
        return {pid: next(chain.from_iterable(kinds.values()))["proc.pid"] for pid, kinds in self.alerts.items()
                if any(kinds.values())}


if __name__ == "__main__":
    unittest.main()
