"""How many containers have all their metadata at their first event.

    bench/container_starts.py [STARTS] [RUNTIME...]

Starts containers of real runtimes, one after the other, each running one program that ends at once, under an agent
that alerts on every program in a container, and looks at the first alert of each. "Complete" is all that the runtime
knows: name, image with repository, tag and id, privileges, mounts, labels, the user's name, and of a pod its name,
namespace, uid and labels. The delay is from the program's start to its alert. Needs root and the runtimes.
"""

import os
import statistics
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "live"))

import runtimes  # noqa: E402
from harness import Agent  # noqa: E402

COMMON = ["container.name", "container.type", "container.image", "container.image.repository", "container.image.tag",
          "container.image.id", "container.privileged", "container.mounts", "container.host_network", "user.name",
          "user.shell", "group.name"]
POD = ["container.labels", "k8s.pod.name", "k8s.ns.name", "k8s.pod.uid", "k8s.pod.label[app]", "k8s.pod.sandbox_id"]
RULE = """
- rule: first
  desc: every program in a container
  condition: evt.type in (execve, execveat) and evt.failed=false and container.id != host and proc.exepath contains busybox
  output: "%s"
  priority: NOTICE
"""


def no_other(**engines):
    return "plugins=" + str([{"name": "container", "init_config": {"engines": {
        name: {"enabled": True, "sockets": [engines.get(name, "/nonexistent")]}
        for name in ("cri", "containerd", "docker", "podman")}}}])


def containerd(starts, ready):
    runtime = runtimes.Containerd()
    try:
        cri = runtime.cri()
        ready(runtime.view(("state", "/run/k3s/containerd")), no_other(cri=runtime.socket, containerd=runtime.socket))
        for i in range(starts):
            pod = cri.pod(f"web-{i}", labels={"app": "web"})
            yield pod.run("app", "/bin/true"), COMMON + POD
            pod.remove()
    finally:
        runtime.close()


def of_docker(views, starts, ready):
    runtime = runtimes.Docker()
    try:
        ready(runtime.view(*views) if views else (), no_other(docker=runtime.socket))
        for _ in range(starts):
            done = runtime.run("-d", "--label", "app=web", command=("/bin/true",))
            yield done.stdout.strip(), [*COMMON, "container.label[app]"]
            runtime.docker("rm", "-f", done.stdout.strip())
    finally:
        runtime.close()


def docker(starts, ready):
    return of_docker([("data", "/var/lib/docker"), ("exec/containerd/daemon", "/run/containerd")], starts, ready)


def docker_by_api(starts, ready):
    return of_docker([], starts, ready)


def podman(starts, ready):
    runtime = runtimes.Podman()
    try:
        ready(runtime.view(("storage", "/var/lib/containers/storage")), no_other())
        for _ in range(starts):
            done = runtime.run("-d", command=("/bin/true",))
            yield done.stdout.strip(), COMMON
            runtime.podman("rm", "-f", done.stdout.strip())
    finally:
        runtime.close()


RUNTIMES = {"containerd": containerd, "docker": docker, "docker-by-api": docker_by_api, "podman": podman}


def measure(name, starts):
    fields = COMMON + POD + ["container.label[app]"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
        rules.write(RULE % " ".join(f"%{field}" for field in fields))
        rules.flush()
        agents = []

        def ready(prefix, *options):
            arguments = [part for option in options for part in ("-o", option)]
            agents.append(Agent(*arguments, rules=[rules.name], prefix=prefix).__enter__())

        complete, delays, lacking = 0, [], {}
        try:
            for container, wanted in RUNTIMES[name](starts, ready):
                agent = agents[0]
                agent.wait_for(rule="first", **{"container.id": container[:12]})
                alert = agent.find(rule="first", **{"container.id": container[:12]})[0]
                missing = [field for field in wanted if alert["output_fields"].get(field) in (None, "<NA>")]
                complete += not missing
                for field in missing:
                    lacking[field] = lacking.get(field, 0) + 1
                delays.append(alert["seen_at"] * 1e3 - alert["output_fields"]["evt.time"] / 1e6)
        finally:
            for agent in agents:
                rss = agent.rss_kib()
                agent.stop()
                summary = next((line for line in agent.log if "metadata" in line), "")
    print(f"| {name} | {starts} | {complete} | {statistics.median(delays):.1f} | {max(delays):.1f} | {rss / 1024:.1f} |")
    for field, times in lacking.items():
        print(f"    lacking {times} times: {field}")
    print("    " + summary, file=sys.stderr)


def main():
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print("| runtime | starts | complete at the first event | delay, median ms | longest ms | RSS MiB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[2:] or RUNTIMES:
        measure(name, starts)


if __name__ == "__main__":
    threading.excepthook = lambda _: None
    main()
