"""What is told of containers and accounts, with real runtimes: on the first event, from disk and from their APIs."""

import json
import os
import re

import subprocess
import tempfile

import unittest

import runtimes
from harness import Agent, LiveTest

FIELDS = (
    "container.id", "container.full_id", "container.name", "container.type", "container.image", "container.image.id",
    "container.image.repository", "container.image.tag", "container.image.digest", "container.privileged",
    "container.mounts", "container.mount.dest[/srv]", "container.mount.source[/data]", "container.mount.rdwr[0]",
    "container.label[tier]", "container.labels", "container.host_pid", "container.host_network", "container.host_ipc",
    "container.healthcheck", "container.liveness_probe", "proc.is_container_healthcheck",
    "proc.is_container_liveness_probe", "k8s.pod.name", "k8s.ns.name", "k8s.pod.uid", "k8s.pod.sandbox_id",
    "k8s.pod.full_sandbox_id", "k8s.pod.label[app]", "k8s.pod.labels", "user.uid", "user.name", "user.homedir",
    "user.shell", "group.gid", "group.name", "proc.name", "proc.cmdline",
    "container.start_ts", "container.duration",
)
RULES = f"""
- rule: a program in a container
  desc: every one
  condition: evt.type in (execve, execveat) and evt.failed=false and container.id != host
  output: "{' '.join('%' + field for field in FIELDS)}"
  priority: NOTICE
- rule: a marked program on the host
  desc: those that a test names
  condition: evt.type in (execve, execveat) and container.id = host and proc.cmdline contains saker-account-test
  output: "%user.name %group.name %user.homedir %user.shell %container.name"
  priority: NOTICE
"""
PROGRAM = "a program in a container"


def sockets(**engines):
    """An -o argument: these sockets, and no other runtime's."""
    config = {name: {"enabled": name in ("cri", "containerd", "docker", "podman"), "sockets": [engines.get(name, "/nonexistent")]}
              for name in ("cri", "containerd", "docker", "podman")}
    return "plugins=" + json.dumps([{"name": "container", "init_config": {"engines": config}}])


def skip_without(runtime):
    reason = runtimes.missing(*runtime.NEEDS)
    return unittest.skipIf(reason, f"{reason} is not installed")


class MetadataTest(LiveTest):
    @classmethod
    def start_agent(cls, *arguments, prefix=()):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as rules:
            rules.write(RULES)
        cls.addClassCleanup(os.unlink, rules.name)
        cls.agent = Agent("-o", "saker.metadata.wait_ms=5000", *arguments, rules=[rules.name], prefix=prefix)
        cls.agent.__enter__()
        cls.addClassCleanup(cls.agent.__exit__, None, None, None)

    def first(self, container_id):
        """The first alert from that container, but for the runtime's own program that becomes the container's."""
        its_own = re.compile("^(?!runc)")
        self.agent.wait_for(rule=PROGRAM, **{"container.id": container_id[:12], "proc.name": its_own})
        return self.agent.find(rule=PROGRAM, **{"container.id": container_id[:12], "proc.name": its_own})[0]


