"""Where actions happen: containers of several kinds and this host, each running a batch of `act` commands."""

import os
import pty
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "live"))

import harness  # noqa: E402

ACT = os.path.join(os.path.dirname(harness.SAKER), "act")
PREFIXES = {"spawn": 2, "as": 3, "in": 3, "env": 3}  # words of an act verb that starts what follows


def why_not():
    return harness.why_not() or (None if os.access(ACT, os.X_OK) else "build/bin/act is not built")


def on_terminal(command, environment=os.environ):
    """Runs it as the leader of a session with a terminal of its own: (exit status, what it wrote)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, environment)
    text = b""
    try:
        while got := os.read(terminal, 4096):
            text += got
    except OSError:  # how Linux says that nobody has the other end open any more
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode(errors="replace")


class Network:
    """A network namespace of its own; all its addresses are on its loopback device, so nothing ever leaves it."""

    ADDRESSES = ("198.51.100.7", "198.51.100.8", "203.0.113.1", "203.0.113.9", "169.254.169.254", "10.20.30.40")
    ADDRESSES_V6 = ("2001:db8::7", "2001:db8::8")

    def __init__(self):
        self.name = f"saker-{secrets.token_hex(4)}"
        self.path = f"/run/netns/{self.name}"
        self._ip("netns", "add", self.name)
        self._ip("-n", self.name, "link", "set", "lo", "up")
        for address in self.ADDRESSES:
            self._ip("-n", self.name, "address", "add", f"{address}/32", "dev", "lo")
        for address in self.ADDRESSES_V6:
            self._ip("-n", self.name, "address", "add", f"{address}/128", "dev", "lo", "nodad")

    @staticmethod
    def _ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def remove(self):
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)


class Names:
    """A command prefix: names are looked up in a hosts file of ours alone, never by asking a server."""

    def __init__(self, entries):
        self.directory = tempfile.mkdtemp(prefix="saker-names-")
        hosts = self._write("hosts", "127.0.0.1 localhost\n" + "".join(f"{ip} {name}\n" for ip, name in entries))
        switch = self._write("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        script = (f"mount --bind {hosts} /etc/hosts && mount --bind {switch} /etc/nsswitch.conf && "
                  'exec "$@"')
        self.prefix = ("unshare", "-m", "--propagation", "slave", "sh", "-c", script, "sh")

    def _write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def remove(self):
        shutil.rmtree(self.directory)


def programs_in(words, folder):
    """The names that words of a command have in `folder`."""
    return {os.path.basename(word) for word in words if os.path.dirname(word) == folder}


class Stage:
    """Takes commands, runs them all at once, knows how each ended. `{bin}` in a command is a folder in which every
    name is a copy of act; `{dir}` is a folder to write to."""

    def __init__(self, bin, dir, first=()):
        self.bin, self.dir = bin, dir
        self.commands = []
        for command in first:
            self.add(command)

    def add(self, command):
        """The number of the command and its words."""
        words = [word.format(bin=self.bin, dir=self.dir) for word in shlex.split(command)]
        self.commands.append(words)
        return len(self.commands) - 1, words

    def _lines(self):
        for words in self.commands:
            assert not any("\t" in word or "\n" in word for word in words), words
        return "".join("\t".join(words) + "\n" for words in self.commands)

    def _names(self):
        return sorted({name for words in self.commands for name in programs_in(words, self.bin)} | {"act"})

    def _take(self, done):
        self.log = done.stdout + done.stderr
        self.statuses = {}
        for line in done.stdout.splitlines():
            parts = line.split()
            if len(parts) == 2 and all(part.isdigit() for part in parts):
                self.statuses[int(parts[0])] = int(parts[1])


class Host(Stage):
    container_id = "host"

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="saker-act-", dir="/var/tmp")
        os.chmod(self.root, 0o755)
        for name in ("bin", "dir"):
            os.mkdir(os.path.join(self.root, name))
        super().__init__(os.path.join(self.root, "bin"), os.path.join(self.root, "dir"))

    def run(self):
        for name in self._names():
            shutil.copy(ACT, os.path.join(self.bin, name))
        lines = os.path.join(self.root, "lines")
        with open(lines, "w") as file:
            file.write(self._lines())
        self._take(subprocess.run([os.path.join(self.bin, "act"), "batch", lines], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=120))

    def remove(self):
        shutil.rmtree(self.root)


class Bundle(Stage):
    """A container. Its first process is `act batch`."""

    def __init__(self, container, prepare=(), first=()):
        super().__init__("/opt", "/tmp", first)
        self.container = container
        self.container_id = container.short_id
        root = container.rootfs
        os.makedirs(os.path.join(root, "opt"))
        for name in ("find", "grep", "cp"):
            os.symlink("busybox", os.path.join(root, "bin", name))
        for path in prepare:  # a folder when it ends with a slash
            inside = os.path.join(root, path.lstrip("/"))
            os.makedirs(os.path.dirname(inside), exist_ok=True)
            if not path.endswith("/"):
                with open(inside, "w") as file:
                    file.write("BEGIN RSA PRIVATE KEY, aws_secret_access_key\n")

    def install(self):
        for name in self._names():
            target = os.path.join(self.container.rootfs, "opt", name)
            if not os.path.exists(target):
                shutil.copy(ACT, target)
        with open(os.path.join(self.container.rootfs, "lines"), "w") as file:
            file.write(self._lines())

    def run(self, capabilities=(), until=None):
        """With `until`: the container lives on until that returns. It is called when all commands have ended."""
        if until is not None:
            self.add("{bin}/act wait-for /released")
        self.install()
        run = threading.Thread(target=self._run, args=[capabilities])
        run.start()
        if until is not None:
            try:
                self._wait_until_done(run)
                until()
            finally:
                with open(os.path.join(self.container.rootfs, "released"), "w"):
                    pass
        run.join()

    def _run(self, capabilities):
        self._take(self.container.run("/opt/act", "batch", "/lines", check=False, capabilities=capabilities))

    def _wait_until_done(self, run):
        waiting = os.path.join(self.container.rootfs, "released.awaited")
        while run.is_alive() and not os.path.exists(waiting):
            time.sleep(0.01)

    def remove(self):
        self.container.remove()


def who_acts(words):
    """(words of the program that does it in the end, name of the one that started it)."""
    parent = "act"
    while len(words) > 1 and words[1] in PREFIXES:
        if words[1] == "spawn":
            parent = os.path.basename(words[0])
        words = words[PREFIXES[words[1]]:]
    return words, parent[:15]
