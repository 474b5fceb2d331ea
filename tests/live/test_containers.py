"""Sensitive files and unexpected processes in real containers: the first user's rules, live."""

import os
import re
import secrets
import socket
import subprocess
import tempfile
import threading
import time

from harness import Agent, Container, LiveTest, PureCgroup2, SHARED

SENSITIVE = "Sensitive File Access in Container"
UNEXPECTED = "Unexpected Process in Container"


class SensitiveFiles(LiveTest):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent().__enter__()
        cls.addClassCleanup(cls.agent.__exit__, None, None, None)

    def expect(self, container, script, name, **options):
        container.sh(script, **options)
        return self.agent.wait_for(rule=SENSITIVE, **{"container.id": container.short_id, "fd.name": name})

    def test_the_alert_is_falcos_field_by_field(self):
        container = self.container()
        started = time.time()
        container.run("/bin/cat", "/etc/shadow")
        alert = self.agent.wait_for(rule=SENSITIVE, **{"container.id": container.short_id})
        self.assertEqual(
            sorted(key for key in alert if key != "seen_at"),
            ["hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time"],
        )
        self.assertEqual(alert["hostname"], socket.gethostname())
        self.assertEqual(alert["priority"], "Critical")
        self.assertEqual(alert["source"], "syscall")
        self.assertEqual(alert["tags"], sorted(alert["tags"]))
        self.assertRegex(alert["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        self.assertRegex(alert["output"], r"^\d\d:\d\d:\d\d\.\d{9}: Critical ")
        self.assert_fields(
            alert,
            **{
                "fd.name": "/etc/shadow",
                "proc.name": "cat",
                "proc.cmdline": "cat /etc/shadow",
                "user.name": "root",
                "container.id": container.short_id,
                "container.name": None,
                "container.image.repository": None,
                "container.image.tag": None,
                "k8s.pod.name": None,
                "k8s.ns.name": None,
            },
        )
        self.assertIsInstance(alert["output_fields"]["evt.time"], int)
        self.assertAlmostEqual(alert["output_fields"]["evt.time"] / 1e9, started, delta=30)
        self.assertLess(alert["seen_at"] - alert["output_fields"]["evt.time"] / 1e9, 1.0, "an alert within a second")

    def test_keys_of_root(self):
        for name in ("/root/.ssh/id_rsa", "/root/.ssh/id_ed25519", "/root/.ssh/authorized_keys"):
            with self.subTest(name):
                self.expect(self.container(), f"cat {name}", name)

    def test_a_symbolic_link_does_not_hide_the_file(self):
        self.expect(self.container(), "ln -s /etc/shadow /tmp/innocent; cat /tmp/innocent", "/etc/shadow")

    def test_a_relative_name_does_not_hide_the_file(self):
        self.expect(self.container(), "cd /etc; cat shadow", "/etc/shadow")

    def test_dots_do_not_hide_the_file(self):
        self.expect(self.container(), "cat /tmp/../etc/./shadow", "/etc/shadow")

    def test_a_detour_through_proc_does_not_hide_the_file(self):
        self.expect(self.container(), "cat /proc/self/root/etc/shadow", "/etc/shadow")
        self.expect(self.container(), "cd /etc; cat /proc/self/cwd/shadow", "/etc/shadow")

    def test_a_linked_directory_does_not_hide_the_file(self):
        self.expect(self.container(), "ln -s /etc /tmp/e; cat /tmp/e/shadow", "/etc/shadow")

    def test_a_bind_mount_made_by_the_runtime_does_not_hide_the_file(self):
        container = self.container(mounts=[("{rootfs}/etc/shadow", "/tmp/mask")])
        self.expect(container, "cat /tmp/mask", "/etc/shadow")

    def test_a_bind_mount_made_inside_does_not_hide_the_file(self):
        container = self.container()
        self.expect(
            container, "touch /tmp/mask; mount -o bind /etc/shadow /tmp/mask; cat /tmp/mask", "/etc/shadow",
            capabilities=["CAP_SYS_ADMIN"],
        )

    def test_a_hard_link_does_not_hide_the_file(self):
        # Twice: a stalled machine may take longer over the look-up than an event waits for it.
        script = "ln /etc/shadow /tmp/innocent; cat /tmp/innocent; usleep 500000; cat /tmp/innocent"
        alert = self.expect(self.container(), script, "/etc/shadow")
        self.assert_fields(
            alert,
            **{
                "fd.nameraw": "/tmp/innocent",
                "fd.nameresolved": "/tmp/innocent",
                "fd.namefrom": "identity",
            },
        )

    def test_a_hard_link_to_a_file_that_was_replaced_meanwhile_does_not_hide_it(self):
        container = self.container()
        self.expect(
            container,
            "cp /etc/shadow /etc/new; ln /etc/shadow /tmp/old; cat /tmp/old; mv /etc/new /etc/shadow;"
            " ln /etc/shadow /tmp/innocent; cat /tmp/old /tmp/innocent; usleep 300000; cat /tmp/innocent",
            "/etc/shadow",
        )
        self.agent.wait_for(
            rule=SENSITIVE, **{"container.id": container.short_id, "fd.nameraw": "/tmp/innocent"}
        )

    def test_a_bind_mount_out_of_another_file_system_does_not_hide_the_file(self):
        alert = self.expect(
            self.container(),
            "mount -t tmpfs none /root/.ssh; echo key > /root/.ssh/id_rsa; touch /tmp/mask;"
            " mount -o bind /root/.ssh/id_rsa /tmp/mask; cat /tmp/mask; usleep 300000",
            "/root/.ssh/id_rsa",
            capabilities=["CAP_SYS_ADMIN"],
        )
        self.assert_fields(alert, **{"fd.nameresolved": "/tmp/mask", "fd.namefrom": "identity"})

    def test_the_same_file_on_the_host_is_no_alert(self):
        with open("/etc/shadow"):
            pass
        subprocess.run(["cat", "/etc/shadow"], capture_output=True)
        sentinel = self.container()
        self.expect(sentinel, "cat /etc/shadow", "/etc/shadow")
        self.assertEqual(self.agent.find(**{"container.id": "host", "rule": SENSITIVE}), [])

    def test_writing_and_other_files_are_no_alert(self):
        container = self.container()
        container.sh("cat /etc/hosts; : > /etc/shadow; cat /etc/passwd")
        sentinel = self.container()
        self.expect(sentinel, "cat /etc/shadow", "/etc/shadow")
        self.assertEqual(self.agent.find(rule=SENSITIVE, **{"container.id": container.short_id}), [])

    def test_an_allowed_image_is_no_alert(self):
        """A bare runtime has no images; this bundle says its image as containerd's CRI would."""
        allowed = self.container(
            annotations={
                "io.kubernetes.cri.container-type": "container",
                "io.kubernetes.cri.container-name": "scanner",
                "io.kubernetes.cri.image-name": "registry.example/aquasec/trivy:0.50",
                "io.kubernetes.cri.sandbox-name": "scan-1",
                "io.kubernetes.cri.sandbox-namespace": "security",
            }
        )
        # A container that is gone again at once takes its bundle with it; this one stays a moment, as real ones do.
        allowed.sh("/bin/sleep 1; /bin/cat /etc/shadow")
        other = self.container(
            annotations={
                "io.kubernetes.cri.container-type": "container",
                "io.kubernetes.cri.container-name": "web",
                "io.kubernetes.cri.image-name": "registry.example/shop/web:1.2",
                "io.kubernetes.cri.sandbox-name": "web-1",
                "io.kubernetes.cri.sandbox-namespace": "shop",
            }
        )
        alert = self.expect(other, "/bin/sleep 1; /bin/cat /etc/shadow", "/etc/shadow")
        self.assert_fields(
            alert,
            **{
                "container.name": "web",
                "container.image.repository": "registry.example/shop/web",
                "container.image.tag": "1.2",
                "k8s.pod.name": "web-1",
                "k8s.ns.name": "shop",
            },
        )
        self.assertEqual(self.agent.find(**{"container.id": allowed.short_id, "rule": SENSITIVE}), [])

    def test_crun_on_a_pure_cgroup_v2(self):
        container = self.container(runtime="crun", prefix=PureCgroup2.PREFIX)
        self.expect(container, "cat /etc/shadow", "/etc/shadow")

    def test_a_cgroup_v1_hierarchy_alone_tells(self):
        hierarchy = "/sys/fs/cgroup/pids"
        if not os.path.exists(os.path.join(hierarchy, "cgroup.procs")):
            self.skipTest("no cgroup v1 hierarchy here")
        id = secrets.token_hex(32)
        cgroup = os.path.join(hierarchy, "docker", id)
        os.makedirs(cgroup)
        subprocess.run(["sh", "-c", f"echo $$ > {cgroup}/cgroup.procs; exec cat /etc/shadow"], capture_output=True)
        self.agent.wait_for(rule=SENSITIVE, **{"container.id": id[:12], "fd.name": "/etc/shadow"})
        os.rmdir(cgroup)

    def test_layouts_of_other_runtimes(self):
        for layout in (
            Container.DOCKER,
            "/system.slice/docker-{id}.scope",
            "/kubepods/besteffort/pod{uid}/{id}",
            "/machine.slice/libpod-{id}.scope",
            "/kubepods.slice/kubepods-pod{uid}.slice/crio-{id}.scope",
            "/docker/" + "a" * 64 + "/kubelet/kubepods/pod{uid}/{id}",  # a cluster inside a container
        ):
            with self.subTest(layout):
                self.expect(self.container(cgroup=layout), "cat /etc/shadow", "/etc/shadow")


class UnexpectedProcesses(LiveTest):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent().__enter__()
        cls.addClassCleanup(cls.agent.__exit__, None, None, None)

    def test_the_first_process_of_a_container_is_known_to_be_in_it(self):
        container = self.container()
        container.run("/bin/awk", "BEGIN { print 1 }")
        alert = self.agent.wait_for(rule=UNEXPECTED, **{"container.id": container.short_id, "proc.name": "awk"})
        self.assertEqual(alert["priority"], "Warning")
        self.assert_fields(alert, **{"proc.cmdline": "awk BEGIN { print 1 }", "user.name": "root"})

    def test_an_allowed_process_is_no_alert(self):
        container = self.container()
        container.sh("/bin/cat /etc/hosts; /bin/ls /")
        sentinel = self.container()
        sentinel.run("/bin/awk", "BEGIN {}")
        self.agent.wait_for(rule=UNEXPECTED, **{"container.id": sentinel.short_id})
        self.assertEqual(self.agent.find(rule=UNEXPECTED, **{"container.id": container.short_id}), [])

    def test_a_process_of_the_host_is_no_alert(self):
        subprocess.run(["awk", "BEGIN {}"], check=True)
        sentinel = self.container()
        sentinel.run("/bin/awk", "BEGIN {}")
        self.agent.wait_for(rule=UNEXPECTED, **{"container.id": sentinel.short_id})
        self.assertEqual(self.agent.find(rule=UNEXPECTED, **{"container.id": "host"}), [])


class ContainersOlderThanTheAgent(LiveTest):
    def test_a_container_that_was_there_before(self):
        container = self.container()
        fifo = os.path.join(container.rootfs, "tmp", "go")
        os.mkfifo(fifo)
        runner = threading.Thread(target=container.sh, args=("read line < /tmp/go; /bin/cat /etc/shadow; true",))
        runner.start()
        opened = open(fifo, "w")  # returns once the container's shell reads
        with Agent() as agent:
            opened.write("go\n")
            opened.close()
            alert = agent.wait_for(rule=SENSITIVE, **{"container.id": container.short_id})
            self.assert_fields(alert, **{"proc.pname": "sh", "proc.name": "cat"})
            runner.join()


class FirstUsersOwnRules(LiveTest):
    def test_the_rules_of_the_values_file_work_unchanged(self):
        values = os.path.join(SHARED, "data", "lumie", "helm-values.yaml")
        if not os.path.exists(values):
            self.skipTest("the first user's values file is not here")
        text = open(values).read()
        block = re.search(r"^  custom-rules\.yaml: \|-\n((?:    .*\n|\n)*)", text, re.M).group(1)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
            rules.write(re.sub(r"^    ", "", block, flags=re.M))
            rules.flush()
            with Agent(rules=[rules.name]) as agent:
                container = self.container()
                container.run("/bin/cat", "/etc/shadow")
                alert = agent.wait_for(rule="Sensitive File Access", **{"fd.name": "/etc/shadow"})
                self.assertEqual(alert["priority"], "Critical")
                self.assertEqual(alert["tags"], ["file", "security"])
                self.assertIn("Sensitive file accessed (user=root file=/etc/shadow container=", alert["output"])
                container = self.container()
                container.run("/bin/awk", "BEGIN {}")
                alert = agent.wait_for(
                    rule="Unauthorized Process in Container", **{"proc.cmdline": "awk BEGIN {}"}
                )
                self.assertEqual(alert["tags"], ["container", "process"])
