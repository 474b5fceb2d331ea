"""Boots kernels of Debian's suites by emulation, with the programs of this build, and writes docs/kernels.md.

  tests/kernels/run [--arch amd64|arm64]... [--kernel NAME[-VARIANT]]... [--quick] [--list]

In each the probe is loaded, its verification counted, its live tests are run (not with --quick), and the agent sees what is done
on the host, in a cgroup like a container's, and while a CPU goes and comes. A failure names kernel, program and line."""

import argparse
import json
import os
import re
import sys
from dataclasses import dataclass

import debian_kernels
import guest
import programs

EXIT_NO_PROBE = 3
APART = re.compile("(many|most)-cpus|hybrid|v1")
NARROW = "32-bit "
INTERNAL = "Falco internal"
HOOKS_FUNCTIONS, BY_FUNCTIONS = "functions can be hooked", "the functions of wanted calls are hooked"
RESULTS = os.path.join(debian_kernels.KEEP, "results.json")
TABLE = os.path.join(debian_kernels.ROOT, "docs", "kernels.md")


@dataclass(frozen=True)
class Variant:
    name: str
    words: tuple = ()  # on the kernel's command line
    smp: str = "2"
    memory: str = "1G"
    refusal: str = ""  # what the agent has to say where it cannot run


PLAIN = Variant("")
# As many as an emulated machine can have, of which two are online until the test brings up the last one.
MOST = {"amd64": "255", "arm64": "256"}
VARIANTS = {
    "amd64": [
        Variant("hybrid", ("saker.cgroups=hybrid",)),
        Variant("v1", ("saker.cgroups=v1",)),
        Variant("lockdown", ("lockdown=integrity",)),
        Variant("confidentiality", ("lockdown=confidentiality",), refusal="lockdown is at 'confidentiality'"),
        Variant("one-cpu", (), "1"),
        Variant("more-possible", (), "2,maxcpus=8"),
    ],
    "arm64": [],
}
CROWDED = {arch: [Variant("many-cpus", (), "32", "2G"), Variant("most-cpus", ("maxcpus=2",), most, "3G")]
           for arch, most in MOST.items()}
VARIED = ("6.1", "newest")  # kernels that are booted in every variant, the slow ones of many processors in the last alone


def all_boots():
    for kernel in debian_kernels.known_kernels():
        yield kernel, PLAIN
        if kernel.name in VARIED:
            for variant in VARIANTS[kernel.arch] + (CROWDED[kernel.arch] if kernel.name == VARIED[-1] else []):
                yield kernel, variant


def name_of(kernel, variant):
    return "-".join(part for part in (kernel.name, kernel.arch, variant.name) if part)


def sections(lines):
    """{name: (exit status, text)}; {mark: text} of single marks."""
    found, marks, name, text = {}, {}, None, []
    for line in lines:
        if begin := re.search(r"@@begin (\w+)", line):
            name, text = begin.group(1), []
        elif end := re.search(r"@@end (\w+) (\d+)", line):
            found[end.group(1)] = (int(end.group(2)), "\n".join(text))
            name = None
        elif mark := re.search(r"@@(release|cpus|memory) (.*)", line):
            marks[mark.group(1)] = mark.group(2)
        elif name:
            text.append(line)
    return found, marks


def judge_refusal(result, found, refusal, name):
    """Of a machine where the agent cannot run: doctor and the agent say why in one sentence."""
    result["refused"] = refusal
    for section in ("doctor", "detect"):
        status, text = found.get(section, (None, ""))
        if status != EXIT_NO_PROBE or refusal not in text:
            result["failures"].append(f"{name}: {section}: not refused: exit status {status}: {text.strip()[-300:]}")
    return result


