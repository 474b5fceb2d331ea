"""A copy of this machine's file system to install things into, and the package to install."""

import contextlib
import glob
import os
import subprocess
import tempfile

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
