"""The .deb: installed into a copy of this machine's file system (an overlay in a mount namespace of its own, so that the machine
stays as it is), run as its unit says, removed without a trace."""

import json
import os
import re
import time
import unittest

from harness import Agent, LiveTest, WAIT_SECONDS
from overlay import Overlay, Systemd, make_package, packages_can_be_made


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

    def test_it_installs_runs_and_leaves_nothing(self):
        with Overlay() as overlay:
            before = overlay.changed()
            package = make_package(overlay, "/tmp")
            overlay.run("dpkg", "-i", package)
            self.assertEqual(overlay.run("systemctl", "is-enabled", "saker.service").stdout, "enabled\n")
            self.assertEqual(overlay.run("systemctl", "is-enabled", "saker-relay.service", check=False).stdout, "disabled\n")
            units = ["saker.service"]
            if overlay.run("test", "-x", "/usr/bin/saker-relay", check=False).returncode == 0:
                units.append("saker-relay.service")
            verified = overlay.run("systemd-analyze", "verify", "--man=no", *units, check=False)
            complaints = [line for line in verified.stderr.splitlines() if "saker" in line]
            self.assertEqual(complaints, [])

            container = self.container()
            with InstalledAgent(overlay) as agent:
                container.run("/bin/cat", "/etc/shadow")
                alert = agent.wait_for(rule="Sensitive File Access in Container", **{"container.id": container.short_id})
                deadline = time.time() + WAIT_SECONDS
                while not (kept := overlay.run("/usr/bin/saker", "events", "--since", "1h", "--json", "--grep", container.short_id).stdout):
                    self.assertLess(time.time(), deadline, "the alert is in the store: " + "\n".join(agent.log))
                    time.sleep(0.02)
            self.assertEqual(alert["priority"], "Critical")
            self.assertEqual(json.loads(kept.splitlines()[0])["rule"], "Sensitive File Access in Container")

            overlay.run("sh", "-c", "echo '# mine' >> /etc/saker/saker.yaml; touch /etc/saker/rules.d/mine.yaml")
            overlay.run("mkdir", "-p", "/var/lib/saker")
            overlay.run("dpkg", "-r", "saker")
            # Whether a unit was enabled is Debian's to remember until the purge.
            kept = ("/etc/", "/var/lib/systemd/deb-systemd-helper")
            left = [p for p in overlay.changed() if "saker" in p and not p.startswith((*kept, "/var/lib/saker/"))]
            self.assertEqual(left, ["/var/lib/saker"], "what is not configuration or state is gone")
            self.assertIn("# mine", overlay.run("cat", "/etc/saker/saker.yaml").stdout)

            overlay.run("dpkg", "-P", "saker")
            folders = {p for p in overlay.changed() if os.path.isdir(p)}  # touched, and there before
            self.assertEqual(set(overlay.changed()) - folders - set(before), set())

    def test_systemd_starts_it_keeps_it_and_ends_it(self):
        with Overlay() as overlay, Systemd(overlay) as machine:
            package = make_package(overlay, "/var/tmp")
            machine.run("dpkg", "-i", package)
            self.wait_until(lambda: self.state(machine) == "active", "active", machine)
            first = machine.run("systemctl", "show", "-P", "MainPID", "saker").stdout.strip()
            self.assert_detects(machine)

            machine.run("kill", "-9", first)  # it is started again
            self.wait_until(lambda: machine.run("systemctl", "show", "-P", "MainPID", "saker").stdout.strip() not in ("0", first),
                            "another process", machine)
            self.assert_detects(machine)

            machine.run("sh", "-c", "echo '- nonsense' > /etc/saker/rules.d/bad.yaml; systemctl reload saker")
            self.wait_until(lambda: "stay" in machine.run("journalctl", "-u", "saker", "-b").stdout, "the old rules stay", machine)
            self.assert_detects(machine)
            machine.run("rm", "/etc/saker/rules.d/bad.yaml")

            machine.run("dpkg", "-P", "saker")
            self.assertEqual(self.state(machine), "inactive")
            self.assertIn("could not be found", machine.run("systemctl", "status", "saker", check=False).stderr)

    @staticmethod
    def state(machine):
        return machine.run("systemctl", "is-active", "saker", check=False).stdout.strip()

    def wait_until(self, true, what, machine):
        deadline = time.time() + WAIT_SECONDS
        while not true():
            if time.time() > deadline:
                self.fail(f"not {what}: " + machine.run("systemctl", "status", "saker", check=False).stdout)
            time.sleep(0.1)

    def assert_detects(self, machine):
        """A container is made until the agent, which may still be starting, has told of one."""
        deadline = time.time() + WAIT_SECONDS
        while True:
            container = self.container()
            container.run("/bin/cat", "/etc/shadow")
            next_container = time.time() + 3
            while time.time() < next_container:
                kept = machine.run("saker", "events", "--since", "1h", "--json", "--grep", container.short_id).stdout
                if kept:
                    return self.assertEqual(json.loads(kept.splitlines()[0])["rule"], "Sensitive File Access in Container")
                time.sleep(0.1)
            self.assertLess(time.time(), deadline, machine.run("journalctl", "-u", "saker", "-b").stdout[-4000:])


if __name__ == "__main__":
    unittest.main()
