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

RESULTS = os.path.join(debian_kernels.KEEP, "results.json")
TABLE = os.path.join(debian_kernels.ROOT, "docs", "kernels.md")


@dataclass(frozen=True)
class Variant:
    name: str
    words: tuple = ()  # on the kernel's command line
    smp: str = "2"


PLAIN = Variant("")
VARIANTS = [
    Variant("hybrid", ("saker.cgroups=hybrid",)),
    Variant("v1", ("saker.cgroups=v1",)),
    Variant("lockdown", ("lockdown=integrity",)),
    Variant("one-cpu", (), "1"),
    Variant("more-possible", (), "2,maxcpus=8"),
]
VARIED = ("6.1", "newest")  # kernels that are booted in every variant


def all_boots():
    for kernel in debian_kernels.known_kernels():
        yield kernel, PLAIN
        if kernel.name in VARIED and kernel.arch == "amd64":
            for variant in VARIANTS:
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
        elif mark := re.search(r"@@(release|cpus) (.*)", line):
            marks[mark.group(1)] = mark.group(2)
        elif name:
            text.append(line)
    return found, marks


def judge(name, lines, quick):
    """What came of a boot."""
    found, marks = sections(lines)
    result = {"release": marks.get("release", ""), "cpus": marks.get("cpus", ""), "failures": []}
    fail = result["failures"].append
    if not result["release"]:
        fail(f"{name}: did not boot: {' | '.join(lines[-2:])[:300]}")
        return result
    for section in ["doctor", "detect"] + ([] if quick else ["driver"]):
        if section not in found:
            fail(f"{name}: {section}: did not end")
    status, text = found.get("doctor", (0, ""))
    if status != 0:
        fail(f"{name}: {text.strip().splitlines()[-1] if text.strip() else 'doctor said nothing'}")
    result["programs"] = programs.parse(text)
    result["missing"] = re.findall(r"^warning +(.*?) {2,}", text, re.M)
    if result["programs"]:
        kernel = f"{programs.series(result['release'])}-{name.split('-')[1]}"
        if os.environ.get("SAKER_RECORD"):
            programs.record(kernel, result["programs"])
        result["failures"] += programs.grown(kernel, result["programs"])
    status, text = found.get("detect", (0, ""))
    result["detections"] = re.findall(r'"rule":"([^"]*)"', text)
    if status != 0:
        said = [line for line in text.splitlines() if "no alert" in line or "rror" in line]
        fail(f"{name}: detection: {' | '.join(said[:3]) or 'exit status ' + str(status)}")
    if "driver" in found:
        status, text = found["driver"]
        result["tests"] = {word: int(count) for word, count in re.findall(r"(PASSED|FAILED|SKIPPED) +\].*?(\d+) tests?", text)}
        if status != 0:
            fail(f"{name}: live tests: " + ", ".join(re.findall(r"FAILED +\].*?(\w+/\w+\.[\w/]+)", text)))
    return result


def table(results):
    rows = ["| kernel | release | CPUs, page size | programs | to verify | verified in | live tests | detections | goes without |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, result in sorted(results.items()):
        if result["failures"]:
            rows.append(f"| {name} | {result['release']} | {result['cpus']} | failed: {'; '.join(result['failures'])} | | | | | |")
            continue
        loaded = result["programs"]
        tests = result.get("tests")
        told = f"{tests.get('PASSED', 0)} passed, {tests.get('SKIPPED', 0)} skipped" if tests else "not run"
        rows.append(
            f"| {name} | {result['release']} | {result['cpus']} | {len(loaded)} | {sum(p['verified'] for p in loaded.values()):,} "
            f"| {sum(p['verify_ms'] for p in loaded.values()) / 1000:.1f} s | {told} | {', '.join(dict.fromkeys(result['detections']))} "
            f"| {', '.join(result['missing']) or 'nothing'} |")
    return "\n".join(rows)


PAGE = """# Kernels

Written by `make kernels`: kernels of Debian's suites, booted by emulation of the processor (whose times say nothing of a real one) with
the programs of a build. In each the probe is loaded, its live tests are run, and the agent has to see a file read on the host, in a
container's cgroup, while a CPU is offline, and on a CPU that has come back.

"To verify" is the number of instructions that the kernel's verifier follows over all programs (of each, at most a million is allowed).
`saker doctor --programs` prints it for the machine that it runs on. `tests/kernels/programs.json` has it for each program; a growth
by more than a fifth fails a test. "Goes without" are features that this kernel lacks; [troubleshoot.md](troubleshoot.md) says more of `saker doctor`.
A feature can also be done without on purpose (`saker.without` in the configuration, a list of typed_reads, ring_requests, identify,
each_call, exact_memory, close_names).

{table}
"""


def write_table(results):
    with open(TABLE, "w") as file:
        file.write(PAGE.format(table=table(results)))


def main():
    parser = argparse.ArgumentParser(prog="tests/kernels/run")
    parser.add_argument("--arch", action="append", choices=["amd64", "arm64"])
    parser.add_argument("--kernel", action="append", default=[], help="as --list names them; all when none is given")
    parser.add_argument("--quick", action="store_true", help="without the live tests of the probe")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    boots = [(k, v) for k, v in all_boots() if (not options.arch or k.arch in options.arch)
             and (not options.kernel or name_of(k, v) in options.kernel)]
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
        words = (*variant.words, *(("saker.quick=1",) if quick else ()))
        lines = guest.boot(files.vmlinuz, kernel.arch, initramfs, os.path.join(debian_kernels.KEEP, f"{name}.log"),
                           words=words, smp=variant.smp)
        result = results[name] = judge(name, lines, quick)
        failures += bool(result["failures"])
        print(f"{name}: {result['release']}: {len(result.get('programs', {}))} programs, "
              f"{sum(p['verified'] for p in result.get('programs', {}).values())} instructions verified, "
              f"detected {len(set(result.get('detections', [])))}, live tests {result.get('tests', 'not run')}", flush=True)
        for failure in result["failures"]:
            print(f"FAILED {failure}", flush=True)
        with open(RESULTS, "w") as file:
            json.dump(results, file, indent=1)
        write_table(results)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
