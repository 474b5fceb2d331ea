"""The commands of docs/ that are for a Debian machine, run as root in an overlay of this one, page by page."""

import os
import subprocess
import sys
import unittest

import harness
from overlay import Overlay, make_package, packages_can_be_made

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "deploy"))
try:
    import doc_commands
except ImportError:  # no python3-yaml
    doc_commands = None


@unittest.skipUnless(doc_commands and packages_can_be_made(), "no python3-yaml, or no CPackConfig.cmake in the build directory")
class Docs(unittest.TestCase):
    def test_commands_for_a_machine(self):
        """There is no systemd as process 1 in the overlay: systemctl is told so, checks what it is asked for, and starts nothing."""
        failed = []
        for page in doc_commands.pages():
            scripts = [(line, script) for line, kind, script in doc_commands.blocks(page) if kind == "node"]
            if not scripts:
                continue
            with Overlay() as overlay:
                make_package(overlay, os.path.join(harness.ROOT, "build"))
                for line, script in scripts:
                    setting = "export DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1"
                    done = subprocess.run(
                        overlay.inside("sh", "-euc", f"cd {harness.ROOT}; {setting}; {script}"),
                        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=200)
                    if done.returncode != 0:
                        failed.append(f"{os.path.basename(page)}:{line}: {script}\n{done.stdout}{done.stderr}")
        self.assertEqual(failed, [])


if __name__ == "__main__":
    unittest.main()
