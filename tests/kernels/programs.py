"""What `saker doctor --programs` says of the probe's programs, and what it said when it was last recorded (programs.json)."""

import json
import os
import re
import subprocess

RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs.json")
GROWTH_MAX = 1.2
LINE = re.compile(r"^(\w+) +(\d+) +(\d+) +([\d.]+) +(\d+)$", re.M)
STACK_MAX, FRAME_MIN = 512, 32


def parse(text):
    """{program: {instructions, verified, verify_ms, machine_bytes}} of those that were loaded."""
    return {name: {"instructions": int(instructions), "verified": int(verified), "verify_ms": float(ms), "machine_bytes": int(size)}
            for name, instructions, verified, ms, size in LINE.findall(text)}


def series(release):
    return ".".join(re.findall(r"\d+", release)[:2])


def recorded():
    if not os.path.exists(RECORD):
        return {}
    with open(RECORD) as file:
        return json.load(file)


def record(kernel, measured):
    known = recorded()
    keys = ("instructions", "verified", "verify_ms")
    known[kernel] = {name: {key: program[key] for key in keys} for name, program in measured.items()}
    with open(RECORD, "w") as file:
        json.dump(known, file, indent=1, sort_keys=True)
        file.write("\n")


def grown(kernel, measured, known=None):
    """A sentence for each number that has grown by more than a fifth; of a kernel without record there are none."""
    known = recorded() if known is None else known
    if kernel not in known:
        return []
    sentences = []
    for name, program in measured.items():
        before = known[kernel].get(name)
        if before is None:
            sentences.append(f"{kernel}: {name} is not recorded in {os.path.basename(RECORD)}")
            continue
        for key in ("instructions", "verified"):
            if program[key] > before[key] * GROWTH_MAX:
                sentences.append(f"{kernel}: {name}: {key}: from {before[key]} to {program[key]}")
    return sentences


def slower(kernel, measured, known=None):
    """A sentence for each program that takes more than a fifth longer to load. Times differ from run to run, so that they are told
    and fail nothing; those of less than a millisecond say nothing at all."""
    known = (recorded() if known is None else known).get(kernel, {})
    return [f"{kernel}: {name}: {known[name]['verify_ms']} ms when it was recorded, {program['verify_ms']} ms now"
            for name, program in measured.items()
            if "verify_ms" in known.get(name, {}) and program["verify_ms"] > max(1.0, known[name]["verify_ms"]) * GROWTH_MAX]


def deepest_stacks(disassembler, path):
    """{program: (bytes of stack of the deepest calls, those functions)}, as the kernel adds it up."""
    listing = subprocess.run([disassembler, "-dr", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout
    frames, calls, function = {}, {}, None
    for line in listing.splitlines():
        if begin := re.match(r"[0-9a-f]+ <(\w+)>:", line):
            function = begin.group(1)
            frames[function], calls[function] = 0, set()
        for at in re.findall(r"r10 (?:- |\+ -)0x([0-9a-f]+)", line) + re.findall(r"r\d \+= -0x([0-9a-f]+)$", line):
            if function and int(at, 16) <= STACK_MAX:
                frames[function] = max(frames[function], int(at, 16))
        if function and (call := re.search(r"R_BPF_64_32\s+(\w+)", line)):
            calls[function].add(call.group(1))

    def deepest(name):
        below = max((deepest(called) for called in calls[name] if called in frames), default=(0, []))
        return max(FRAME_MIN, -(-frames[name] // FRAME_MIN) * FRAME_MIN) + below[0], [(name, frames[name]), *below[1]]

    return {name: deepest(name) for name in frames}
