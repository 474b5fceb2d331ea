"""Runs a pod of the rendered chart with podman: images, arguments, variables, mounts, users, capabilities and security settings are the
ones that Kubernetes would be given. What Kubernetes does around a pod is done by hand: ConfigMaps and Secrets become folders and
variables, an emptyDir becomes a folder, names of Services lead to this network namespace."""

import base64
import os
import re
import shutil
import subprocess

# Not to be had on every test machine; podman would refuse to give what it does not have.
CAPABILITIES = re.search(r"CapBnd:\s+(\w+)", open("/proc/self/status").read()).group(1)
SYS_RESOURCE = 24


def may_give(capability):
    return capability != "SYS_RESOURCE" or int(CAPABILITIES, 16) >> SYS_RESOURCE & 1


class Podman:
    """podman with a store of its own, below `folder`."""

    def __init__(self, folder):
        self.folder = folder
        where = {"root": "root", "runroot": "run", "tmpdir": "tmp"}
        self.command = ["podman", *(f"--{k}={os.path.join(folder, v)}" for k, v in where.items()),
                        "--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--runtime=runc", "--events-backend=none"]
        self.started = []

    def __call__(self, *args, check=True):
        done = subprocess.run([*self.command, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"podman {' '.join(args)}: {done.stderr}{done.stdout}")
        return done.stdout.strip()

    def run(self, name, *args):
        self.started.append(name)
        return self("run", "-d", "--pull=never", "--name", name, *args)

    def pid(self, name):
        return int(self("inspect", "-f", "{{.State.Pid}}", name))

    def logs(self, name):
        done = subprocess.run([*self.command, "logs", name], capture_output=True, text=True)
        return done.stdout, done.stderr

    def remove(self):
        for name in reversed(self.started):
            self("rm", "-f", "-t", "5", name, check=False)
        # runc's mounts of the vfs store are gone with the containers.
        shutil.rmtree(self.folder, ignore_errors=True)


class Pod:
    """One workload of rendered objects, as arguments for podman."""

    def __init__(self, objects, workload, folder):
        self.objects = objects
        self.folder = os.path.join(folder, workload["metadata"]["name"])
        os.makedirs(self.folder)
        self.spec = workload["spec"]["template"]["spec"]
        [self.container] = self.spec["containers"]

    def named(self, kind, name):
        return next(o for o in self.objects if o["kind"] == kind and o["metadata"]["name"] == name)

    def source(self, volume):
        """The folder on this machine that a volume is."""
        if "hostPath" in volume:
            return volume["hostPath"]["path"]
        folder = os.path.join(self.folder, volume["name"])
        os.makedirs(folder, exist_ok=True)
        if "configMap" in volume:
            for name, text in self.named("ConfigMap", volume["configMap"]["name"])["data"].items():
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
        elif "emptyDir" in volume:
            os.chmod(folder, 0o777)  # as the kubelet makes it
        else:
            raise ValueError(f"volume {volume}")
        return folder

    def mounts(self):
        volumes = {v["name"]: v for v in self.spec["volumes"]}
        for mount in self.container["volumeMounts"]:
            options = ["ro"] if mount.get("readOnly") else []
            if mount.get("mountPropagation") == "HostToContainer":
                options.append("rslave")
            yield from ("-v", ":".join(filter(None, [self.source(volumes[mount["name"]]), mount["mountPath"], ",".join(options)])))

    def variables(self):
        for source in self.container.get("envFrom", []):
            for name, value in self.named("Secret", source["secretRef"]["name"])["data"].items():
                yield from ("-e", f"{name}={base64.b64decode(value).decode()}")
        for entry in self.container.get("env", []):
            value = entry.get("value") or {"spec.nodeName": "node-1"}[entry["valueFrom"]["fieldRef"]["fieldPath"]]
            yield from ("-e", f"{entry['name']}={value}")

    def security(self):
        pod, own = self.spec.get("securityContext", {}), self.container["securityContext"]
        both = {**pod, **own}
        user = str(both.get("runAsUser", 0))
        if "runAsGroup" in both:
            user += f":{both['runAsGroup']}"
        yield from ("--user", user)
        if own.get("privileged"):
            yield "--privileged"
        if own.get("readOnlyRootFilesystem"):
            yield from ("--read-only", "--read-only-tmpfs=false")
        if own.get("allowPrivilegeEscalation") is False:
            yield "--security-opt=no-new-privileges"
        if both.get("seccompProfile", {}).get("type") == "Unconfined":
            yield "--security-opt=seccomp=unconfined"
        for capability in own.get("capabilities", {}).get("drop", []):
            yield f"--cap-drop={capability.lower()}"
        for capability in own.get("capabilities", {}).get("add", []):
            if may_give(capability):
                yield f"--cap-add={capability}"

    def podman_arguments(self, image):
        command = self.container.get("command", [])
        return [
            "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024",
            *self.security(), *self.variables(), *self.mounts(), "--entrypoint", command[0], image,
            *command[1:], *self.container.get("args", []),
        ]
