"""What a pod of the relay is given: no root, no capabilities, a file system that is read-only but for one folder, and 121 MiB."""

import os
import re
import secrets
import time

MEMORY_BYTES = 121 * 2**20
V1 = "/sys/fs/cgroup/memory"

# $0 is the folder. Who enters a group of a cgroup is who writes there, so the shell does, before it becomes the relay.
SCRIPT = """
[ -z "$GROUP" ] || echo $$ > "$GROUP/cgroup.procs" || exit 1
mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / &&
exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
"""


class Confinement:
    """`wrapper` is for Relay(wrapper=...). Without a memory controller there is no limit, and `limited` says so."""

    def __init__(self, folder):
        os.chmod(folder, 0o777)
        self.group = ""
        v2 = self.own_v2_group()
        parent = V1 if os.path.exists(f"{V1}/memory.limit_in_bytes") else v2
        if parent:
            self.group = os.path.join(parent, "saker-relay-" + secrets.token_hex(6))
            try:
                os.mkdir(self.group)
                name = "memory.limit_in_bytes" if parent == V1 else "memory.max"
                with open(os.path.join(self.group, name), "w") as file:
                    file.write(str(MEMORY_BYTES))
            except OSError:
                self.close()
        self.limited = bool(self.group)
        self.wrapper = ["unshare", "-m", "env", "GROUP=" + self.group, "sh", "-c", SCRIPT, folder]

    @staticmethod
    def own_v2_group():
        root = "/sys/fs/cgroup"
        try:
            with open(f"{root}/cgroup.subtree_control") as file:
                return root if "memory" in file.read().split() else ""
        except OSError:
            return ""

    def killed(self):
        """How often the kernel killed for want of memory."""
        for name in ("memory.oom_control", "memory.events"):
            try:
                with open(os.path.join(self.group, name)) as file:
                    return int(re.search(r"^oom_kill (\d+)", file.read(), re.M).group(1))
            except (OSError, AttributeError):
                pass
        return 0

    def close(self):
        for _ in range(100):
            try:
                os.rmdir(self.group)
            except FileNotFoundError:
                break
            except OSError:  # the process is still on its way out
                time.sleep(0.05)
                continue
            break
        self.group = ""


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def unaccounted(relay, taken):
    """Of `taken` acknowledged alerts, those that are neither in the spool, nor delivered, nor in a counter with their reason.

    For one sink, with nothing in flight to the spool."""
    kept = relay.metric("saker_relay_spool_alerts")
    gone = sum(relay.metric(name) for name in ("saker_relay_spool_evicted_total", "saker_relay_spool_duplicates_total",
                                               "falcosecurity_falcosidekick_outputs_total", "saker_relay_sink_filtered_total"))
    return taken - kept - gone
