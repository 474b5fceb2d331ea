"""What the agent costs: the same loops without it, with it, and with an empty program at the same hook.

The three are run in turn, round after round, because the machine's speed drifts; medians and ratios are printed, with
the spread. A run in which the agent dropped events or raised an alert is void and said to be.
"""

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "bin")
SAKER = os.path.join(BIN, "saker")
WORKLOAD = os.path.join(BIN, "workload")
TICKS = os.sysconf("SC_CLK_TCK")

# name, arguments, how many events of interest an iteration makes
LOOPS = {
    "getppid": (["getppid", "3000000"], "a system call that no rule wants"),
    "open": (["open", "400000", "/etc/hostname"], "open + close on the host"),
    "exec": (["exec", "1500"], "fork + exec /bin/true + wait"),
}


class Agent:
    def __init__(self):
        self.process = subprocess.Popen(
            [SAKER, "-c", os.path.join(ROOT, "saker.yaml"), "-o", "json_output=true"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for line in self.process.stderr:
            if "watching" in line:
                return
        raise SystemExit("the agent did not start")

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        alerts, log = self.process.communicate()
        summary = re.search(r"events seen: (\d+).*matched: (\d+).*dropped: (\d+)", log)
        return int(summary.group(3)), alerts.count("\n")


class Floor:
    def __init__(self):
        self.process = subprocess.Popen([WORKLOAD, "floor"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("the empty program did not load")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def loop(name):
    done = subprocess.run([WORKLOAD, *LOOPS[name][0]], capture_output=True, text=True, check=True)
    return float(done.stdout)


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench needs root: it loads the probe")

    times = {mode: {name: [] for name in LOOPS} for mode in ("none", "floor", "agent")}
    cpu = {name: [] for name in LOOPS}
    idle, loaded, void = [], [], 0
    for _ in range(options.rounds):
        for name in LOOPS:
            times["none"][name].append(loop(name))
        floor = Floor()
        for name in LOOPS:
            times["floor"][name].append(loop(name))
        floor.stop()
        agent = Agent()
        idle.append(agent.rss_mib())
        for name in LOOPS:
            before = agent.cpu_seconds()
            times["agent"][name].append(loop(name))
            iterations = int(LOOPS[name][0][1]) * 1.1
            cpu[name].append((agent.cpu_seconds() - before) / iterations * 1e9)
        loaded.append(agent.rss_mib())
        dropped, alerts = agent.stop()
        if dropped or alerts:
            void += 1
            print(f"void round: {dropped} dropped, {alerts} alerts")

    print(f"{options.rounds} interleaved rounds, medians (smallest to largest), nanoseconds an iteration")
    for name, (_, what) in LOOPS.items():
        none = times["none"][name]
        print(f"\n{what}")
        print(f"  without the agent      {spread(none)}")
        for mode, label in (("floor", "empty program adds"), ("agent", "agent adds")):
            added = [with_it - without for with_it, without in zip(times[mode][name], none)]
            ratio = statistics.median(b / a for a, b in zip(none, times[mode][name]))
            print(f"  {label:22} {spread(added)}, x{ratio:.3f}")
        print(f"  agent CPU              {spread(cpu[name])}")
    print(f"\nRSS of the agent, idle   {statistics.median(idle):.1f} MiB")
    print(f"RSS after the loops      {statistics.median(loaded):.1f} MiB")
    print(f"void rounds              {void}")
    return 1 if void else 0


if __name__ == "__main__":
    sys.exit(main())
