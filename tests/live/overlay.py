"""A copy of this machine's file system to install things into, and the package to install."""

import contextlib
import glob
import os
import subprocess
import tempfile
import time

import harness

BUILD = os.path.dirname(os.path.dirname(harness.SAKER))


def packages_can_be_made():
    return os.path.exists(os.path.join(BUILD, "CPackConfig.cmake"))


class Overlay:
    """A file system over this machine's: what is written in it is found below `changes`, and gone at the end."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="saker-package-", dir="/run")
        self.changes = os.path.join(self.folder, "changes")
        self.root = os.path.join(self.folder, "root")
        script = (
            'mount -t tmpfs none "$1" && mkdir "$1/changes" "$1/work" "$1/root" '
            '&& mount -t overlay none -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root" '
            '&& for d in dev proc sys run; do mount --rbind /$d "$1/root/$d" || exit 1; done '
            "&& echo ready && exec cat"
        )
        # The namespace lives as long as this process, which waits for the end of its input.
        self.holder = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script, "sh", self.folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            raise AssertionError("no overlay: " + self.holder.stderr.read())
        return self

    def outside(self, *command):
        """A command in the namespace, with this machine's file system as its root."""
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", *command]

    def inside(self, *command):
        return self.outside("chroot", self.root, *command)

    def run(self, *command, check=True):
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
        return done

    def changed(self):
        """Paths that are new or other than on this machine, but for what dpkg and man-db note for themselves."""
        found = subprocess.run(self.outside("find", self.changes, "-mindepth", "1", "-printf", "/%P\n"),
                               capture_output=True, text=True, check=True).stdout.split("\n")
        return sorted(p for p in found if p and not p.startswith(("/var/lib/dpkg", "/var/cache/man", "/var/log", "/tmp")))

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


class Systemd:
    """systemd as the first process of a machine of its own (processes, cgroups, network, host name), on an overlay."""

    BOOT = (
        'set -e; cd "$1"; mount -t cgroup2 none mnt; mkdir -p mnt/"$2"; echo $$ > mnt/"$2"/cgroup.procs; umount mnt; '
        "exec unshare --pid --fork --kill-child --cgroup --net --uts --ipc --mount sh -c '"
        "set -e; umount -l run sys proc; mount -t proc proc proc; mount -t sysfs sysfs sys; "
        "mount -t cgroup2 none sys/fs/cgroup; mount -t tmpfs none run; mount -t tmpfs none tmp; "
        "pivot_root . mnt; umount -l mnt; "
        "exec env -i container=saker-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd'"
    )
    # What would look for hardware, or wait for a network that is not there.
    NOT_WANTED = ("systemd-networkd", "systemd-networkd-wait-online", "systemd-udevd", "systemd-resolved", "systemd-timesyncd")

    def __init__(self, overlay):
        self.overlay = overlay
        self.cgroup = os.path.basename(overlay.folder)

    def __enter__(self):
        units = os.path.join(self.overlay.root, "etc/systemd/system")
        for name in self.NOT_WANTED:
            subprocess.run(self.overlay.outside("ln", "-sf", "/dev/null", f"{units}/{name}.service"), check=True)
        # Images of containers, which this machine may have come from, forbid packages to start what they install.
        subprocess.run(self.overlay.outside("rm", "-f", self.overlay.root + "/usr/sbin/policy-rc.d"), check=True)
        self.process = subprocess.Popen(self.overlay.outside("sh", "-c", self.BOOT, "sh", self.overlay.root, self.cgroup),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.time() + harness.WAIT_SECONDS
        while self._started() not in ("running", "degraded"):
            if time.time() > deadline or self.process.poll() is not None:
                raise AssertionError("systemd did not start: " + self._started())
            time.sleep(0.1)
        return self

    def _started(self):
        with contextlib.suppress(AssertionError, OSError):
            return self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return "no process"

    def _first(self):
        """The number of its first process among ours: the child of unshare, which is what became of the shell."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            first = children.read().split()
        if not first:
            raise AssertionError("no process")
        return first[0]

    def run(self, *command, check=True):
        done = subprocess.run(["nsenter", "--target", self._first(), "-m", "-p", "-C", "-n", "-u", "-i", *command],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=harness.WAIT_SECONDS)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
        return done

    def __exit__(self, *_):
        self.process.kill()  # and with it all that it started
        self.process.wait()
        self.process.stderr.close()


def make_package(overlay, folder):
    """Makes the .deb and puts it into a folder inside the overlay; its path there."""
    with tempfile.TemporaryDirectory(prefix="saker-deb-") as out:
        made = subprocess.run(["cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", out],
                              capture_output=True, text=True, cwd=BUILD)
        if made.returncode != 0:
            raise AssertionError(made.stdout + made.stderr)
        [package] = glob.glob(os.path.join(out, "*.deb"))
        subprocess.run(overlay.outside("mkdir", "-p", overlay.root + folder), check=True)
        subprocess.run(overlay.outside("cp", package, overlay.root + folder), check=True)
        return os.path.join(folder, os.path.basename(package))
