"""The filter plan: what the kernel side rules out is what no rule matches, and nothing else."""

import collections
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

from harness import Agent, LiveTest, ROOT, SAKER, SHARED

OFFICIAL = sorted(glob.glob(os.path.join(SHARED, "data", "rules", "*.yaml")), key=len)
# Mounts what the tracepoints of single calls are attached through, for the agent alone.
WITH_TRACEFS = ("unshare", "-m", "sh", "-c", '[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"', "sh")
OPENED = "evt.type in (open, openat, openat2)"


def rules_text(rules):
    text = ""
    for name, condition in rules.items():
        text += f"- rule: {name}\n  desc: d\n  condition: >\n    {condition}\n"
        text += '  output: "f=%fd.name p=%proc.name pp=%proc.pname r=%evt.res pid=%proc.pid a=%evt.args"\n  priority: NOTICE\n'
    return text


class Plan(LiveTest):
    def setUp(self):
        super().setUp()
        self.directory = tempfile.mkdtemp(prefix="saker-plan-")
        self.addCleanup(subprocess.run, ["rm", "-rf", self.directory])
        self.mark = os.path.basename(self.directory)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def file(self, *parts, text="x"):
        path = self.path(*parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def rules(self, rules):
        # Of another event, so that its terms are not among those of opens.
        sentinel = f"evt.type in (rmdir, unlinkat) and fs.path.name = {self.path('sentinel')}"
        return self.file("rules.yaml", text=rules_text({**rules, "sentinel": sentinel}))

    def sentinel(self, *agents):
        os.mkdir(self.path("sentinel"))
        os.rmdir(self.path("sentinel"))
        for agent in agents:
            agent.wait_for(rule="sentinel")

    def python(self, program, name="python3"):
        """Runs a program under another name."""
        script = self.file("scripts", f"{name}.py", text=textwrap.dedent(program))
        link = self.path("bin", name)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(sys.executable, link)
        subprocess.run([link, "-I", "-S", script, *map(str, (self.directory,))], check=True, timeout=60)

    def judge_apart(self, sets, act, compare):
        """The rules of each dimension are one agent's, that it may be seen what rules out the rest; one has all, and no plan. Calls
        compare(rule, its alerts, the alerts without a plan)."""
        for feature in (None, "typed_reads"):
            arguments = ("-o", "rule_matching=all") + (("-o", f"saker.without[0]={feature}") if feature else ())
            with self.subTest(feature), contextlib.ExitStack() as stack:
                def agent(rules, *more):
                    kept = shutil.copy(self.rules(rules), self.path(f"{len(rules)}-{next(iter(rules))}.yaml"))
                    return stack.enter_context(Agent(*arguments, *more, rules=[kept]))

                agents = {dimension: agent(rules) for dimension, rules in sets.items()}
                off = agent({k: v for rules in sets.values() for k, v in rules.items()}, "-o", "saker.plan.enabled=false")
                act()
                self.sentinel(off, *agents.values())
                for dimension, on in agents.items():
                    for rule in sets[dimension]:
                        compare(rule, on.find(rule=rule), off.find(rule=rule))
                    on.stop()
                    ruled_out = next(line for line in on.log if "ruled out by:" in line)
                    self.assertRegex(ruled_out, rf" {dimension}=[1-9]")

    def ways_to_names(self):
        """Opens under every kind of name."""
        exact = self.file("a", "exact")
        self.file("d", "in-directory")
        self.file("far", "below", "deep")
        self.file("suffix-of-release_agent")
        os.symlink(exact, self.path("link"))
        here = os.open(self.directory, os.O_RDONLY)
        for name in (exact, self.path("link"), self.path("a", "..", "a", "exact"), f"/proc/self/root{exact}"):
            open(name).close()
        for name in ("a/exact", "./a/exact", "d/in-directory", "far/below/deep", "suffix-of-release_agent"):
            os.close(os.open(name, os.O_RDONLY, dir_fd=here))
        before = os.getcwd()
        os.chdir(self.path("a"))
        open("exact").close()
        open("../a//exact").close()
        os.chdir(before)
        for name in ("missing", "a/missing"):
            try:
                open(self.path(name)).close()
            except FileNotFoundError:
                pass
        open(exact, "w").close()
        os.close(os.open(self.path("d"), os.O_RDONLY | os.O_DIRECTORY))
        os.close(here)
        os.link(exact, self.path("hard"))
        open(self.path("hard")).close()

    def test_the_same_alerts_with_and_without_it(self):
        rules = self.rules(
            {
                "exact": f"{OPENED} and fd.name = {self.path('a', 'exact')}",
                "requested": f"{OPENED} and fd.name = {self.path('link')}",
                "directory": f"{OPENED} and fd.directory = {self.path('d')}",
                "beginning": f"{OPENED} and fd.name startswith {self.path('far')}",
                "end": f"{OPENED} and fd.name startswith {self.directory} and fd.name endswith release_agent",
                "written": f"{OPENED} and fd.name startswith {self.path('a')} and evt.is_open_write = true and evt.arg.flags contains O_TRUNC",
                "failed": f"{OPENED} and fd.name startswith {self.directory} and evt.res = ENOENT",
                "traversal": f"{OPENED} and fd.nameraw contains '../' and fd.name startswith {self.path('a')}",
                "negated": f"{OPENED} and fd.name startswith {self.directory} and not fd.name in ({self.path('a', 'exact')}, {self.path('link')}) and not fd.directory = {self.path('d')}",
            }
        )
        self.file("a", "exact")  # or it is chance when an agent sees that there is one, to know it by its inode
        for hooks in ("one", "each", "one, as before Linux 6.2"):
            with self.subTest(hooks):
                subprocess.run(["rm", "-f", self.path("link"), self.path("hard")], check=True)
                prefix = WITH_TRACEFS if hooks == "each" else ()
                arguments = ("-o", f"saker.call_hooks={hooks.split(',')[0]}", "-o", "rule_matching=all")
                if "6.2" in hooks:
                    arguments += ("-o", "saker.without[0]=typed_reads")
                with Agent(*arguments, rules=[rules], prefix=prefix) as on, Agent(
                    *arguments, "-o", "saker.plan.enabled=false", rules=[rules], prefix=prefix
                ) as off:
                    self.ways_to_names()
                    self.sentinel(on, off)
                    seen = [
                        collections.Counter(
                            (alert["rule"], alert["output_fields"]["fd.name"])
                            for alert in agent.alerts
                            if alert["output_fields"]["proc.pid"] == os.getpid()
                        )
                        for agent in (on, off)
                    ]
                    self.assertEqual(seen[0] - seen[1], seen[1] - seen[0], hooks)
                    self.assertEqual(
                        {rule for rule, _ in seen[0]},
                        {"exact", "requested", "directory", "beginning", "end", "written", "failed", "traversal", "negated", "sentinel"},
                    )
                    on.stop()
                    self.assertRegex("\n".join(on.log), r"ruled out by:.* (name|path)=[1-9]")

    def ways_to_paths(self):
        """Calls on paths that give no file, with paths told in every way; in a process of its own, whose calls are these."""
        program = """
            import os, sys
            top = sys.argv[1]
            def tried(call, *arguments, **more):
                try: call(*arguments, **more)
                except OSError: pass
            os.mkdir(f"{top}/p")
            here = os.open(f"{top}/p", os.O_RDONLY)
            os.chdir(f"{top}/p")
            for name in ("plain", ".hidden", "some_history", "with-secret-inside", "s", "d"):
                os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
            tried(os.rename, f"{top}/p/plain", f"{top}/p/.plain")
            tried(os.rename, ".plain", "plain")
            tried(os.rename, "plain", "../p//.plain")
            tried(os.rename, ".plain", "renamed", src_dir_fd=here, dst_dir_fd=here)
            tried(os.rename, f"{top}/p/missing", f"{top}/p/.missing")
            tried(os.rename, "x" * 200, "./" + "y" * 250)
            tried(os.symlink, "/etc/shadow", f"{top}/p/link-1")
            tried(os.symlink, "../etc/shadow", "link-2")
            tried(os.symlink, "shadow", "link-3", dir_fd=here)
            tried(os.symlink, "/etc/shadow/", "link-4")
            tried(os.symlink, "elsewhere", "link-5")
            tried(os.link, "renamed", f"{top}/p/hard-1")
            tried(os.link, f"{top}/p/renamed", "hard-2", dst_dir_fd=here)
            tried(os.link, "missing", "hard-3")
            tried(os.mkdir, "e")
            tried(os.mkdir, "e/.f")
            tried(os.mkdir, ".e", dir_fd=here)
            tried(os.mkdir, f"{top}/p/g/")
            for mode in (0o644, 0o4755, 0o2755, 0o755):
                tried(os.chmod, "renamed", mode)
                tried(os.chmod, f"{top}/p/renamed", mode)
                os.fchmod(here, mode | 0o700)
            tried(os.unlink, "some_history")
            tried(os.unlink, "with-secret-inside", dir_fd=here)
            tried(os.unlink, "s")
            tried(os.unlink, f"{top}/p/d")
            tried(os.unlink, f"{top}/p/" + "z" * 240)
            tried(os.unlink, "")
            tried(os.unlink, ".hidden")
            os.chdir("/")
            tried(os.unlink, f"{top}/p/link-1"[1:])
            tried(os.unlink, f"{top}/p/./link-2")
            for name in (".f", ".", "missing"): tried(os.rmdir, f"{top}/p/e/{name}")
        """
        self.python(program, name=self.mark)
        subprocess.run(["rm", "-rf", self.path("p")], check=True)

    def test_paths_of_other_calls(self):
        moved, gone = "evt.type in (rename, renameat, renameat2)", "evt.type in (unlink, unlinkat, rmdir)"
        here = self.path("p")
        sets = {
            "piece": {
                "hidden": f"{moved} and evt.arg.newpath contains '/.'",
                "inside": f"{gone} and (evt.arg.path contains secret or evt.arg.name contains secret)",
            },
            "path": {
                "made": f"evt.type in (mkdir, mkdirat) and evt.arg.path startswith {here}/e",
                "below": f"{gone} and fs.path.name pmatch ({here}/e, {here}/d) and evt.res = SUCCESS",
                "elsewhere": f"evt.type in (unlink, unlinkat) and not (fs.path.name startswith / and fs.path.name exists) and proc.name = {self.mark[:15]}",
            },
            "path2": {"to": f"{moved} and evt.arg.newpath startswith {here}/ren"},
            "name2": {"exactly": f"{moved} and evt.arg.newpath in ({here}/.plain, {here}/renamed)"},
            "name": {
                "history": f"{gone} and (evt.arg.path endswith me_history or evt.arg.name endswith me_history)",
                "target": f"evt.type in (symlink, symlinkat) and evt.arg.target in (/etc/shadow, /etc/shadow/, elsewhere) and fs.path.source startswith {here}",
                "either": f"{moved} and (fs.path.source endswith /.plain or fs.path.target endswith /.plain)",
                "linked": f"evt.type in (link, linkat) and evt.arg.oldpath in ({here}/renamed, {here}/missing)",
            },
            "argument": {
                "setuid": f"evt.type in (chmod, fchmod, fchmodat) and (evt.arg.mode contains S_ISUID or evt.arg.mode contains S_ISGID) and proc.name = {self.mark[:15]}",
            },
        }

        def compare(rule, *both):
            told = [sorted(alert["output_fields"]["evt.args"] for alert in alerts if self.mark in alert["output"]) for alerts in both]
            self.assertEqual(*told, rule)
            self.assertTrue(told[0], rule)

        self.judge_apart(sets, self.ways_to_paths, compare)

    def test_a_path_is_read_once(self):
        """It changes while the call is under way: what is told is what was judged."""
        rules = self.rules({"mine": f"evt.type = unlink and evt.arg.path = {self.path('mine')}"})
        program = """
            import ctypes, mmap, os, signal, sys
            path = (sys.argv[1] + "/mine").encode()
            shared = mmap.mmap(-1, 4096)
            shared[: len(path)] = path
            last = len(path) - 1
            changes = os.fork()
            if changes == 0:
                while True:
                    shared[last] = ord("x")
                    shared[last] = path[-1]
            address = ctypes.addressof(ctypes.c_char.from_buffer(shared))
            unlink = ctypes.CDLL(None).unlink
            for _ in range(3000): unlink(ctypes.c_void_p(address))
            os.kill(changes, signal.SIGKILL)
            os.waitpid(changes, 0)
        """
        with Agent("-o", "saker.plan.compare=true", rules=[rules]) as agent:
            self.python(program)
            self.sentinel(agent)
            agent.stop()
        compared = re.search(r"plan compared: (\d+) events that it rules out were judged, (\d+) of them", "\n".join(agent.log))
        self.assertIsNotNone(compared, agent.log)
        self.assertEqual(int(compared.group(2)), 0, agent.log)

    def connections(self):
        """Connects under every kind of end and as two users; what is not reached fails, which is told, too."""
        program = """
            import os, socket
            def connect(family, kind, *to):
                with socket.socket(family, kind) as s:
                    s.settimeout(0.2)
                    try: s.connect(to)
                    except OSError: pass
                    return s.getsockname()
            four, six = socket.AF_INET, socket.AF_INET6
            server = socket.create_server(("127.0.0.1", 0))
            port = server.getsockname()[1]
            connect(four, socket.SOCK_STREAM, "127.0.0.1", port)
            server.accept()[0].close()
            for to in (("127.0.0.1", 9), ("127.0.0.2", 53), ("127.3.0.1", 123), ("127.3.0.1", 53)):
                connect(four, socket.SOCK_DGRAM, *to)
            for to in (("::1", 53), ("::ffff:127.3.0.1", 443), ("::ffff:127.0.0.2", 9)):
                connect(six, socket.SOCK_DGRAM, *to)
            with socket.socket(four, socket.SOCK_DGRAM) as s:
                s.sendto(b"x", ("127.3.0.1", 53))
                s.connect(("127.0.0.2", 9))
                s.send(b"x")
            socket.socketpair()[0].close()
            os.dup2(os.open("/dev/null", os.O_RDONLY), 100)
            os.dup2(server.fileno(), 100)
            for user in (1000, 1001):
                os.seteuid(user)
                connect(four, socket.SOCK_DGRAM, "127.0.0.2", 53)
                os.seteuid(0)
        """
        self.python(program, name=self.mark)

    def test_ends_of_connections_and_users(self):
        own = f"proc.name = {self.mark[:15]} and evt.type"
        sets = {
            "address": {
                "network": f"{own} = connect and fd.snet = 127.3.0.0/16",
                "address": f"{own} in (connect, accept, accept4) and fd.sip in (127.3.0.1, 127.0.0.1) and fd.typechar in (4, 6)",
                "six": f"{own} = connect and fd.rip = ::1",
            },
            "port": {
                "port": f"{own} = connect and fd.rport in (53, 443) and fd.l4proto = udp",
                "above": f"{own} in (connect, accept, accept4) and fd.sport > 1023",
            },
            "user": {
                "user": f"{own} = connect and user.uid = 1000 and user.loginuid >= -1",
                "nobody": f"{own} = connect and user.uid in (1, 2, 3)",
            },
            "descriptor": {
                "sent": f"{own} in (sendto, sendmsg) and fd.sport in (9, 53)",
                "neither": f"{own} = connect and fd.l4proto = udp and not fd.net in (127.3.0.0/16, ::1/128)",
                "pair": f"{own} = socketpair and fd.type = unix",
                "dup": f"{own} in (dup, dup2, dup3) and fd.typechar = 4",
            },
        }

        def compare(rule, *both):
            # The port of a client differs from time to time, and a pair's name is two addresses of the kernel's.
            names = [sorted(re.sub(r":\d+->", "->", alert["output_fields"]["fd.name"]) for alert in alerts) for alerts in both]
            if rule != "pair":
                self.assertEqual(*names, rule)
            self.assertEqual(*map(len, names), rule)
            self.assertEqual(bool(names[0]), rule != "nobody", rule)

        self.judge_apart(sets, self.connections, compare)

    def test_official_rules_match_nothing_that_it_rules_out(self):
        if not OFFICIAL:
            self.skipTest("no official rules here")
        with Agent("-o", "saker.plan.compare=true", rules=[*OFFICIAL, self.rules({})]) as agent:
            self.ways_to_names()
            self.ways_to_paths()
            self.connections()
            subprocess.run("find /etc /usr/lib -maxdepth 2 -type f | head -2000 | xargs cat > /dev/null", shell=True)
            subprocess.run(["cat", "/etc/shadow"], stdout=subprocess.DEVNULL)
            subprocess.run(["sh", "-c", "ln -sf /etc/shadow $0/s && cat $0/s", self.directory], stdout=subprocess.DEVNULL)
            self.sentinel(agent)
            agent.stop()
        compared = re.search(r"plan compared: (\d+) events that it rules out were judged, (\d+) of them", "\n".join(agent.log))
        self.assertIsNotNone(compared, agent.log)
        self.assertGreater(int(compared.group(1)), 100)
        self.assertEqual(int(compared.group(2)), 0, agent.log)

    def test_a_process_is_what_it_has_become(self):
        """Its class is known under the old name; after an exec it is another's."""
        secret = self.file("secret")
        rules = self.rules({"by name": f"{OPENED} and fd.name = {secret} and proc.name = becomes-b"})
        with Agent(rules=[rules]) as agent:
            program = f"""
                import os, sys
                for _ in range(200): open("{secret}").close()
                if "becomes-a" in sys.argv[0]: os.execv("{self.path('bin', 'becomes-b')}", ["becomes-b", "-I", "-S", "{self.path('scripts', 'becomes-b.py')}"])
            """
            os.makedirs(self.path("bin"))
            os.symlink(sys.executable, self.path("bin", "becomes-b"))
            self.file("scripts", "becomes-b.py", text=textwrap.dedent(program))
            self.python(program, name="becomes-a")
            self.sentinel(agent)
            self.assertEqual(len(agent.find(rule="by name")), 200)
            agent.stop()
        self.assertRegex("\n".join(agent.log), r"ruled out by:.* process=[1-9]")

    def test_a_new_process_is_known_by_its_name(self):
        """Once one of the name was looked at, the next ones are ruled out from their first call on, and none that is wanted."""
        first, secret, end = self.file("first"), self.file("secret"), self.file("end")
        rules = self.file("rules.yaml", text=rules_text({
            "first": f"{OPENED} and fd.name = {first} and proc.name in (quiet, wanted)",
            "secret": f"{OPENED} and fd.name = {secret} and proc.name = wanted",
            "end": f"{OPENED} and fd.name = {end}",
        }))
        with Agent(rules=[rules]) as agent:
            for name in ("quiet", "wanted"):
                self.python(f'open("{first}").close()', name=name)
                agent.wait_for(rule="first", **{"proc.name": name})
            for name in ("quiet", "wanted") * 60:
                self.python(f'open("{secret}").close()', name=name)
            open(end).close()
            agent.wait_for(rule="end")
            self.assertEqual(len(agent.find(rule="secret")), 60)
            agent.stop()
        judged = int(re.search(r"judged: (\d+)", "\n".join(agent.log)).group(1))
        self.assertGreaterEqual(judged, 2 + 60 + 1)
        self.assertLess(judged, 2 + 60 + 1 + 60, agent.log)  # others may open what cannot be ruled out, as a root

    def test_a_parent_is_what_it_has_become(self):
        secret = self.file("secret")
        rules = self.rules({"by parent": f"{OPENED} and fd.name = {secret} and proc.pname = parent-b"})
        os.makedirs(self.path("bin"))
        os.symlink(sys.executable, self.path("bin", "parent-b"))
        # The child opens, lets its parent become another program, and opens again.
        waits = self.file("scripts", "parent-b.py", text="import os, sys\nos.write(int(sys.argv[1]), b'x'); os.wait()\n")
        program = f"""
            import os
            r, w = os.pipe(); done_r, done_w = os.pipe()
            os.set_inheritable(done_w, True)
            if os.fork() == 0:
                for _ in range(100): open("{secret}").close()
                os.write(w, b"x")
                os.read(done_r, 1)
                for _ in range(100): open("{secret}").close()
                os._exit(0)
            os.read(r, 1)
            os.execv("{self.path('bin', 'parent-b')}", ["parent-b", "-I", "-S", "{waits}", str(done_w)])
        """
        with Agent(rules=[rules]) as agent:
            self.python(program, name="parent-a")
            self.sentinel(agent)
            self.assertEqual(len(agent.find(rule="by parent")), 100)
            agent.stop()
        self.assertRegex("\n".join(agent.log), r"ruled out by:.* parent=[1-9]")

    def test_a_child_of_the_dead_is_its_reapers(self):
        secret = self.file("secret")
        rules = self.rules({"orphan": f"{OPENED} and fd.name = {secret} and not proc.pname = parent-c"})
        program = f"""
            import os
            r, w = os.pipe()
            parent = os.getpid()
            if os.fork() == 0:
                os.close(w)
                for _ in range(100): open("{secret}").close()
                os.read(r, 1)  # ends when the parent's files are closed
                while os.getppid() == parent: open("{secret}").close()
                open("{secret}").close()
                os._exit(0)
        """
        with Agent(rules=[rules]) as agent:
            self.python(program, name="parent-c")
            agent.wait_for(rule="orphan")

    def test_failed_calls_are_left_out_when_asked(self):
        rules = self.rules({"any": f"{OPENED} and fd.name startswith {self.path('x')}"})
        with Agent("-o", "engine.modern_ebpf.drop_failed_exit=true", rules=[rules]) as agent:
            self.assertFalse(os.path.exists(self.path("x-missing")))
            try:
                open(self.path("x-missing")).close()
            except FileNotFoundError:
                pass
            self.sentinel(agent)
            self.assertEqual(agent.find(rule="any"), [])

    def test_excluded_calls_are_left_out(self):
        rules = self.rules({"made": f"evt.type in (mkdir, mkdirat) and evt.arg.path contains {self.mark}"})
        with Agent("-o", "base_syscalls.custom_set[]='!mkdir'", rules=[rules]) as agent:
            os.mkdir(self.path("made"))
            self.sentinel(agent)
            self.assertEqual(agent.find(rule="made"), [])

    def test_top_shows_what_happens(self):
        rules = self.rules({"wanted": f"{OPENED} and fd.name = {self.path('wanted')}"})
        self.file("wanted")
        command = [SAKER, "top", "-c", os.path.join(ROOT, "saker.yaml"), "-r", rules, "-M", "60"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as top:
            wanted = {r"kernel: \d+ runs, \d+ ns each", r"open openat openat2 +\d+ +[1-9].*(name|path)=[1-9]", r"[1-9]\d* wanted"}
            deadline = time.time() + 30
            while wanted and time.time() < deadline:
                open(self.path("wanted")).close()
                line = top.stdout.readline()
                wanted = {pattern for pattern in wanted if not re.search(pattern, line)}
            top.terminate()
        self.assertEqual(wanted, set())

    def test_no_event_is_lost_while_rules_change(self):
        """A process opens a file all the time; rules come and go, and the one that wants the file stays."""
        wanted = self.file("wanted")
        steady = {"steady": f"{OPENED} and fd.name = {wanted} and not proc.name = nobody"}
        rules = self.rules(steady)
        program = f"""
            import os, time
            while not os.path.exists("{self.path('end')}"):
                time.sleep(0.002)  # or a ring or the output's queue runs over on a loaded machine
                for _ in range(10): os.close(os.open("{wanted}", os.O_RDONLY))
                with open("{self.path('count')}", "ab") as count: count.write(b"x" * 10)
        """
        script = self.file("scripts", "opens.py", text=textwrap.dedent(program))
        # Room for what comes while a loaded machine lets the agent wait.
        with Agent("-o", "watch_config_files=false", "-o", "saker.ring_bytes=67108864", rules=[rules]) as agent:
            process = subprocess.Popen([sys.executable, "-I", "-S", script])
            try:
                for turn in range(12):
                    seen = len(agent.find(rule="steady"))
                    before = sum("is in force" in line for line in agent.log)
                    more = {f"more {turn} {i}": f"{OPENED} and fd.name = /no/such/{turn}/{i}" for i in range(turn * 7)}
                    self.rules({**more, **steady} if turn % 2 else {**steady, **more})
                    agent.process.send_signal(signal.SIGHUP)
                    self.wait_until(lambda: sum("is in force" in line for line in agent.log) > before)
                    self.wait_until(lambda: len(agent.find(rule="steady")) > seen)
            finally:
                open(self.path("end"), "w").close()
                process.wait()
            self.sentinel(agent)
            agent.stop()
            self.assertRegex("\n".join(agent.log), r"dropped: 0\b")
            self.assertEqual(len(agent.find(rule="steady")), os.path.getsize(self.path("count")))

    def wait_until(self, holds):
        deadline = time.time() + 20
        while not holds():
            self.assertLess(time.time(), deadline, "it did not come about")
            time.sleep(0.01)
