"""What the agent costs: the same work without it, with it, and with an empty program at the same hook.

All are run in turn, round after round, because the machine's speed drifts; medians are printed with their spread. Times
are of CPU, so that others on the machine do not count, and of the work alone: what the agent itself takes is a
column of its own. A round in which the agent dropped events is void and said to be.

The rules are Falco's own files where they lie beside the project (../shared), else the shipped ones. Falco's figures beside ours
were measured with Falco 0.43 on a machine of this kind, not in this run. As machines of this kind differ in speed, ours are put beside
them twice: as they are, and each as a share of what the work takes without an agent on its own machine.
"""

import argparse
import atexit
import contextlib
import glob
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "bin")
SAKER = os.path.join(BIN, "saker")
WORKLOAD = os.path.join(BIN, "workload")
RULES = os.path.join(os.path.dirname(ROOT), "shared", "data", "rules")
IDLE_SECONDS = 5
CONTAINER = "docker-" + "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601f" + ".scope"
WITH_TRACEFS = ["unshare", "-m", "sh", "-c", 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"', "sh"]

# name: arguments, iterations, in a container, what it is, what Falco adds to what without an agent
LOOPS = {
    "getppid": (["getppid", "400000"], 400000, False, "a system call that no rule wants", (103, 129)),
    "open": (["open", "60000", "/etc/hostname"], 60000, False, "open + close on the host", (1680, 1740)),
    "open in a container": (["open", "60000", "/etc/hostname"], 60000, True, "open + close in a container", (1680, 1740)),
    "exec": (["exec", "1000"], 1000, False, "fork + exec /bin/true + wait", (44000, 680000)),
    "tcp": (["tcp", "12000"], 12000, False, "connect + accept + close", (4000, 29000)),
    "tree": (None, 1, False, "find and cat a tree of files, of which this many times", None),
    "compile": (None, 50, False, "compile 50 small C files, of which this many times", None),
}
# What a hook costs that does nothing: one for all calls, and one for each of those that the shipped rules want.
FLOORS = {"floor": "sys_exit", "floor, hook for each": "open openat openat2 creat execve execveat"}


def official(*names):
    files = [os.path.join(RULES, name) for name in names]
    return files if all(os.path.exists(file) for file in files) else None


def first_user():
    """The rules in the first user's Helm values, as a file; None without them."""
    values = os.path.join(os.path.dirname(ROOT), "shared", "data", "lumie", "helm-values.yaml")
    try:
        import yaml
        with open(values) as file:
            rules = yaml.safe_load(file)["customRules"]
    except (ImportError, OSError):
        return None
    made = tempfile.NamedTemporaryFile("w", suffix=".yaml", prefix="saker-bench-", delete=False)
    atexit.register(os.unlink, made.name)
    with made:
        made.write("\n".join(rules.values()))
    return [made.name]


STABLE = official("falco_rules.yaml")
ALL = official("falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml")
SHIPPED = [os.path.join(ROOT, "rules", "falco_rules.local.yaml"), os.path.join(ROOT, "rules", "rules.d")]

# name: rules, further arguments, wrapper
AGENTS = {"shipped": (SHIPPED, [], [])}
FIRST_USER = first_user()
if FIRST_USER:
    AGENTS["first user"] = (FIRST_USER, [], [])
    AGENTS["first user, hook for each"] = (FIRST_USER, ["-o", "saker.call_hooks=each"], WITH_TRACEFS)
if STABLE:
    AGENTS["stable"] = (STABLE, [], [])
    AGENTS["stable, hook for each"] = (STABLE, ["-o", "saker.call_hooks=each"], WITH_TRACEFS)
    AGENTS["stable, no plan"] = (STABLE, ["-o", "saker.plan.enabled=false"], [])
if ALL:
    AGENTS["all"] = (ALL, [], [])


class Agent:
    def __init__(self, name, rules=None, arguments=(), stdout=subprocess.DEVNULL):
        files, more, wrapper = AGENTS[name] if name else (rules, list(arguments), [])
        command = [*wrapper, SAKER, "-c", os.path.join(ROOT, "saker.yaml"), "-o", "saker.store.enabled=false", *more]
        for file in files:
            command += ["-r", file]
        begin = time.monotonic()
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "watching" in line:
                self.start_seconds = time.monotonic() - begin
                return
        raise SystemExit(f"the agent did not start: {name}")

    def cpu_seconds(self):
        """Of all its threads: to the nanosecond, where /proc/PID/stat counts in hundredths of a second."""
        total = 0
        for schedstat in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with contextlib.suppress(OSError), open(schedstat) as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, log = self.process.communicate()
        return int(re.search(r"dropped: (\d+)", log).group(1))


class Floor:
    def __init__(self, hooks):
        self.process = subprocess.Popen([*WITH_TRACEFS, WORKLOAD, "floor", *hooks.split()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("the empty program did not load")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def container_cgroup():
    """A cgroup that looks like a container's, in the hierarchy that the agent looks into."""
    for base in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu"):
        path = os.path.join(base, CONTAINER)
        try:
            os.makedirs(path, exist_ok=True)
            if os.path.exists(os.path.join(path, "cgroup.procs")):
                return path
            os.rmdir(path)
        except OSError:
            continue
    raise SystemExit("no cgroup can be made here")


def entering(cgroup):
    """For a child to do before its program: it joins the cgroup."""
    def enter():
        with open(os.path.join(cgroup, "cgroup.procs"), "w") as procs:
            procs.write("0")
    return enter


def command_seconds(command):
    """Of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, shell=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def loop(name, cgroup, directory):
    arguments, _, in_container, _, _ = LOOPS[name]
    if name == "tree":
        return command_seconds(f"find {directory} -type f -print0 | xargs -0 cat > /dev/null") * 1e9
    if name == "compile":
        with tempfile.TemporaryDirectory(prefix="saker-bench-") as folder:
            for i in range(50):
                with open(os.path.join(folder, f"{i}.c"), "w") as file:
                    file.write(f"#include <stdio.h>\n#include <stdlib.h>\nint f{i}(int x) {{ printf(\"%d\", x); return abs(x) + {i}; }}\n")
            return command_seconds(f"cd {folder} && for i in *.c; do cc -O1 -c $i; done") * 1e9

    done = subprocess.run(
        [WORKLOAD, *arguments], capture_output=True, text=True, check=True, preexec_fn=entering(cgroup) if in_container else None
    )
    return float(done.stdout.split()[1])


def spread(values, scale=1, digits=0):
    values = [value * scale for value in values]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def latencies(count, interval):
    """Milliseconds from an open to its alert's bytes on a pipe."""
    with tempfile.TemporaryDirectory(prefix="saker-bench-") as directory:
        wanted, rules = os.path.join(directory, "wanted"), os.path.join(directory, "rules.yaml")
        open(wanted, "w").close()
        with open(rules, "w") as file:
            file.write("- rule: wanted\n  desc: d\n  condition: evt.type in (open, openat) and fd.name = " + wanted)
            file.write("\n  output: wanted\n  priority: NOTICE\n")
        agent = Agent(None, [rules], stdout=subprocess.PIPE)
        taken = []
        for _ in range(count):
            begin = time.monotonic()
            os.close(os.open(wanted, os.O_RDONLY))
            agent.process.stdout.readline()
            taken.append((time.monotonic() - begin) * 1e3)
            left = interval - (time.monotonic() - begin)
            if left > 0:
                time.sleep(left)
        agent.process.stdout.close()
        agent.process.terminate()
        agent.process.wait()
    return taken


def flood(agent_name, cgroup, loops):
    """(opens and closes a second, events dropped) of as many loops in a container at once, as fast as they go."""
    agent = Agent(agent_name)
    count = 1_000_000

    begin = time.monotonic()
    running = [subprocess.Popen([WORKLOAD, "open", str(count), "/etc/hostname"], stdout=subprocess.DEVNULL, preexec_fn=entering(cgroup))
               for _ in range(loops)]
    for process in running:
        process.wait()
    seconds = time.monotonic() - begin
    return 2 * loops * count / seconds, agent.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--agents", nargs="*", default=list(AGENTS), choices=list(AGENTS))
    parser.add_argument("--loops", nargs="*", default=list(LOOPS), choices=list(LOOPS))
    parser.add_argument("--tree", default="/usr/lib/python3", help="the tree that is read")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench needs root: it loads the probe")
    cgroup = container_cgroup()

    for name in options.loops:
        loop(name, cgroup, options.tree)  # into the caches
    times = {}
    figures = {name: {"rss": [], "start": [], "idle": [], "cpu": {}} for name in options.agents}
    void = 0
    for _ in range(options.rounds):
        for name in options.loops:
            times.setdefault(("none", name), []).append(loop(name, cgroup, options.tree))
        for floor_name, hooks in FLOORS.items():
            floor = Floor(hooks)
            for name in options.loops:
                times.setdefault((floor_name, name), []).append(loop(name, cgroup, options.tree))
            floor.stop()
        for agent_name in options.agents:
            agent, mine = Agent(agent_name), figures[agent_name]
            mine["start"].append(agent.start_seconds)
            time.sleep(1)  # what follows a start is over
            before = agent.cpu_seconds()
            time.sleep(IDLE_SECONDS)
            mine["idle"].append((agent.cpu_seconds() - before) / IDLE_SECONDS)
            for name in options.loops:
                before = agent.cpu_seconds()
                times.setdefault((agent_name, name), []).append(loop(name, cgroup, options.tree))
                spent = (agent.cpu_seconds() - before) / LOOPS[name][1] * 1e9
                mine["cpu"].setdefault(name, []).append(spent)
            mine["rss"].append(agent.rss_mib())
            dropped = agent.stop()
            if dropped:
                void += 1
                print(f"void round: {agent_name} dropped {dropped} events")

    print(f"{options.rounds} interleaved rounds; nanoseconds of CPU an iteration: medians (smallest to largest)")
    for name in options.loops:
        none, falco = times["none", name], LOOPS[name][4]
        if LOOPS[name][0] is None:
            print(f"\n{LOOPS[name][3]}")
            for mode in (*FLOORS, *options.agents):
                line = f"  {mode:26} x{spread([b / a for a, b in zip(none, times[mode, name])], digits=3)}"
                if mode not in FLOORS:
                    cpu = [spent * LOOPS[name][1] / 1e6 for spent in figures[mode]["cpu"][name]]
                    line += f"; agent's own CPU {spread(cpu)} ms of {statistics.median(none) / 1e6:.0f}"
                print(line)
            continue
        print(f"\n{LOOPS[name][3]}: {spread(none)} without the agent")
        for mode in (*FLOORS, *options.agents):
            added = [with_it - without for with_it, without in zip(times[mode, name], none)]
            line = f"  {mode:26} adds {spread(added)}"
            if mode not in FLOORS:
                if falco:
                    share = statistics.median(added) / statistics.median(none)
                    line += f", {statistics.median(added) / falco[0]:.2f} of Falco's, {share / (falco[0] / falco[1]):.2f} as a share"
                line += f"; agent's own CPU {spread(figures[mode]['cpu'][name])}"
            print(line)
    print()
    for name, mine in figures.items():
        print(
            f"{name}: RSS {spread(mine['rss'], digits=1)} MiB; start {spread(mine['start'], 1e3)} ms; "
            f"idle {spread(mine['idle'], 100, 3)} % of a core"
        )
    for name in options.agents:
        for loops in (1, 2, 8):
            rate, dropped = flood(name, cgroup, loops)
            print(f"{name}: {loops} loops of open and close in a container, {rate:,.0f} calls a second: {dropped} dropped")
    for what, interval in (("every 20 ms", 0.02), ("1,000 a second", 0.001)):
        taken = latencies(300, interval)
        print(
            f"alert latency, {what}: p50 {percentile(taken, 0.5):.2f} ms, p99 {percentile(taken, 0.99):.2f} ms, "
            f"largest {max(taken):.2f} ms"
        )
    print(f"void rounds: {void}")
    return 1 if void else 0


if __name__ == "__main__":
    sys.exit(main())
