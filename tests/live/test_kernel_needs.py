"""What the probe asks of a kernel: how much there is to verify, how deep its calls go, and that it does without what a kernel may
lack. Other kernels than this one are booted by `make kernels`.

SAKER_RECORD=1 writes the numbers of this kernel down instead of comparing them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import ROOT, SAKER, Agent, LiveTest

sys.path.append(os.path.join(ROOT, "tests", "kernels"))
import programs  # noqa: E402

# For kernels with typed reads, and for those without, which are the strict ones.
OBJECTS = [os.path.join(os.path.dirname(os.path.dirname(SAKER)), "probe", f"{name}.bpf.o") for name in ("probe", "probe_untyped")]
OLDER_KERNEL = os.path.join(os.path.dirname(SAKER), "older_kernel.so")
DISASSEMBLER = shutil.which("llvm-objdump-19") or shutil.which("llvm-objdump")


class Verification(LiveTest):
    def test_what_there_is_to_verify_has_not_grown_by_a_fifth(self):
        done = subprocess.run([SAKER, "doctor", "--programs"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout)
        measured = programs.parse(done.stdout)
        self.assertIn("syscall_exit", measured)
        kernel = programs.series(os.uname().release) + "-" + {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
        if os.environ.get("SAKER_RECORD"):
            programs.record(kernel, measured)
        # Times are told, never judged: the machine may be busy with something else.
        print("time to load:", " ".join(f"{name}={program['verify_ms']}ms" for name, program in measured.items()))
        for sentence in programs.slower(kernel, measured):
            print("grown by more than a fifth:", sentence)
        self.assertEqual(programs.grown(kernel, measured), [])

    def test_growth_is_noticed(self):
        known = {"x": {"instructions": 100, "verified": 1000}}
        same = {"x": {"instructions": 119, "verified": 1199, "verify_ms": 1.0}}
        self.assertEqual(programs.grown("k", same, {"k": known}), [])
        for key, value in (("instructions", 121), ("verified", 1201)):
            grown = programs.grown("k", {"x": {**same["x"], key: value}}, {"k": known})
            self.assertEqual(len(grown), 1)
            self.assertRegex(grown[0], rf"k: x: {key}: .* to {value}")
        self.assertRegex(programs.grown("k", {"y": same["x"]}, {"k": known})[0], "y.*not recorded")
        self.assertEqual(programs.grown("other", same, {"k": known}), [])

    def test_more_time_is_told(self):
        known = {"k": {"x": {"instructions": 100, "verified": 1000, "verify_ms": 10.0}, "quick": {"verify_ms": 0.2}}}
        self.assertEqual(programs.slower("k", {"x": {"verify_ms": 11.9}, "quick": {"verify_ms": 1.1}, "new": {"verify_ms": 9.0}}, known), [])
        self.assertRegex(programs.slower("k", {"x": {"verify_ms": 12.1}}, known)[0], "k: x: 10.0 ms .* 12.1 ms now")
        self.assertEqual(programs.slower("other", {"x": {"verify_ms": 99.0}}, known), [])

    def test_calls_in_calls_share_512_bytes_of_stack(self):
        """Newer kernels give some programs a stack of their own and would not notice."""
        if not DISASSEMBLER or not os.path.exists(OBJECTS[0]):
            self.skipTest("no llvm-objdump, or not where the probe was built")
        for path in OBJECTS:
            deepest = programs.deepest_stacks(DISASSEMBLER, path)
            self.assertIn("syscall_exit", deepest)
            for name, (total, chain) in deepest.items():
                self.assertLessEqual(total, 512, f"{os.path.basename(path)}: {name}: {chain}")


RULES = """
- rule: opened
  desc: d
  condition: evt.type in (open, openat) and fd.name = {file}
  output: "%fd.name %proc.vmsize %proc.vmrss"
  priority: DEBUG
- rule: ran
  desc: d
  condition: evt.type = execve and proc.args contains {mark}
  output: o
  priority: DEBUG
- rule: closed
  desc: d
  condition: evt.type = close and proc.args contains {mark}
  output: "%fd.name"
  priority: DEBUG
