"""A small machine that boots a kernel with the programs of this build, by emulation of the processor.

What acts in it is static. The agent and the probe's tests bring their libraries: Debian has no static archive of fmt, spdlog,
prometheus-cpp, nor of the Kerberos library that libcurl needs."""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "deploy", "image"))
import closure  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TRIPLES = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
MACHINE = {
    # Without cx16: the emulator (7.2) now and then returns from it with wrong flags, and kernels from 6.6 on then panic in SLUB.
    "amd64": ["qemu-system-x86_64", "-accel", "{tcg}", "-cpu", "max,la57=off,cx16=off"],
    # Pointer authentication is emulated by dear arithmetic unless told otherwise.
    # An interrupt controller for more than eight processors.
    "arm64": ["qemu-system-aarch64", "-machine", "virt,gic-version=3", "-accel", "{tcg}", "-cpu", "max,pauth-impdef=on"],
}
COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
CONSOLE = {"amd64": "ttyS0", "arm64": "ttyAMA0"}


def native(arch):
    return os.uname().machine == TRIPLES[arch].split("-")[0]


def build_folder(arch):
    build = os.path.abspath(os.environ.get("SAKER_BUILD", os.path.join(ROOT, "build")))
    return build if native(arch) else os.path.join(build, arch)


def sysroot(arch):
    return "/" if native(arch) else os.path.join(ROOT, "build", f"{arch}-sysroot")


PROGRAMS = ("saker", "driver_live_test", "capture_test", "app_test", "workload")
STATIC = ("act",)


def make_root(arch, folder):
    """The guest's file system: our programs with their libraries, busybox, the checks and the rules."""
    shutil.rmtree(folder, ignore_errors=True)
    triple, root = TRIPLES[arch], sysroot(arch)
    for name in ("bin", "proc", "sys", "dev", "tmp", "run", "root", "etc", f"usr/lib/{triple}", "opt"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    strip = "strip" if native(arch) else f"{triple}-strip"
    built = os.path.join(build_folder(arch), "bin")
    for name in PROGRAMS + STATIC:
        subprocess.run([strip, "-o", os.path.join(folder, "bin", name), os.path.join(built, name)], check=True)
    shutil.copy(os.path.join(built, "act32"), os.path.join(folder, "bin/act32"))  # no strip knows both widths
    shutil.copy(os.path.join(root, "bin/busybox"), os.path.join(folder, "bin/busybox"))
    libraries, interpreter = closure.closure([os.path.join(built, name) for name in PROGRAMS],
                                             [os.path.join(root, "usr/lib", triple), os.path.join(root, "lib", triple)])
    for name, source in libraries.items():
        shutil.copy(source, os.path.join(folder, "usr/lib", triple, name))
    for name in {"lib", "lib64", interpreter.split("/")[1]}:
        os.makedirs(os.path.join(folder, "usr", name), exist_ok=True)
        os.symlink(f"usr/{name}", os.path.join(folder, name))
    place = os.path.join(folder, "usr", interpreter.lstrip("/"))
    if not os.path.lexists(place):
        os.symlink(f"/usr/lib/{triple}/{os.path.basename(interpreter)}", place)
    shutil.copytree(os.path.join(HERE, "guest"), folder, dirs_exist_ok=True)
    os.chmod(os.path.join(folder, "init"), 0o755)


def make_initramfs(arch, path):
    folder = path + ".root"
    make_root(arch, folder)
    names = subprocess.run(["find", ".", "-print0"], cwd=folder, check=True, capture_output=True).stdout
    with open(path, "wb") as file:
        subprocess.run(["cpio", "-o", "-0", "-H", "newc", "-R", "0:0", "--quiet"], cwd=folder, input=names, stdout=file, check=True)
    shutil.rmtree(folder)


def boot(kernel, arch, initramfs, log, words=(), smp="2", memory="1G", seconds=2400, counted=False):
    """Boots and waits for the guest's end; the console's lines. `words` go on the kernel's command line. `counted`: with one
    processor, and a clock that goes on by a nanosecond with each instruction."""
    # With a thread for each processor, code that an x86 kernel patches is now and then run half patched.
    tcg = "tcg,thread=" + ("multi" if arch == "arm64" and int(smp.split(",")[0]) <= 4 and not counted else "single")
    clock = ["-icount", "shift=0,sleep=off"] if counted else []
    command = [*(word.format(tcg=tcg) for word in MACHINE[arch]), *clock, "-smp", "1" if counted else smp, "-m", memory, "-nographic", "-no-reboot", "-nic", "none",
               "-kernel", kernel, "-initrd", initramfs,
               "-append", " ".join([f"console={CONSOLE[arch]}", "panic=-1", "quiet", "loglevel=3", "mitigations=off", *words])]
    with open(log, "wb") as file:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, timeout=seconds)
        except subprocess.TimeoutExpired:
            file.write(b"\n@@timeout\n")
    with open(log, errors="replace") as file:
        return COLOURS.sub("", file.read().replace("\r", "")).splitlines()
