"""Every official rule, made to fire by a real action. The table is official_rules.py."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from official_rules import (
    ACTIONS, ALSO, CUSTOMIZED, INBOUND, KNOWN_FIELD_GAPS, KNOWN_GAPS, LISTENING, NAMES, STARTED
)
from stage import ACT, Bundle, Host, Names, Network, harness, on_terminal, who_acts, why_not

MODULES = ("init_module", "finit_module")  # calls that a kernel may be built without
TRACEPOINTS = "/sys/kernel/tracing/events/syscalls"
RULES = [
    os.path.join(harness.SHARED, "data", "rules", name)
    for name in ("falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml")
]
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_NET_RAW")
PREPARED = (
    "/tmp/deep/er/", "/etc/pam.d/login", "/etc/sudoers", "/etc/profile", "/etc/zsh/", "/etc/cron.d/", "/var/log/auth.log",
    "/home/u/.ssh/config", "/root/.bash_history", "/root/.ash_history", "/root/.zsh_history", "/root/.profile",
    "/tmp/set-id", "/tmp/drift", "/tmp/own.list", "/tmp/plain-file", "/usr/lib/liblzma.so.5.6.1", "/usr/bin/old", "/usr/bin/tool", "/usr/sbin/", "/home/u/.bash_history", "/tmp/old-set-id",
    "/usr/local/bin/", "/etc/apt/sources.list.d/", "/var/lib/rpm/", "/srv/artifact", "/root/keys",
)
POD = {
    "io.kubernetes.cri.container-type": "container",
    "io.kubernetes.cri.container-name": "web",
    "io.kubernetes.cri.image-name": "registry.example/shop/web:1.2",
    "io.kubernetes.cri.sandbox-name": "web-1",
    "io.kubernetes.cri.sandbox-namespace": "shop",
}


class Layers:
    """The root file system of a container as a runtime's overlay: an image below, what is new above."""

    def __init__(self, stage):
        stage.install()
        self.root = stage.container.rootfs
        base = stage.container.bundle
        for name in ("upper", "work"):
            os.mkdir(os.path.join(base, name))
        os.rename(self.root, os.path.join(base, "image"))
        os.mkdir(self.root)
        subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o",
             f"lowerdir={base}/image,upperdir={base}/upper,workdir={base}/work", self.root],
            check=True, capture_output=True)

    def remove(self):
        subprocess.run(["umount", "-l", self.root], capture_output=True)


def agrees(have, wanted):
    if wanted is int:
        return isinstance(have, int) and have > 0
    if isinstance(wanted, re.Pattern):
        return isinstance(have, str) and wanted.search(have) is not None
    return have == wanted


def expectations(action, words, stage):
    """What the alert of an action must say, by field."""
    expected = {"container.id": stage.container_id, "user.name": "root", "user.uid": 0, "proc.tty": 0}
    if words is not None:
        words, parent = who_acts(words)
        name = os.path.basename(words[0])
        busybox = words[0].startswith("/bin/") and stage.container_id != "host"
        expected.update({"proc.name": name[:15], "proc.cmdline": " ".join([name, *words[1:]]), "proc.pname": parent,
                         "proc.exepath": "/bin/busybox" if busybox else words[0]})
    elif action.where in ("plain", "strong", "privileged", "mounts"):
        expected.update({"proc.name": "act", "proc.cmdline": "act batch /lines", "proc.pname": "runc",
                         "proc.exepath": "/opt/act"})
    expected.update(action.fields)
    return expected