class ContainerdTest(MetadataTest):
    @classmethod
    def start_runtime(cls):
        cls.runtime = runtimes.Containerd()
        cls.addClassCleanup(cls.runtime.close)
        cls.cri = cls.runtime.cri()

    def check_pod(self):
        pod = self.cri.pod("web-0", labels={"app": "web"}, annotations={
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                {"spec": {"containers": [{"name": "app", "livenessProbe": {"exec": {"command": ["/bin/cat", "/etc/hosts"]}}}]}})})
        self.addCleanup(pod.remove)
        source = tempfile.mkdtemp(prefix="srv-", dir=self.runtime.directory)
        id = pod.run("app", "/bin/sleep", "1000", privileged=True, mounts=[(source, "/data", True)])
        alert = self.first(id)
        self.assert_fields(alert, **{
            "proc.name": "sleep",
            "container.full_id": id, "container.name": "app", "container.type": "containerd",
            "container.image": runtimes.IMAGE, "container.image.repository": "localhost/saker/box",
            "container.image.tag": "1.2", "container.image.id": self.runtime.image_id,
            "container.privileged": True, "container.mounts": f"{source}:/data::false:private",
            "container.mount.source[/data]": source, "container.mount.rdwr[0]": "false",
            "container.host_network": True, "container.host_pid": False, "container.host_ipc": False,
            "container.liveness_probe": "/bin/cat /etc/hosts", "proc.is_container_liveness_probe": False,
            "k8s.pod.name": "web-0", "k8s.ns.name": "shop", "k8s.pod.uid": pod.uid,
            "k8s.pod.sandbox_id": pod.sandbox_id[:12], "k8s.pod.full_sandbox_id": pod.sandbox_id,
            "k8s.pod.label[app]": "web", "k8s.pod.labels": "app:web",
            "user.name": "root", "user.shell": "/bin/sh",
        })
        fields = alert["output_fields"]
        self.assertEqual(fields["container.start_ts"] + fields["container.duration"], fields["evt.time"])
        self.assertLess(fields["container.duration"], 600e9)
        # A container that nobody gave anything.
        plain = self.first(pod.run("plain", "/bin/sleep", "1000"))
        self.assert_fields(plain, **{"container.privileged": False, "container.mounts": "",
                                     "container.liveness_probe": None, "proc.is_container_liveness_probe": None})
        # The probe, as kubelet runs it, and the same command run by a program of the container.
        pod.exec(id, "/bin/cat", "/etc/hosts")
        probe = self.agent.wait_for(**{"container.id": id[:12], "proc.cmdline": "cat /etc/hosts"})
        self.assert_fields(probe, **{"proc.is_container_liveness_probe": True})
        pod.exec(id, "/bin/sh", "-c", "/bin/cat /etc/hosts; /bin/true")
        self.agent.wait_for(**{"container.id": id[:12], "proc.name": "true"})
        mimic = self.agent.find(**{"container.id": id[:12], "proc.cmdline": "cat /etc/hosts"})[-1]
        self.assert_fields(mimic, **{"proc.is_container_liveness_probe": False})
        self.assertIsNot(mimic, probe)


@skip_without(runtimes.Containerd)
class FromTheCri(ContainerdTest):
    """The runtime's files are out of the agent's sight: all comes through the socket."""

    @classmethod
    def setUpClass(cls):
        cls.start_runtime()
        cls.start_agent("-o", sockets(cri=cls.runtime.socket, containerd=cls.runtime.socket))

    def test_a_pod(self):
        self.check_pod()

    def test_a_container_of_containerds_own(self):
        name = "box-" + os.urandom(4).hex()
        done = self.runtime.ctr("run", "--rm", "--label", "tier=back", runtimes.IMAGE, name, "/bin/true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_fields(self.first(name), **{
            "container.type": "containerd", "container.image": runtimes.IMAGE,
            "container.image.digest": self.runtime.image_digest, "container.label[tier]": "back",
        })


@skip_without(runtimes.Containerd)
class FromTheDisk(ContainerdTest):
    """The agent sees the runtime's directory where K3s has it, and its socket."""

    @classmethod
    def setUpClass(cls):
        cls.start_runtime()
        cls.start_agent(
            "-o", sockets(cri=cls.runtime.socket, containerd=cls.runtime.socket),
            prefix=cls.runtime.view(("state", "/run/k3s/containerd")),
        )

    def test_a_pod(self):
        self.check_pod()

    def test_a_container_of_containerds_own_that_is_gone_at_once(self):
        name = "box-" + os.urandom(4).hex()
        done = self.runtime.ctr("run", "--rm", "--label", "tier=back",
                                "--mount", "type=bind,src=/srv,dst=/data,options=rbind:ro", runtimes.IMAGE, name, "/bin/true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_fields(self.first(name), **{
            "container.name": name[:12], "container.type": "containerd", "container.image": runtimes.IMAGE,
            "container.image.repository": "localhost/saker/box", "container.image.tag": "1.2",
            "container.image.digest": self.runtime.image_digest, "container.label[tier]": "back",
            "container.privileged": False, "container.mount.dest[/srv]": "/data",
            "user.name": "root", "user.homedir": "/root", "user.shell": "/bin/sh", "group.name": "root",
        })