def judge(name, lines, quick, refusal=""):
    """What came of a boot."""
    found, marks = sections(lines)
    result = {"release": marks.get("release", ""), "cpus": marks.get("cpus", ""), "failures": [], "notes": []}
    fail = result["failures"].append
    if not result["release"]:
        fail(f"{name}: did not boot: {' | '.join(lines[-2:])[:300]}")
        return result
    if refusal:
        return judge_refusal(result, found, refusal, name)
    status, text = found.get("doctor", (0, ""))
    functions = HOOKS_FUNCTIONS in text
    for section in ["doctor", "detect", "units"] + ([] if quick else ["driver"]) + (
            [] if not functions else ["functions"] if quick else ["functions", "driver_functions"]):
        if section not in found:
            fail(f"{name}: {section}: did not end")
    if status != 0:
        fail(f"{name}: {text.strip().splitlines()[-1] if text.strip() else 'doctor said nothing'}")
    result["programs"] = programs.parse(text)
    result["missing"] = re.findall(r"^warning +(.*?) {2,}", text, re.M)
    if result["programs"]:
        kernel = f"{programs.series(result['release'])}-{name.split('-')[1]}"
        if APART.search(name):
            kernel += "-" + APART.search(name).group()  # there is more to verify: CPUs to be counted, a hierarchy to be followed
        if os.environ.get("SAKER_RECORD") and (APART.search(name) or name.count("-") == 1):
            programs.record(kernel, result["programs"])
        result["failures"] += programs.grown(kernel, result["programs"])
        result["notes"] += programs.slower(kernel, result["programs"])
    status, text = found.get("detect", (0, ""))
    result["detections"] = [rule for rule in re.findall(r'"rule":"([^"]*)"', text) if not rule.startswith(INTERNAL)]
    if dropped := re.search(r"dropped: (\d+)(?:, causes: ([^\"]*))?", text):
        result["dropped"] = ("0" if dropped.group(1) == "0" else f"{dropped.group(1)} ({dropped.group(2)})")
    if "memory" in marks:
        result["rss_kib"], result["group_kib"] = (int(number) for number in marks["memory"].split())
    for section in ("detect", "functions"):
        status, text = found.get(section, (0, ""))
        if status != 0:
            said = [line for line in text.splitlines() if "no alert" in line or "rror" in line]
            fail(f"{name}: {section}: {' | '.join(said[:3]) or 'exit status ' + str(status)}")
    if functions:
        status, text = found.get("functions", (0, ""))
        result["by_functions"] = [rule for rule in re.findall(r'"rule":"([^"]*)"', text) if not rule.startswith(INTERNAL)]
        if status == 0 and BY_FUNCTIONS not in text:
            fail(f"{name}: functions: no function was hooked")
        if missed := set(result["detections"]) - set(result["by_functions"]):
            fail(f"{name}: functions: not seen: {', '.join(sorted(missed))}")
    for section, key in (("units", "units"), ("driver", "tests"), ("driver_functions", "tests_by_functions")):
        if section in found:
            status, text = found[section]
            counts = result[key] = {}
            for word, count in re.findall(r"(PASSED|FAILED|SKIPPED) +\] (\d+) tests?", text):
                counts[word] = counts.get(word, 0) + int(count)
            if status != 0:
                failed = re.findall(r"FAILED +\] ([\w/]+\.[\w/]+)", text)
                fail(f"{name}: {section}: {', '.join(dict.fromkeys(failed)) or text.strip()[-300:]}")
    return result


def detections_of(result):
    """The rules that fired, those of 32-bit programs as one."""
    rules = list(dict.fromkeys(result["detections"]))
    narrow = [rule for rule in rules if rule.startswith(NARROW)]
    told = [rule for rule in rules if rule not in narrow]
    if narrow:
        told.append(f"{len(narrow)} of a 32-bit program")
    return ", ".join(told)


def counted(tests):
    return f"{tests.get('PASSED', 0)} passed, {tests.get('SKIPPED', 0)} skipped"


def judge_counts(name, lines):
    """{loop: {hooks: instructions of a round}} of the guest whose clock counts them; and what was refused there."""
    status, text = sections(lines)[0].get("count", (None, ""))
    counts = {}
    for hooks, loop, instructions in re.findall(r"count (\w+) ([\w ]+): [\d.]+ ([\d.]+)", text):
        counts.setdefault(loop, {})[hooks] = float(instructions)
    failures = [] if status == 0 and all("one" in loop for loop in counts.values()) and counts else [f"{name}: count: {text.strip()[-300:]}"]
    for hooks, why in re.findall(r"refused (\w+): (.*)", text):
        print(f"{name}: no hooks by {hooks}: {why}", flush=True)
    return counts, failures