"""


class Without(LiveTest):
    """Each feature that a kernel may lack is taken away; what is promised still holds."""

    def act(self, *without, arguments=()):
        folder = tempfile.mkdtemp(prefix="saker-without-")
        self.addCleanup(shutil.rmtree, folder)
        mark = os.path.basename(folder)
        file = os.path.join(folder, mark)
        rules = os.path.join(folder, "rules.yaml")
        for path, text in ((file, "x"), (rules, RULES.format(file=file, mark=mark))):
            with open(path, "w") as out:
                out.write(text)
        for i, feature in enumerate(without):
            arguments = (*arguments, "-o", f"saker.without[{i}]={feature}")
        if "each_call" in without or "call_functions" in without:
            arguments = (*arguments, "-o", "saker.call_hooks=auto")
        with Agent("-o", "rule_matching=all", *arguments, rules=[rules]) as agent:
            subprocess.run(["cat", file], check=True, capture_output=True)
            opened = agent.wait_for(rule="opened")
            agent.wait_for(rule="ran")
            agent.wait_for(rule="closed")
        self.assertGreater(opened["output_fields"]["proc.vmsize"], 0)
        self.assertGreaterEqual(opened["output_fields"]["proc.vmrss"], 0)
        self.assertEqual(opened["output_fields"]["fd.name"], file)

    def test_typed_reads(self):
        self.act("typed_reads")

    def test_identify(self):
        self.act("identify")

    def test_each_call(self):
        self.act("each_call")

    def test_call_functions(self):
        self.act("call_functions")

    def test_exact_memory(self):
        self.act("exact_memory")

    def test_close_names(self):
        self.act("close_names")

    def test_ring_requests(self):
        self.act("ring_requests")

    def test_all_at_once(self):
        self.act("typed_reads", "identify", "each_call", "exact_memory", "call_functions", "close_names", "ring_requests")

    def test_a_program_that_would_use_it_is_not_loaded(self):
        for feature, missing in (("identify", "identify"), ("each_call", "syscall_exit_one"), ("call_functions", "call_returns"), ("ring_requests", "ring_complete")):
            done = subprocess.run([SAKER, "doctor", "--programs", "--without", feature], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertNotIn(missing, programs.parse(done.stdout))
            self.assertRegex(done.stdout, rf"(?m)^{missing} +not loaded")

    def test_functions_are_hooked_or_refused_in_one_sentence(self):
        doctor = subprocess.run([SAKER, "doctor"], capture_output=True, text=True).stdout
        if "functions can be hooked" in doctor:
            self.act(arguments=("-o", "saker.call_hooks=functions"))
            return
        done = subprocess.run([SAKER, "-c", os.path.join(ROOT, "saker.yaml"), "-o", "saker.call_hooks=functions", "-o",
                               "saker.store.enabled=false", "-o", "webserver.enabled=false", "-M", "1"],
                              capture_output=True, text=True, cwd=ROOT, timeout=60)
        self.assertEqual(done.returncode, 3, done.stderr)
        said = re.findall(r"cannot hook functions: (.+)", done.stderr)
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn(re.search(r"call hooks +tracepoints, which all calls pay for: (.+)", doctor).group(1), said[0])

    def test_an_unknown_feature_is_an_error(self):
        done = subprocess.run([SAKER, "-c", os.path.join(ROOT, "saker.yaml"), "-o", "saker.without[0]=nonsense", "--dry-run"],
                              capture_output=True, text=True, cwd=ROOT)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, re.compile("unknown feature 'nonsense'.*typed_reads", re.S))


class Refusals(LiveTest):
    """A machine that cannot run the probe: one sentence, exit status 3."""

    def test_missing_capability_and_type_information(self):
        drop = ("setpriv", "--bounding-set", "-bpf,-sys_admin,-perfmon", "--inh-caps", "-bpf,-sys_admin,-perfmon")
        hide = ("unshare", "-m", "--propagation", "private", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh")
        for prefix, sentence in ((drop, "CAP_BPF and CAP_PERFMON are missing"), (hide, "the kernel brings no BTF")):
            self.refused(prefix, sentence)

    def test_what_older_kernels_lack(self):
        if not os.path.exists(OLDER_KERNEL):
            self.skipTest("older_kernel.so is not built")
        lacks = {"ring_buffer": "this kernel has no BPF ring buffer: Linux 5.8 or newer is needed",
                 "tracing": "this kernel has no typed tracepoint programs: Linux 5.5 or newer with CONFIG_DEBUG_INFO_BTF is needed",
                 "bpf": "the bpf() system call does not exist: the kernel needs CONFIG_BPF_SYSCALL"}
        for what, sentence in lacks.items():
            self.refused(("env", f"LD_PRELOAD={OLDER_KERNEL}", f"SAKER_TEST_LACKS={what}"), sentence)

    def refused(self, prefix, sentence):
        for command in ((SAKER, "-c", os.path.join(ROOT, "saker.yaml"), "-M", "1"), (SAKER, "doctor")):
            with self.subTest(sentence=sentence, command=command[1]):
                done = subprocess.run([*prefix, *command], capture_output=True, text=True, cwd=ROOT, timeout=60)
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                said = [line for line in (done.stdout + done.stderr).splitlines() if sentence in line]
                # doctor has it in its list, too.
                self.assertEqual(len(said), 2 if command[1] == "doctor" else 1, done.stdout + done.stderr)
