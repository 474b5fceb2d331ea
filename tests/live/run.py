"""Runs every live test, those of ../actions too, and prints one total."""

import os
import re
import subprocess
import sys
import unittest

import harness

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(TESTS)
import totals

ACTIONS = os.path.join(TESTS, "actions")
DRIVER_TEST = os.path.join(os.path.dirname(harness.SAKER), "driver_live_test")


def run_driver_test():
    """The probe alone, in C++; (passed, failed, skipped)."""
    if not os.access(DRIVER_TEST, os.X_OK):
        print("driver_live_test is not built")
        return 0, 1, 0
    done = subprocess.run([DRIVER_TEST, "--gtest_brief=1"], capture_output=True, text=True, cwd="/tmp")
    print(done.stdout)
    counts = [0, 0, 0]
    for i, word in enumerate(("PASSED", "FAILED", "SKIPPED")):
        found = re.search(rf"\[\s+{word}\s+\] (\d+) test", done.stdout)
        counts[i] = int(found.group(1)) if found else 0
    if done.returncode != 0 and counts[1] == 0:
        counts[1] = 1  # it crashed
    return tuple(counts)


def with_tracefs():
    """An agent attaches hooks for single calls through tracefs: where it is not mounted, it is for these tests alone."""
    if harness.HOOKS != "each" or os.path.isdir("/sys/kernel/tracing/events") or os.geteuid() != 0:
        return
    mounted = 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"'
    os.execvp("unshare", ["unshare", "-m", "sh", "-c", mounted, "sh", sys.executable, *sys.argv])


def main():
    with_tracefs()
    reason = harness.why_not()
    if reason:
        print(f"live tests skipped: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    counts = [0, 0, 0]
    if len(sys.argv) == 1:
        counts = list(run_driver_test())
    loader = unittest.TestLoader()
    sys.path.append(ACTIONS)
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:])
    else:
        suite = unittest.TestSuite([loader.discover("."), loader.discover(ACTIONS, top_level_dir=ACTIONS)])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    counts = [sum(pair) for pair in zip(counts, totals.count(result))]
    print(totals.line(counts))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