@skip_without(runtimes.Docker)
class DockersOwn(MetadataTest):
    @classmethod
    def setUpClass(cls):
        cls.runtime = runtimes.Docker()
        cls.addClassCleanup(cls.runtime.close)

    def check(self, **more):
        done = self.runtime.run("-d", "--name", "web-" + os.urandom(4).hex(), "--label", "tier=back", "--privileged",
                                "--pid", "host", "--health-cmd", "/bin/cat /etc/hosts", "--health-interval", "1s",
                                "-v", "/srv:/data:ro", "--user", "4711:4712")
        self.assertEqual(done.returncode, 0, done.stderr)
        id = done.stdout.strip()
        self.addCleanup(self.runtime.docker, "rm", "-f", id)
        name = self.runtime.docker("inspect", "-f", "{{.Name}}", id).stdout.strip()[1:]
        self.assert_fields(self.first(id), **{
            "container.full_id": id, "container.name": name, "container.type": "docker",
            "container.image": runtimes.IMAGE, "container.image.repository": "localhost/saker/box",
            "container.image.tag": "1.2", "container.image.id": self.runtime.image_id,
            "container.privileged": True, "container.mounts": "/srv:/data:ro:false:rprivate",
            "container.mount.dest[/srv]": "/data", "container.label[tier]": "back", "container.labels": "tier:back",
            "container.host_pid": True, "container.host_network": True, "container.host_ipc": False,
            "container.healthcheck": "/bin/sh -c /bin/cat /etc/hosts", "k8s.pod.name": None,
            "user.uid": 4711, "user.name": "web", "group.name": "staff", **more,
        })

    def test_from_the_api(self):
        self.start_agent("-o", sockets(docker=self.runtime.socket))
        self.check()

    def test_from_the_disk(self):
        self.start_agent("-o", sockets(), prefix=self.runtime.view(("data", "/var/lib/docker"), ("exec/containerd/daemon", "/run/containerd")))
        self.check()


@skip_without(runtimes.Podman)
class Podmans(MetadataTest):
    @classmethod
    def setUpClass(cls):
        cls.runtime = runtimes.Podman()
        cls.addClassCleanup(cls.runtime.close)

    def check(self, **more):
        done = self.runtime.run("-d", "--name", "web-" + os.urandom(4).hex(), "--label", "tier=back", "-v", "/srv:/data:ro",
                                "--user", "4711:4712")
        self.assertEqual(done.returncode, 0, done.stderr)
        id = done.stdout.strip()
        self.addCleanup(self.runtime.podman, "rm", "-f", "-t", "0", id)
        name = self.runtime.podman("inspect", "-f", "{{.Name}}", id).stdout.strip()
        self.assert_fields(self.first(id), **{
            "container.full_id": id, "container.name": name, "container.type": "podman",
            "container.image": runtimes.IMAGE, "container.image.repository": "localhost/saker/box",
            "container.image.tag": "1.2", "container.image.id": self.runtime.image_id, "container.privileged": False,
            "container.mount.dest[/srv]": "/data", "container.host_network": True,
            "user.uid": 4711, "user.name": "web", "group.name": "staff", **more,
        })

    def test_from_the_api(self):
        self.runtime.serve()
        self.start_agent("-o", sockets(podman=self.runtime.socket))
        self.check(**{"container.label[tier]": "back"})

    def test_from_the_disk(self):
        self.start_agent("-o", sockets(), prefix=self.runtime.view(("storage", "/var/lib/containers/storage")))
        self.check()


