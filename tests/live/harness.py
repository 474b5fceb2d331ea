"""What the live tests are made of: the real agent, real containers, a real sshd.

No test sleeps and hopes. A positive case waits for its alert; a negative case is followed by a positive one (a
sentinel), and when the sentinel's alert is there, everything before it has been judged.
"""

import json
import os
import pty
import queue
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAKER = os.environ.get("SAKER", os.path.join(ROOT, "build", "bin", "saker"))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")
# How the agents hook calls, where a test does not say it itself: as `make live HOOKS=each` wants it.
HOOKS = os.environ.get("SAKER_HOOKS", "")
SEES_NO_32_BIT = "hooks for single calls do not see 32-bit calls"
WAIT_SECONDS = 120  # for something that takes milliseconds; only a failing test waits that long


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def why_not():
    """One line that says why live tests cannot run here, or None."""
    if not os.access(SAKER, os.X_OK):
        return f"{os.path.relpath(SAKER, ROOT)} is not built"
    if os.geteuid() != 0:
        return "not root"
    doctor = subprocess.run([SAKER, "doctor"], capture_output=True, text=True)
    if doctor.returncode != 0:
        return "the probe cannot run: " + doctor.stdout.strip().splitlines()[-1]
    return None


class Agent:
    """A running agent. Alerts are collected as they are printed."""

    def __init__(self, *arguments, rules=(), json_output=True, prefix=(), read_alerts=True,
                 config=os.path.join(ROOT, "saker.yaml"), webserver=False):
        command = [*prefix, SAKER, "-c", config]
        for path in rules:
            command += ["-r", path]
        if json_output:
            command += ["-o", "json_output=true"]
        command += ["-o", "saker.store.enabled=false"]  # several agents run at once in tests, and there is one store
        if HOOKS:
            command += ["-o", f"saker.call_hooks={HOOKS}"]
        if not webserver:  # and one port
            command += ["-o", "webserver.enabled=false"]
        self.command = command + list(arguments)
        self.alerts = []
        self.lines = []
        self.log = []
        self._read = read_alerts
        self._arrived = queue.Queue()

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        self._ready = threading.Event()
        self._threads = [threading.Thread(target=self._read_log, daemon=True)]
        if self._read:
            self._threads.append(threading.Thread(target=self._read_alerts, daemon=True))
        for thread in self._threads:
            thread.start()
        if not self._ready.wait(WAIT_SECONDS) or self.process.poll() is not None:
            raise AssertionError("the agent did not start:\n" + "\n".join(self.log))
        return self

    def _read_alerts(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("{"):
                alert = json.loads(line)
                alert["seen_at"] = time.time()
                self.alerts.append(alert)
                self._arrived.put(alert)

    def _read_log(self):
        watching = rings = False
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            if "io_uring's requests" in line:  # the last programs to come
                rings = True
            watching = watching or "watching" in line
            if watching and rings:
                self._ready.set()
        self._ready.set()

    def wait_for(self, **wanted):
        """The first alert whose rule and output_fields are as wanted (rule="...", **{"fd.name": "..."})."""
        deadline = time.time() + WAIT_SECONDS
        seen = 0
        while True:
            while seen < len(self.alerts):
                alert = self.alerts[seen]
                seen += 1
                if matches(alert, wanted):
                    return alert
            try:
                self._arrived.get(timeout=max(0.01, deadline - time.time()))
            except queue.Empty:
                pass
            if time.time() > deadline and seen == len(self.alerts):
                raise AssertionError(
                    f"no alert with {wanted}; there were:\n" + "\n".join(self.lines[-20:]) + "\n" + "\n".join(self.log)
                )

    def find(self, **wanted):
        return [alert for alert in self.alerts if matches(alert, wanted)]

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def stop(self, with_signal=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        code = self.process.wait(WAIT_SECONDS)
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
        return code

    def __exit__(self, *_):
        self.stop()
        self.process.stdout.close()
        self.process.stderr.close()


def matches(alert, wanted):
    for key, value in wanted.items():
        have = alert["rule"] if key == "rule" else alert["output_fields"].get(key)
        if isinstance(value, re.Pattern):
            if not isinstance(have, str) or not value.search(have):
                return False
        elif have != value:
            return False
    return True


def make_rootfs(path):
    """A busybox root file system with the files that the rules watch."""
    for directory in ("bin", "etc", "root/.ssh", "tmp", "proc", "sys", "dev", "run"):
        os.makedirs(os.path.join(path, directory), exist_ok=True)
    shutil.copy("/bin/busybox", os.path.join(path, "bin", "busybox"))
    for name in ("sh", "cat", "ls", "ln", "mount", "sleep", "true", "id", "head", "nc", "env", "chroot", "awk"):
        link = os.path.join(path, "bin", name)
        if not os.path.lexists(link):
            os.symlink("busybox", link)
    for name, text in {
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "etc/group": "root:x:0:\n",
        "etc/shadow": "root:*:19000:0:99999:7:::\n",
        "etc/hosts": "127.0.0.1 localhost\n",
        "root/.ssh/id_rsa": "key\n",
        "root/.ssh/id_ed25519": "key\n",
        "root/.ssh/authorized_keys": "key\n",
    }.items():
        with open(os.path.join(path, name), "w") as file:
            file.write(text)


class Container:
    """A container of a real OCI runtime, from a bundle in a temporary directory; `run` runs one command in it."""

    KUBELET = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid}.slice/cri-containerd-{id}.scope"
    DOCKER = "/docker/{id}"

    def __init__(self, runtime="runc", cgroup=KUBELET, prefix=(), annotations=None, mounts=()):
        self.id = secrets.token_hex(32)
        self.runtime = runtime
        self.prefix = list(prefix)
        self.bundle = tempfile.mkdtemp(prefix="saker-bundle-", dir="/run")
        self.rootfs = os.path.join(self.bundle, "rootfs")
        make_rootfs(self.rootfs)
        subprocess.run([runtime, "spec"], cwd=self.bundle, check=True, capture_output=True)
        with open(self._config()) as file:
            self.spec = json.load(file)
        self.spec["process"]["terminal"] = False
        self.spec["process"].pop("rlimits", None)
        self.spec["root"] = {"path": "rootfs", "readonly": False}
        self.spec["linux"].pop("resources", None)
        self.spec["linux"]["cgroupsPath"] = cgroup.format(uid=secrets.token_hex(16), id=self.id)
        self.spec["annotations"] = annotations or {}
        for source, destination in mounts:
            self.spec["mounts"].append(
                {"source": source.format(rootfs=self.rootfs), "destination": destination, "type": "bind",
                 "options": ["bind"]}
            )

    def _config(self):
        return os.path.join(self.bundle, "config.json")

    @property
    def short_id(self):
        return self.id[:12]

    def write(self, *command, capabilities=()):
        """The bundle's config.json, for one command."""
        spec = json.loads(json.dumps(self.spec))
        spec["process"]["args"] = list(command)
        for kind in spec["process"]["capabilities"].values():
            kind.extend(capabilities)
        with open(self._config(), "w") as file:
            json.dump(spec, file)

    def run(self, *command, check=True, capabilities=()):
        self.write(*command, capabilities=capabilities)
        done = subprocess.run(
            [*self.prefix, self.runtime, "run", "--bundle", self.bundle, self.id],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=WAIT_SECONDS * 2,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{self.runtime} run {command}: {done.stderr or done.stdout}")
        return done

    def sh(self, script, **options):
        return self.run("/bin/sh", "-c", script, **options)

    def remove(self):
        subprocess.run([*self.prefix, self.runtime, "delete", "--force", self.id], capture_output=True)
        shutil.rmtree(self.bundle, ignore_errors=True)


class PureCgroup2:
    """A command prefix: a mount namespace of its own in which /sys/fs/cgroup is cgroup v2 alone."""

    PREFIX = (
        "unshare", "-m", "--propagation", "private", "sh", "-c",
        'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', "sh",
    )


class Sshd:
    """A real sshd on loopback with a key of its own; logins are as root, with that key."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="saker-sshd-", dir="/run")
        os.makedirs("/run/sshd", exist_ok=True)
        for key in ("host", "client"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._path(key)], check=True, capture_output=True
            )
        shutil.copy(self._path("client.pub"), self._path("authorized_keys"))

    def _path(self, name):
        return os.path.join(self.directory, name)

    def __enter__(self):
        for self.port in range(22022, 22122):
            with open(self._path("config"), "w") as file:
                file.write(
                    f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self._path('host')}\n"
                    f"PidFile {self._path('pid')}\nAuthorizedKeysFile {self._path('authorized_keys')}\n"
                    "StrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nUsePAM no\nUseDNS no\n"
                    "PrintMotd no\nSubsystem sftp internal-sftp\n"
                )
            self.process = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", self._path("config")], stderr=subprocess.PIPE, text=True
            )
            for line in self.process.stderr:
                if "Server listening" in line:
                    threading.Thread(target=self.process.stderr.read, daemon=True).start()
                    return self
                if "Address already in use" in line:
                    break
            self.process.kill()
            self.process.wait()
        raise AssertionError("sshd did not start")

    def options(self):
        return [
            "-i", self._path("client"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR",
        ]

    def login(self, commands):
        """An interactive login on a pty of ours; types the commands, returns all that was shown."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("ssh", ["ssh", "-tt", "-p", str(self.port), *self.options(), "root@127.0.0.1"])
        shown = b""
        deadline = time.time() + WAIT_SECONDS
        os.write(terminal, ("\n".join([*commands, "exit"]) + "\n").encode())
        while time.time() < deadline:
            readable, _, _ = select.select([terminal], [], [], 0.2)
            if not readable:
                continue
            try:
                got = os.read(terminal, 65536)
            except OSError:
                break
            if not got:
                break
            shown += got
        os.waitpid(pid, 0)
        os.close(terminal)
        return shown.decode(errors="replace")

    def run(self, *command, tty=False):
        """One command over ssh, without a shell for people."""
        return subprocess.run(
            ["ssh", *(["-tt"] if tty else []), "-p", str(self.port), *self.options(), "root@127.0.0.1", *command],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=WAIT_SECONDS,
        )

    def scp(self, source, target, legacy=False):
        subprocess.run(
            ["scp", *(["-O"] if legacy else []), "-P", str(self.port), *self.options(), source,
             f"root@127.0.0.1:{target}"],
            check=True, capture_output=True, timeout=WAIT_SECONDS,
        )

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class LiveTest(unittest.TestCase):
    """Cleans up containers after each test."""

    def container(self, **options):
        made = Container(**options)
        self.addCleanup(made.remove)
        return made

    def assert_fields(self, alert, **wanted):
        for key, value in wanted.items():
            self.assertEqual(alert["output_fields"].get(key), value, f"{key} in {alert['output']}")


class MarkerTest(LiveTest):
    """With a program whose runs no other test makes: `marker`, called `name`, in a `directory` that goes with the test."""

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        # Unique on this machine, at most 15 characters.
        self.name = "m" + os.path.basename(self.directory).replace("_", "x")[-8:].lower()
        self.marker = os.path.join(self.directory, self.name)
        os.symlink("/bin/true", self.marker)