class OfficialRules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = why_not() or (None if os.path.exists(RULES[0]) else "the official rule files are not here")
        if reason:
            raise unittest.SkipTest(reason)
        cls.network = Network()
        cls.addClassCleanup(cls.network.remove)
        names = Names(NAMES)
        cls.addClassCleanup(names.remove)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as customized:
            customized.write(CUSTOMIZED)
        cls.addClassCleanup(os.unlink, customized.name)
        cls.agent = harness.Agent(
            "-o", "rule_matching=all", "-o", "rules[].enable.rule=*", "-o", "saker.ring_bytes=16777216",
            rules=[*RULES, customized.name], prefix=names.prefix,
        ).__enter__()
        cls.addClassCleanup(cls.agent.__exit__, None, None, None)
        # A container that is gone at once takes its bundle with it; some stay a moment, as real ones do.
        cls.stages = {
            "host": Host(),
            "plain": cls.bundle(PREPARED, ("/bin/cp {bin}/miner /dev/shm/miner", "/bin/cp /etc/hosts /dev/sdz")),
            "late": cls.bundle(PREPARED),
            "strong": cls.bundle(),
            "privileged": cls.privileged(),
            "layers": cls.bundle(first=("/bin/sleep 1", "/bin/cp {bin}/act {dir}/dropped",)),
            "pod": cls.bundle(first=("/bin/sleep 1",), annotations=POD),
            "mounts": cls.bundle(first=("/bin/sleep 1",), mounts=[("/var/lib/kubelet", "/kubelet")]),
            "terminal": cls.bundle(),
            "tar": cls.bundle(PREPARED),
        }
        cls.addClassCleanup(cls.stages["host"].remove)
        cls.stages["host terminal"] = cls.stages["host"]
        cls.words = [
            None if action.command is STARTED else cls.stages[action.where].add(action.command) for action in ACTIONS
        ]
        cls.run_everything()
        cls.wait_until_all_is_judged()

    @classmethod
    def bundle(cls, prepare=(), first=(), annotations=None, mounts=()):
        host = tempfile.mkdtemp(prefix="saker-host-", dir="/run")
        cls.addClassCleanup(shutil.rmtree, host)
        os.mkdir(os.path.join(host, "etc"))
        with open(os.path.join(host, "etc", "hostname"), "w") as file:
            file.write("node\n")
        container = harness.Container(annotations=annotations, mounts=[(host, "/host")])
        for source, destination in mounts:
            folder = os.path.join(container.bundle, source.lstrip("/"))
            os.makedirs(folder)
            container.spec["mounts"].append(
                {"source": folder, "destination": destination, "type": "bind", "options": ["rbind", "rprivate"]})
        for namespace in container.spec["linux"]["namespaces"]:
            if namespace["type"] == "network":
                namespace["path"] = cls.network.path
        for mount in container.spec["mounts"]:
            if mount["destination"] == "/dev/shm":  # as Docker and Kubernetes have it
                mount["options"].remove("noexec")
        stage = Bundle(container, prepare, first)
        cls.addClassCleanup(stage.remove)
        return stage

    @classmethod
    def privileged(cls):
        """As engines make it: nothing is masked, read-only or filtered."""
        stage = cls.bundle(first=("/bin/sleep 1",))
        spec = stage.container.spec
        for key in ("maskedPaths", "readonlyPaths"):
            spec["linux"].pop(key, None)
        for mount in spec["mounts"]:
            if mount["type"] in ("sysfs", "cgroup"):
                mount["options"] = [option for option in mount["options"] if option != "ro"]
        return stage

    @classmethod
    def run_everything(cls):
        stages = cls.stages
        late = threading.Thread(target=stages["late"].run)  # its process has to grow old first
        late.start()
        for name in ("plain", "mounts", "pod", "host"):
            stages[name].run()
        for name in ("strong", "privileged"):
            stages[name].run(CAPABILITIES)
        layers = Layers(stages["layers"])
        try:
            stages["layers"].run()
        finally:
            layers.remove()
        terminal = stages["terminal"].container
        terminal.spec["process"]["terminal"] = True
        terminal.write("/bin/sh", "-c", "true terminal")
        on_terminal([shutil.which("runc"), "run", "--bundle", terminal.bundle, terminal.id])
        shutil.copy(ACT, os.path.join(stages["tar"].container.rootfs, "opt", "tar"))
        stages["tar"].container.run("/opt/tar", "read", "/srv/artifact")
        shutil.copy(ACT, os.path.join(stages["host"].bin, "whoami"))
        on_terminal([os.path.join(stages["host"].bin, "whoami"), stages["host"].root])
        late.join()

    @classmethod
    def wait_until_all_is_judged(cls):
        host = cls.stages["host"]
        last = os.path.join(host.bin, "zmap")
        shutil.copy(ACT, last)
        subprocess.run([last, host.root], check=True)
        cls.agent.wait_for(**{"rule": "Launch Suspicious Network Tool on Host", "proc.cmdline": f"zmap {host.root}"})
        cls.agent.stop()  # what still waits for its container's data is judged by that

    def check(self, rule):
        done = [(action, words) for action, words in zip(ACTIONS, self.words) if action.rule == rule]
        for action, added in done:
            number, words = added or (None, None)
            with self.subTest(action.command or action.where):
                call = action.fields.get("evt.type")
                if harness.HOOKS == "each" and call in MODULES and not os.path.exists(f"{TRACEPOINTS}/sys_exit_{call}"):
                    self.skipTest(f"this kernel is built without {call}, so that there is nothing to hook")
                stage = self.stages[action.where]
                if number is not None:
                    self.assertEqual(stage.statuses.get(number), 0, "the action itself failed:\n" + stage.log)
                expected = expectations(action, words, stage)
                self.check_alert(action, expected)

    def check_alert(self, action, expected):
        telling = [key for key in ("container.id", "proc.cmdline", "fd.name", "evt.type") if key in expected]
        near = [alert["output_fields"] for alert in self.agent.find(rule=action.rule)]
        for key in telling:
            near = [have for have in near if agrees(have.get(key), expected[key])] or (
                [] if key in ("container.id", "proc.cmdline") else near)
        if action.rule in KNOWN_GAPS:
            self.assertEqual(near, [], "this works now: take it out of KNOWN_GAPS")
            return
        self.assertTrue(near, f"no alert of {action.rule} with {expected}")
        have = near[0]
        for key, wanted in expected.items():
            if key not in have and key not in action.fields:
                continue  # not every rule tells everything
            missing = KNOWN_FIELD_GAPS.get((action.rule, key))
            if missing:
                self.assertFalse(agrees(have.get(key), wanted), f"{key} works now: take it out of KNOWN_FIELD_GAPS")
            else:
                self.assertTrue(agrees(have.get(key), wanted), f"{key} is {have.get(key)!r}, not {wanted!r}, in {have}")

    def test_every_rule_has_an_action(self):
        rules = []
        for path in RULES:
            with open(path) as file:
                rules += re.findall(r"^- rule: (.*)$", file.read(), re.M)
        self.assertEqual(sorted({action.rule for action in ACTIONS}), sorted(rules))

    def may_be_raised(self, command):
        """Rules that the process with that command line is an action of."""
        rules = {rule for start, rules in ALSO.items() if command.startswith(start) for rule in rules}
        for action, added in zip(ACTIONS, self.words):
            wanted = expectations(action, added and added[1], self.stages[action.where]).get("proc.cmdline")
            if agrees(command, wanted):
                rules.add(action.rule)
        if any(f" {verb}" in command for verb in LISTENING):
            rules.add(INBOUND)
        return rules

    def test_nothing_else_is_raised(self):
        containers = {stage.container_id for stage in self.stages.values()} - {"host"}
        more = set()
        for alert in self.agent.alerts:
            fields = alert["output_fields"]
            ours = fields.get("container.id") in containers or str(fields.get("proc.exepath")).startswith(self.stages["host"].root)
            command = fields.get("proc.cmdline", "")
            if ours and alert["rule"] not in self.may_be_raised(command):
                more.add((command, alert["rule"]))
        self.assertEqual(more, set())

    def test_known_gaps_are_of_actions(self):
        for rule in KNOWN_GAPS:
            self.assertIn(rule, {action.rule for action in ACTIONS})
        for rule, key in KNOWN_FIELD_GAPS:
            self.assertTrue(any(action.rule == rule and key in action.fields for action in ACTIONS), (rule, key))


def add_a_test(rule):
    name = "test_" + re.sub(r"\W+", "_", rule).strip("_").lower()
    setattr(OfficialRules, name, lambda self: self.check(rule))


for each in dict.fromkeys(action.rule for action in ACTIONS):
    add_a_test(each)

if __name__ == "__main__":
    unittest.main()