def added(loop, hooks):
    """Instructions that hooks add to a round of a loop."""
    return f"{loop[hooks] - loop['none']:,.0f}" if hooks in loop else "–"


def count_table(results):
    kinds = ("one", "each", "functions")
    loops = ("getppid", "open and close")
    rows = [["kernel", *(f"{loop}: {what}" for loop in loops for what in ("instructions", *(f"{kind} adds" for kind in kinds)))]]
    rows.append(["---"] * len(rows[0]))
    for name, result in sorted(results.items()):
        if counts := result.get("counts"):
            rows.append([name, *(cell for loop in loops for cell in (f"{counts[loop]['none']:,.0f}", *(added(counts[loop], kind) for kind in kinds)))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def table(results):
    columns = ["kernel", "release", "CPUs, page size", "programs", "to verify", "verified in", "memory", "live tests", "units", "detections",
               "dropped", "goes without"]
    rows = [columns, ["---"] * len(columns)]
    for name, result in sorted(results.items()):
        row = [name, result["release"], result["cpus"]]
        rows.append(row)
        if result["failures"] or result.get("refused"):
            told = f"failed: {'; '.join(result['failures'])}" if result["failures"] else f"refused, as it has to be: {result['refused']}"
            row += [told] + [""] * (len(columns) - len(row) - 1)
            continue
        loaded, tests = result["programs"], result.get("tests")
        row += [
            str(len(loaded)),
            f"{sum(p['verified'] for p in loaded.values()):,}",
            f"{sum(p['verify_ms'] for p in loaded.values()) / 1000:.1f} s",
            f"{result['rss_kib'] / 1024:.0f}" + (f" / {result['group_kib'] / 1024:.0f}" if result["group_kib"] else "") + " MiB",
            counted(tests) if tests else "not run",
            counted(result["units"]),
            detections_of(result),
            result.get("dropped", "?"),
            ", ".join(result["missing"]) or "nothing",
        ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


PAGE = """# Kernels

Written by `make kernels`: kernels of Debian's suites, booted by emulation of the processor (whose times say nothing of a real one) with
the programs of a build. In each the probe is loaded, its live tests are run, and the agent has to see a file read on the host, in a
container's cgroup, while a CPU is offline, on a CPU that has come back and, where there are more than two, on the last one; and what a
32-bit program does (i386 on amd64, arm on arm64): open, openat, writev, rename, unlink, connect, sendmsg, execve, some of which fail.

"To verify" is the number of instructions that the kernel's verifier follows over all programs (of each, at most a million is allowed).
`saker doctor --programs` prints it for the machine that it runs on. `tests/kernels/programs.json` has it for each program; a growth
by more than a fifth fails a test, one of its time is only reported. "Memory" is the agent's resident memory, and the most that its
cgroup, which has the chart's limit of 138 MiB, has held with the kernel's share in it (5.10 does not count maps and ring buffers there; 7.3 has no such
limit in a v1 hierarchy).
"Units" are the unit tests that an emulator of single programs lacks system calls for. "Dropped" is what the agent says that it lost while
four programs took two processors (or one) from each other. From Linux 7 on the kernel preempts the probe's programs, and leaves out
those that would run on that processor meanwhile (`missed_runs`). An emulated processor does far less between two ticks of its clock
than a real one, which makes that likely.
"Goes without" are features that this kernel lacks; [troubleshoot.md](troubleshoot.md) says more of `saker doctor`.
A feature can also be done without on purpose (`saker.without` in the configuration, a list of typed_reads, ring_requests, identify,
each_call, exact_memory, call_functions, close_names).

No kernel of Debian's has pages of 64 KiB, and none that it still has is too old for a ring buffer: sizes for such pages are tested
by units, and the sentence about such a kernel by a library that answers as it would.

{table}

## What hooks add to a call

Instructions, which the emulator counts and which do not depend on its speed: of a call that no rule wants (`getppid`), and of opening and
closing a file, of which the rules want the opening and the probe rules out the name. `saker.call_hooks` says which hooks there are: one
for all calls, a tracepoint for each that is wanted, or the functions of those. "–": this kernel has no such hooks. Where functions can be
hooked, the agent has to see all of the above with them, too, and the probe's live tests are run with them once more.

{counts}
"""


def write_table(results):
    with open(TABLE, "w") as file:
        file.write(PAGE.format(table=table(results), counts=count_table(results)))


def main():
    parser = argparse.ArgumentParser(prog="tests/kernels/run")
    parser.add_argument("--arch", action="append", choices=["amd64", "arm64"])
    parser.add_argument("--kernel", action="append", default=[], help="as --list names them; all when none is given")
    parser.add_argument("--quick", action="store_true", help="without the live tests of the probe")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    boots = [(k, v) for k, v in all_boots() if (not options.arch or k.arch in options.arch)
             and (not options.kernel or name_of(k, v) in options.kernel)]
    if unknown := set(options.kernel) - {name_of(*boot) for boot in all_boots()}:
        parser.error(f"no such kernel: {', '.join(sorted(unknown))} (--list tells them)")
    if options.list:
        print("\n".join(name_of(*boot) for boot in boots))
        return 0
    results, failures, made = {}, 0, set()
    if os.path.exists(RESULTS):
        with open(RESULTS) as file:
            results = json.load(file)
    for kernel, variant in boots:
        name = name_of(kernel, variant)
        try:
            files = debian_kernels.fetch(kernel)
        except debian_kernels.Unavailable as error:
            print(f"{name}: skipped: {error}", flush=True)
            continue
        initramfs = os.path.join(debian_kernels.KEEP, f"initramfs-{kernel.arch}")
        if kernel.arch not in made:
            guest.make_initramfs(kernel.arch, initramfs)
            made.add(kernel.arch)
        quick = options.quick or variant != PLAIN
        words = (*variant.words, *(("saker.refused=1",) if variant.refusal else ()), *(("saker.quick=1",) if quick else ()))
        lines = guest.boot(files.vmlinuz, kernel.arch, initramfs, os.path.join(debian_kernels.KEEP, f"{name}.log"),
                           words=words, smp=variant.smp, memory=variant.memory)
        result = results[name] = judge(name, lines, quick, variant.refusal)
        if variant == PLAIN:
            lines = guest.boot(files.vmlinuz, kernel.arch, initramfs, os.path.join(debian_kernels.KEEP, f"{name}-count.log"),
                               words=("saker.count=1",), counted=True)
            result["counts"], failed = judge_counts(name, lines)
            result["failures"] += failed
        failures += bool(result["failures"])
        print(f"{name}: {result['release']}: {len(result.get('programs', {}))} programs, "
              f"{sum(p['verified'] for p in result.get('programs', {}).values())} instructions verified, "
              f"detected {len(set(result.get('detections', [])))}, live tests {result.get('tests', 'not run')}, "
              f"memory {result.get('rss_kib', 0)} KiB resident, {result.get('group_kib', 0)} KiB in its cgroup", flush=True)
        if "by_functions" in result:
            print(f"{name}: with hooks at functions: detected {len(set(result['by_functions']))}, "
                  f"live tests {result.get('tests_by_functions', 'not run')}", flush=True)
        for loop, counts in result.get("counts", {}).items():
            told = ", ".join(f"{kind} adds {added(counts, kind)}" for kind in ("one", "each", "functions"))
            print(f"{name}: {loop} takes {counts['none']:.0f} instructions, {told}", flush=True)
        for note in result["notes"]:
            print(f"slower {note}", flush=True)
        for failure in result["failures"]:
            print(f"FAILED {failure}", flush=True)
        with open(RESULTS, "w") as file:
            json.dump(results, file, indent=1)
        write_table(results)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
