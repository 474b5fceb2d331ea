"""Real container runtimes with all their state in a directory of their own, away from those that the machine may use.

The agent looks in the places where runtimes keep their files; `view()` is a command prefix that shows it a runtime's
own directory there, in a mount namespace of the agent's.
"""

import hashlib
import io
import json
import os
import re
import secrets
import shutil
import subprocess
import tarfile
import tempfile
import time

from harness import make_rootfs

WAIT_SECONDS = 60  # for a daemon to come up on a loaded machine
IMAGE = "localhost/saker/box:1.2"
IMAGE_ACCOUNTS = {"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nweb:x:4711:4712:Web:/srv/web:/bin/web\n",
                  "etc/group": "root:x:0:\nstaff:x:4712:\n"}


def missing(*programs):
    """The first of them that is not installed, or None."""
    return next((program for program in programs if shutil.which(program) is None), None)


def wait_until(what, condition, process=None):
    deadline = time.time() + WAIT_SECONDS
    while not condition():
        if time.time() > deadline or (process is not None and process.poll() is not None):
            raise AssertionError(f"{what} did not come up")
        time.sleep(0.05)


def make_image(directory):
    """A tar that ctr, docker and podman load as IMAGE: busybox with two accounts."""
    rootfs = os.path.join(directory, "rootfs")
    make_rootfs(rootfs)
    for name, text in IMAGE_ACCOUNTS.items():
        with open(os.path.join(rootfs, name), "w") as file:
            file.write(text)
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name in sorted(os.listdir(rootfs)):
            tar.add(os.path.join(rootfs, name), arcname=name)
    digest = lambda data: "sha256:" + hashlib.sha256(data).hexdigest()
    config = json.dumps({
        "architecture": "amd64", "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sleep", "1000"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer.getvalue())]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(config), "size": len(config)},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(layer.getvalue()),
                    "size": len(layer.getvalue())}],
    }).encode()
    index = json.dumps({
        "schemaVersion": 2,
        "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(manifest),
                       "size": len(manifest),
                       "annotations": {"org.opencontainers.image.ref.name": "1.2", "io.containerd.image.name": IMAGE}}],
    }).encode()
    blob = lambda data: "blobs/sha256/" + hashlib.sha256(data).hexdigest()
    docker = json.dumps([{"Config": blob(config), "RepoTags": [IMAGE], "Layers": [blob(layer.getvalue())]}]).encode()
    path = os.path.join(directory, "image.tar")
    with tarfile.open(path, "w") as tar:
        for name, data in (("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index),
                           ("manifest.json", docker), (blob(config), config), (blob(manifest), manifest),
                           (blob(layer.getvalue()), layer.getvalue())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path, hashlib.sha256(config).hexdigest(), digest(manifest)


class Runtime:
    """A directory, the daemons in it, and what to undo."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="saker-runtime-", dir="/run")
        # What is mounted in here later must be seen by the agent too.
        subprocess.run(["mount", "--bind", self.directory, self.directory], check=True)
        subprocess.run(["mount", "--make-shared", self.directory], check=True)
        self.image_tar, self.image_id, self.image_digest = make_image(self.directory)
        self.processes = []

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def start(self, *command, environment=None):
        log = open(self.path(os.path.basename(command[0]) + ".log"), "w")
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **(environment or {})})
        log.close()
        self.processes.append(process)
        return process

    def view(self, *places):
        """A command prefix; `places` are (own directory, where the agent looks)."""
        binds = " && ".join(f"mkdir -p {there} && mount --bind {self.path(own)} {there}" for own, there in places)
        return ("unshare", "-m", "--propagation", "slave", "sh", "-c", binds + ' && exec "$@"', "sh")

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # A shim outlives its daemon: it is one of ours when its command line names our directory.
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read()
            except OSError:
                continue
            if b"shim" in command and self.directory.encode() in command:
                try:
                    os.kill(int(pid), 9)
                except ProcessLookupError:
                    pass
        with open("/proc/self/mounts") as mounts:
            inside = [line.split()[1] for line in mounts if line.split()[1].startswith(self.directory)]
        for mount in sorted(inside, reverse=True):
            subprocess.run(["umount", "-l", mount], capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)


class Containerd(Runtime):
    """containerd with its CRI, no network plugin: pods use the host's network."""

    NEEDS = ("containerd", "ctr", "runc", "protoc", "curl")

    def __init__(self):
        super().__init__()
        self.socket = self.path("containerd.sock")
        with open(self.path("config.toml"), "w") as file:
            file.write(f"""
version = 2
root = "{self.path('root')}"
state = "{self.path('state')}"
oom_score = 0
[grpc]
  address = "{self.socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    conf_dir = "{self.path('cni')}"
""")
        process = self.start("containerd", "--config", self.path("config.toml"))
        wait_until("containerd", lambda: self.ctr("version").returncode == 0, process)
        for space in ("k8s.io", "default"):
            done = self.ctr("-n", space, "images", "import", self.image_tar)
            assert done.returncode == 0, done.stderr

    def ctr(self, *arguments):
        return subprocess.run(["ctr", "--address", self.socket, *arguments], capture_output=True, text=True)

    def cri(self):
        return Cri(self)


def textproto(message):
    """A message, given as a dict, in protobuf's text format."""
    lines = []
    for key, value in message.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(item, dict):
                lines.append(f"{key} {{ {textproto(item)} }}")
            elif isinstance(item, bool):
                lines.append(f"{key}: {str(item).lower()}")
            else:
                lines.append(f"{key}: {json.dumps(item)}")
    return " ".join(lines)


def pairs(words):
    return [{"key": key, "value": value} for key, value in words.items()]


class Cri:
    """kubelet's part: gRPC by curl, messages by protoc."""

    def __init__(self, containerd):
        self.directory, self.socket = containerd.directory, containerd.socket
        wait_until("the CRI", lambda: self.attempt("Version", b"")[0] == "0")

    def _protoc(self, what, message, data):
        here = os.path.dirname(os.path.abspath(__file__))
        return subprocess.run(["protoc", f"--{what}=saker.test.{message}", "-I", here, "cri_client.proto"], input=data,
                              capture_output=True, check=True).stdout

    def attempt(self, method, message):
        """The gRPC status with its text, and the answer."""
        headers = os.path.join(self.directory, "headers-" + secrets.token_hex(4))
        answer = subprocess.run(
            ["curl", "-s", "--http2-prior-knowledge", "--unix-socket", self.socket, "-D", headers, "--data-binary", "@-",
             "-H", "Content-Type: application/grpc", "-H", "TE: trailers",
             f"http://localhost/runtime.v1.RuntimeService/{method}"],
            input=b"\0" + len(message).to_bytes(4, "big") + message, capture_output=True).stdout
        if not os.path.exists(headers):
            return "no answer", b""
        with open(headers) as file:
            lines = file.read()
        os.unlink(headers)
        status = re.search(r"grpc-status: (\d+)", lines)
        text = re.search(r"grpc-message: (.*)", lines)
        words = (status.group(1) if status else "none") + " " + (text.group(1) if text else "")
        return words.strip(), answer[5:]

    def encode(self, request, **message):
        return self._protoc("encode", request, textproto(message).encode())

    def call(self, method, request, **message):
        status, answer = self.attempt(method, self.encode(request, **message))
        assert status == "0", f"{method}: {status}"
        return answer

    def id(self, method, request, answer, **message):
        """For an answer that is one id."""
        text = self._protoc("decode", answer, self.call(method, request, **message)).decode()
        return re.search(r'"([^"]+)"', text).group(1)

    def pod(self, name, namespace="shop", labels=None, annotations=None):
        uid = secrets.token_hex(4) + "-1111-2222-3333-" + secrets.token_hex(6)
        words = {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.uid": uid}
        logs = os.path.join(self.directory, "logs", uid)
        os.makedirs(logs)
        config = {
            "metadata": {"name": name, "namespace": namespace, "uid": uid}, "log_directory": logs,
            "labels": pairs({**words, **(labels or {})}), "annotations": pairs(annotations or {}),
            "linux": {"cgroup_parent": f"/kubepods/burstable/pod{uid}",
                      "security_context": {"namespace_options": {"network": 2, "pid": 1}, "privileged": True}},
        }
        return Pod(self, config, self.id("RunPodSandbox", "RunPodSandboxRequest", "RunPodSandboxResponse", config=config),
                   words)


class Pod:
    def __init__(self, cri, config, sandbox_id, words):
        self.cri, self.config, self.sandbox_id, self.words = cri, config, sandbox_id, words
        self.uid = config["metadata"]["uid"]

    def create(self, name, *command, privileged=False, mounts=()):
        config = {
            "metadata": {"name": name}, "image": {"image": IMAGE}, "command": command,
            "mounts": [{"host_path": source, "container_path": target, "readonly": readonly}
                       for source, target, readonly in mounts],
            "labels": pairs({**self.words, "io.kubernetes.container.name": name}), "log_path": name + ".log",
            "linux": {"security_context": {"privileged": privileged, "namespace_options": {"network": 2, "pid": 1}}},
        }
        return self.cri.id("CreateContainer", "CreateContainerRequest", "CreateContainerResponse",
                           pod_sandbox_id=self.sandbox_id, config=config, sandbox_config=self.config)

    def start(self, container_id):
        self.cri.call("StartContainer", "StartContainerRequest", container_id=container_id)

    def run(self, name, *command, **options):
        container_id = self.create(name, *command, **options)
        self.start(container_id)
        return container_id

    def exec(self, container_id, *command):
        self.cri.call("ExecSync", "ExecSyncRequest", container_id=container_id, cmd=command, timeout=30)

    def remove(self):
        # As kubelet does, more than once: a container that has just ended may not be stopped at the first try.
        request = self.cri.encode("StopPodSandboxRequest", pod_sandbox_id=self.sandbox_id)
        wait_until("the end of a pod", lambda: self.cri.attempt("StopPodSandbox", request)[0] == "0")
        wait_until("the end of a pod", lambda: self.cri.attempt("RemovePodSandbox", request)[0] == "0")


class Docker(Runtime):
    """dockerd with its own containerd, no network."""

    NEEDS = ("dockerd", "containerd", "runc")

    def __init__(self):
        super().__init__()
        self.socket = self.path("docker.sock")
        with open(self.path("daemon.json"), "w") as file:
            json.dump({
                "data-root": self.path("data"), "exec-root": self.path("exec"), "pidfile": self.path("docker.pid"),
                "hosts": ["unix://" + self.socket], "bridge": "none", "iptables": False, "ip6tables": False,
                "ip-masq": False, "storage-driver": "overlay2", "oom-score-adjust": 0,
            }, file)
        process = self.start("dockerd", "--config-file", self.path("daemon.json"))
        wait_until("dockerd", lambda: self.docker("version").returncode == 0, process)
        done = self.docker("load", "-i", self.image_tar)
        assert done.returncode == 0, done.stderr

    def docker(self, *arguments):
        return subprocess.run(["docker", "-H", "unix://" + self.socket, *arguments], capture_output=True, text=True)

    def run(self, *arguments, command=()):
        return self.docker("run", "--network", "host", *arguments, IMAGE, *command)


class Podman(Runtime):
    NEEDS = ("podman", "runc")

    def __init__(self):
        super().__init__()
        done = self.podman("load", "-i", self.image_tar)
        assert done.returncode == 0, done.stderr

    def command(self):
        return ["podman", "--root", self.path("storage"), "--runroot", self.path("runroot"),
                "--tmpdir", self.path("tmp"), "--runtime", "runc", "--cgroup-manager", "cgroupfs",
                "--storage-driver", "vfs"]

    def podman(self, *arguments):
        return subprocess.run([*self.command(), *arguments], capture_output=True, text=True)

    def serve(self):
        self.socket = self.path("podman.sock")
        process = self.start(*self.command(), "system", "service", "--time=0", "unix://" + self.socket)
        wait_until("podman", lambda: os.path.exists(self.socket), process)

    def run(self, *arguments, command=()):
        return self.podman("run", "--network", "host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024",
                           *arguments, IMAGE, *command)