class Accounts(MetadataTest):
    """Names are those of the container's files, also after a change, and of the host's outside."""

    @classmethod
    def setUpClass(cls):
        cls.start_agent("-o", sockets())

    def test_a_container_without_an_engine_and_a_change_of_its_files(self):
        container = self.container()
        with open(os.path.join(container.rootfs, "etc/passwd"), "w") as file:
            file.write("root:x:0:0::/root:/bin/sh\nold:x:77:78::/old:/bin/old\n")
        with open(os.path.join(container.rootfs, "etc/group"), "w") as file:
            file.write("crew:x:78:\n")
        container.spec["process"]["user"] = {"uid": 77, "gid": 78}
        script = "/bin/true; while [ ! -e /tmp/go ]; do /bin/sleep 0.1; done"
        os.chmod(os.path.join(container.rootfs, "tmp"), 0o777)
        import threading

        runner = threading.Thread(target=container.sh, args=(script,))
        runner.start()
        try:
            alert = self.agent.wait_for(**{"container.id": container.short_id, "proc.name": "true"})
            self.assert_fields(alert, **{"user.name": "old", "user.homedir": "/old", "user.shell": "/bin/old",
                                         "group.name": "crew"})
            passwd = os.path.join(container.rootfs, "etc/passwd")
            with open(passwd + "+", "w") as file:
                file.write("new:x:77:78::/new:/bin/new\n")
            os.rename(passwd + "+", passwd)
            self.agent.wait_for(**{"container.id": container.short_id, "user.name": "new", "user.homedir": "/new"})
        finally:
            open(os.path.join(container.rootfs, "tmp/go"), "w").close()
            runner.join()

    def test_a_user_without_an_entry(self):
        container = self.container()
        container.spec["process"]["user"] = {"uid": 4242, "gid": 4343}
        container.run("/bin/true")
        self.assert_fields(self.first(container.short_id), **{"user.uid": 4242, "user.name": "<NA>", "group.name": "<NA>"})

    def test_a_user_of_the_host(self):
        subprocess.run(["/bin/sh", "-c", "/bin/true saker-account-test"], check=True, user="daemon", group="daemon")
        alert = self.agent.wait_for(rule="a marked program on the host", **{"user.name": "daemon"})
        self.assert_fields(alert, **{"group.name": "daemon", "user.homedir": "/usr/sbin", "user.shell": "/usr/sbin/nologin",
                                     "container.name": "host"})


class WaitingIsBounded(LiveTest):
    def test_a_container_that_nobody_knows(self):
        """Its events wait for their time and then go out as they are, in order."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
            rules.write(RULES)
            rules.flush()
            with Agent("-o", "saker.metadata.wait_ms=300", "-o", sockets(), rules=[rules.name]) as agent:
                id = os.urandom(32).hex()
                cgroup = f"/sys/fs/cgroup/pids/docker/{id}"
                if not os.path.exists("/sys/fs/cgroup/pids/cgroup.procs"):
                    cgroup = f"/sys/fs/cgroup/docker/{id}"
                os.makedirs(cgroup)
                self.addCleanup(os.rmdir, cgroup)
                subprocess.run(["sh", "-c", f"echo $$ > {cgroup}/cgroup.procs; for i in 1 2 3; do /bin/true $i; done"])
                agent.wait_for(**{"container.id": id[:12], "proc.cmdline": "true 3"})
                alerts = agent.find(**{"container.id": id[:12]})
                self.assertEqual([alert["output_fields"]["proc.cmdline"] for alert in alerts], ["true 1", "true 2", "true 3"])
                self.assert_fields(alerts[0], **{"container.name": None, "container.image.repository": None})
                agent.stop()
                self.assertRegex("\n".join(agent.log), r"events waited for metadata: \d+, in vain: [1-9]")
