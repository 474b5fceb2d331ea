"""Kernels from Debian's suites: which there are, fetched and unpacked into build/kernels.

Each suite has an apt of its own that knows nothing installed, so the machine's packages stay as they are. The mirror is the
one that the machine's own sources name."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEEP = os.path.join(ROOT, "build", "kernels")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Kernel:
    """A kernel by the name that it has on the command line and in the table."""

    name: str
    suite: str
    arch: str
    package: str  # a metapackage, or a pattern of which the newest is taken

    def __str__(self):
        return f"{self.name}-{self.arch}"


def known_kernels():
    kernels = []
    for arch in ("amd64", "arm64"):
        kernels += [
            Kernel("5.10", "bullseye", arch, f"linux-image-cloud-{arch}"),
            Kernel("6.1", "bookworm", arch, f"linux-image-cloud-{arch}"),
            Kernel("6.12", "bookworm-backports", arch, f"linux-image-cloud-{arch}"),
            Kernel("6.17", "trixie-backports", arch, rf"linux-image-6\.17\.[0-9]+\+deb[0-9]+-cloud-{arch}"),
            Kernel("sid", "sid", arch, f"linux-image-cloud-{arch}"),
            Kernel("newest", "trixie-backports", arch, f"linux-image-cloud-{arch}"),
        ]
    kernels.append(Kernel("16k", "bookworm-backports", "arm64", "linux-image-arm64-16k"))
    return kernels


class Unavailable(Exception):
    """The suite does not answer, or has no such kernel."""


class Suite:
    def __init__(self, name, arch):
        self.name, self.arch = name, arch
        self.folder = os.path.join(KEEP, "apt", f"{name}-{arch}")
        self.config = os.path.join(self.folder, "apt.conf")
        for folder in ("lists/partial", "archives/partial", "preferences.d"):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        self._write("status", "")
        self._write("sources.list", f"deb [signed-by={KEYRING}] {mirror()} {name} main\n")
        self._write("apt.conf", f"""
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Dir::State::lists "{self.folder}/lists";
Dir::State::status "{self.folder}/status";
Dir::Cache "{self.folder}";
Dir::Etc::sourcelist "{self.folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "{self.folder}/preferences.d";
""")
        self._run("apt-get", "-qq", "update")

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def _run(self, *command, cwd=None):
        done = subprocess.run(command, env={**os.environ, "APT_CONFIG": self.config}, cwd=cwd, capture_output=True, text=True)
        if done.returncode != 0 or done.stderr.startswith("E:"):
            raise Unavailable(f"{self.name}: {command[0]} {command[1]}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    def depends(self, package):
        """The names of packages that `package` needs, and its version."""
        fields = dict(line.split(": ", 1) for line in self._run("apt-cache", "show", "--no-all-versions", package).splitlines()
                      if re.match(r"\S+: ", line))
        return re.findall(r"linux-[^ ,|]+", fields.get("Depends", "")), fields["Version"]

    def newest(self, pattern):
        names = [n for n in self._run("apt-cache", "pkgnames", "linux-image-").split() if re.fullmatch(pattern, n)]
        if not names:
            raise Unavailable(f"{self.name}: no {pattern}")
        return max(names, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])

    def image(self, package):
        """The package that has the kernel, of a metapackage or a pattern."""
        if "\\" in package:
            return self.newest(package)
        needs, _ = self.depends(package)
        images = [name for name in needs if name.startswith("linux-image-")]
        return images[0] if images else package

    def download(self, image):
        """Fetches the kernel and, where they are packages of their own, its program and modules."""
        wanted = [image] + [n for n in self.depends(image)[0] if re.match(r"linux-(binary|modules|base)-\d", n)]
        folder = os.path.join(self.folder, "archives", image)
        if not os.path.isdir(folder):
            os.makedirs(folder + ".part", exist_ok=True)
            self._run("apt-get", "-qq", "download", *wanted, cwd=folder + ".part")
            os.rename(folder + ".part", folder)
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def mirror():
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(ORIGIN)", "Created-By: Packages"],
        check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        uri, release, origin = line.split(" ", 2)
        if origin == "Debian" and "-" not in release:
            return uri
    raise Unavailable("the machine's apt knows no Debian suite")


@dataclass
class Unpacked:
    release: str  # as uname -r says
    vmlinuz: str
    modules: str  # folder
    config: dict


def fetch(kernel):
    """The kernel's files, from the last time when they are there."""
    suite = Suite(kernel.suite, kernel.arch)
    image = suite.image(kernel.package)
    folder = os.path.join(KEEP, "unpacked", f"{image}-{kernel.arch}")
    if not os.path.isdir(folder):
        shutil.rmtree(folder + ".part", ignore_errors=True)
        os.makedirs(folder + ".part")
        for package in suite.download(image):
            tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
            # GNU tar fails when a pattern matches nothing, and not every package has each of these.
            subprocess.run(["tar", "-x", "-C", folder + ".part", "--wildcards", "*/boot/*", "*/lib/modules/*/overlay.ko*",
                            "*/lib/modules/*/vmlinuz", "*/lib/modules/*/config"],
                           stdin=tar.stdout, stderr=subprocess.DEVNULL)
            tar.wait()
        os.rename(folder + ".part", folder)
    return unpacked(folder)


def unpacked(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            for kind in ("vmlinuz", "config"):
                if name.startswith(kind) and os.path.getsize(os.path.join(at, name)) > 0:
                    found.setdefault(kind, os.path.join(at, name))
    if "vmlinuz" not in found:
        raise Unavailable(f"{os.path.basename(folder)} holds no kernel")
    config = {}
    if "config" in found:
        with open(found["config"]) as file:
            config = dict(line.strip().split("=", 1) for line in file if line.startswith("CONFIG_"))
    release = re.sub(r"^linux-image-|-(amd64|arm64)$", "", os.path.basename(folder))
    return Unpacked(release, found["vmlinuz"], folder, config)
