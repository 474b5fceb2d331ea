"""The .deb: installed into a copy of this machine's file system (an overlay in a mount namespace of its own, so that the machine
stays as it is), run as its unit says, removed without a trace."""

import contextlib
import glob
import os
import re
import subprocess
import tempfile

import harness
from harness import Agent, LiveTest

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
        """Paths that are new or other than on this machine, but for dpkg's own notes."""
        found = subprocess.run(self.outside("find", self.changes, "-mindepth", "1", "-printf", "/%P\n"),
                               capture_output=True, text=True, check=True).stdout.split("\n")
        return sorted(p for p in found if p and not p.startswith(("/var/lib/dpkg", "/var/log", "/tmp")))

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


def unit_setting(text, name):
    found = re.search(rf"^{name}=(.*)$", text, re.M)
    return found.group(1) if found else ""


class InstalledAgent(Agent):
    """The agent as the unit in the overlay starts it."""

    def __init__(self, overlay):
        super().__init__(read_alerts=True)
        unit = overlay.run("cat", "/lib/systemd/system/saker.service").stdout
        wanted = [c.removeprefix("CAP_").lower() for c in unit_setting(unit, "CapabilityBoundingSet").split()]
        bounds = "-all" + "".join(f",+{c}" for c in wanted if c != "sys_resource")  # not to be had on every test machine
        self.command = overlay.inside(
            "setpriv", "--no-new-privs", "--bounding-set", bounds, "--inh-caps", "-all",
            *unit_setting(unit, "ExecStart").split(), "-o", "webserver.enabled=false")


class Package(LiveTest):
    def setUp(self):
        if not packages_can_be_made():
            self.skipTest("no CPackConfig.cmake in the build directory")

    def make_package(self, overlay):
        """Path of the package inside the overlay."""
        with tempfile.TemporaryDirectory(prefix="saker-deb-") as out:
            made = subprocess.run(["cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", out],
                                  capture_output=True, text=True, cwd=BUILD)
            self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
            [package] = glob.glob(os.path.join(out, "*.deb"))
            subprocess.run(overlay.outside("cp", package, os.path.join(overlay.root, "tmp")), check=True)
            return os.path.join("/tmp", os.path.basename(package))

    def test_it_installs_runs_and_leaves_nothing(self):
        with Overlay() as overlay:
            before = overlay.changed()
            package = self.make_package(overlay)
            overlay.run("dpkg", "-i", package)
            self.assertEqual(overlay.run("systemctl", "is-enabled", "saker.service").stdout, "enabled\n")
            self.assertEqual(overlay.run("systemctl", "is-enabled", "saker-relay.service", check=False).stdout, "disabled\n")
            units = ["saker.service"] + (["saker-relay.service"] if overlay.run("test", "-x", "/usr/bin/saker-relay", check=False).returncode == 0 else [])
            verified = overlay.run("systemd-analyze", "verify", "--man=no", *units, check=False)
            complaints = [line for line in verified.stderr.splitlines() if "saker" in line]
            self.assertEqual(complaints, [])

            container = self.container()
            with InstalledAgent(overlay) as agent:
                container.run("/bin/cat", "/etc/shadow")
                alert = agent.wait_for(rule="Sensitive File Access in Container", **{"container.id": container.short_id})
            self.assertEqual(alert["priority"], "Critical")

            overlay.run("sh", "-c", "echo '# mine' >> /etc/saker/saker.yaml; touch /etc/saker/rules.d/mine.yaml")
            overlay.run("mkdir", "-p", "/var/lib/saker")
            overlay.run("dpkg", "-r", "saker")
            # Whether a unit was enabled is Debian's to remember until the purge.
            kept = ("/etc/", "/var/lib/systemd/deb-systemd-helper")
            left = [p for p in overlay.changed() if "saker" in p and not p.startswith(kept)]
            self.assertEqual(left, ["/var/lib/saker"], "what is not configuration or state is gone")
            self.assertIn("# mine", overlay.run("cat", "/etc/saker/saker.yaml").stdout)

            overlay.run("dpkg", "-P", "saker")
            folders = {p for p in overlay.changed() if os.path.isdir(p)}  # touched, and there before
            self.assertEqual(set(overlay.changed()) - folders - set(before), set())


if __name__ == "__main__":
    import unittest
    unittest.main()
