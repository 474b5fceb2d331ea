#!/usr/bin/env python3
"""What saker-relay can do and what it costs. Needs a build; root only for `hung --confined`.

relay.py throughput [SECONDS]   batches to a receiver that always says yes, as fast as they are taken; the same at 1000 alerts a second;
                                then the same alerts one request each to the receiver (as a forwarder without batches sends them); in
                                turn, three rounds. The relay has one core, the sender and the receiver have the others
relay.py hung [SECONDS] [RATE]  a receiver that never answers, RATE (5000) alerts a second for SECONDS (600); what memory is used, and
                                whether each alert that was acknowledged is in the spool or counted with its reason. --confined: as a
                                pod has it, not root, read-only, no capabilities, 121 MiB

CPU time is the relay's own, so that what else runs on the machine changes it little.
"""

import http.server
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "relay"))
from confined import Confinement, unaccounted  # noqa: E402
from harness import Relay, event, wait_for  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
BATCH = 250


class Receiver:
    """Says 204, or nothing at all."""

    def __init__(self, hangs=False):
        released = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if hangs:
                    released.wait()
                self.send_response_only(204)
                self.end_headers()

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        parts = file.read().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / TICK


def memory_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        values = dict(line.split(":", 1) for line in file)
    return int(values["VmRSS"].split()[0]) / 1024, int(values["VmHWM"].split()[0]) / 1024


class Sender(threading.Thread):
    """Batches over one connection; every alert is another one, and of another priority than the one before."""

    PRIORITIES = ("Critical", "Error", "Warning", "Notice")

    def __init__(self, port, name, end, rate=None):
        super().__init__(daemon=True)
        one = event(0, hostname=name, output="@", priority="#", output_fields={
            "n": 0, "proc.name": "cat", "proc.cmdline": "cat /etc/shadow", "user.name": "root", "fd.name": "/etc/shadow",
            "container.id": "57d16a401fb8", "container.image.repository": "registry.example/shop/web", "k8s.ns.name": "shop",
            "proc.aname[2]": "containerd-shim", "evt.time": 1772366400120000000})
        text = json.dumps(one)
        self.template = text.replace("%", "%%").replace('"@"', '"' + "sensitive file opened in a container " * 6 + '%d"').replace('"#"', '"%s"')
        self.port, self.end, self.rate = port, end, rate
        self.batch = min(BATCH, max(1, int(rate / 5))) if rate else BATCH
        self.sent = self.refused = 0

    def run(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        number = 0
        begun = time.monotonic()
        while time.monotonic() < self.end:
            if self.rate and self.sent + self.refused > (time.monotonic() - begun) * self.rate:
                time.sleep(0.005)
                continue
            body = "\n".join(self.template % (number + i, self.PRIORITIES[i % 4]) for i in range(self.batch)).encode()
            number += self.batch
            connection.sendall(b"POST / HTTP/1.1\r\nHost: relay\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(65536)
            head, _, rest = answer.partition(b"\r\n\r\n")
            length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
            missing = (length[0] if length else 0) - len(rest)
            while missing > 0:
                missing -= len(connection.recv(65536))
            if head.startswith(b"HTTP/1.1 200"):
                self.sent += self.batch
            else:
                self.refused += self.batch
        connection.close()


def drive(relay, seconds, senders, rate=None):
    end = time.monotonic() + seconds
    threads = [Sender(relay.port, f"node-{i}", end, rate / senders if rate else None) for i in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(thread.sent for thread in threads), sum(thread.refused for thread in threads)


def percentile(relay, share):
    buckets = sorted((float("inf") if "+Inf" in key else float(key.split('le="')[1].split('"')[0]), value)
                     for key, value in relay.metrics().items() if key.startswith("saker_relay_sink_delivery_seconds_bucket"))
    total = buckets[-1][1]
    return next(bound for bound, count in buckets if count >= share * total)


def throughput(seconds):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:-1] or cores)
    pinned = ["taskset", "-c", str(cores[-1])]
    print(f"{'how':26} {'alerts/s':>9} {'alerts/CPU s':>13} {'ms CPU/10k':>11} {'p50 <=':>7} {'p99 <=':>7} {'MiB':>6}")
    for _ in range(3):
        for how, keys, rate in (("batches", {}, None), ("batches, at 1000/s", {}, 1000), ("one request per alert", {"batchbytes": 1}, None)):
            receiver = Receiver()
            with Relay({"loki": {"hostport": receiver.url, "format": "json", **keys}}, wrapper=pinned) as relay:
                pid = relay.process.pid
                begun, cpu = time.monotonic(), cpu_seconds(pid)
                # What has been taken must still be delivered, and one by one that takes its time.
                sent, _ = drive(relay, 1 if keys else seconds, 4, rate)
                wait_for(lambda: relay.metric("saker_relay_spool_waiting_alerts") == 0, "delivery", 600)
                wall, used = time.monotonic() - begun, cpu_seconds(pid) - cpu
                print(f"{how:26} {sent / wall:9.0f} {sent / used:13.0f} {used / sent * 1e7:11.0f} "
                      f"{percentile(relay, 0.5):7} {percentile(relay, 0.99):7} {memory_mib(pid)[1]:6.1f}", flush=True)


def hung(seconds, rate, confined):
    receiver = Receiver(hangs=True)
    folder = tempfile.mkdtemp(prefix="saker-relay-hung-")
    confinement = Confinement(folder) if confined else None
    try:
        with Relay({"loki": {"hostport": receiver.url, "format": "json"}}, folder=folder,
                   wrapper=confinement.wrapper if confined else []) as relay:
            pid = relay.process.pid
            done = []
            # Many connections: on a slow disk each transaction then holds many batches.
            thread = threading.Thread(target=lambda: done.append(drive(relay, seconds, 16, rate)))
            thread.start()
            while thread.is_alive():
                thread.join(30)
                now, most = memory_mib(pid)
                print(f"{now:6.1f} MiB now, {most:6.1f} at most; spool {relay.metric('saker_relay_spool_bytes') / 2**20:6.1f} MiB, "
                      f"{relay.metric('saker_relay_spool_alerts'):.0f} alerts, {relay.metric('saker_relay_spool_evicted_total'):.0f} evicted; "
                      f"cpu {cpu_seconds(pid):.1f} s", flush=True)
            taken, refused = done[0]
            print(f"{taken} alerts taken and {refused} told to come again in {seconds:.0f} s, which is {(taken + refused) / seconds:.0f} a second; "
                  f"{unaccounted(relay, taken):.0f} unaccounted for")
            if confined:
                print(f"killed for want of memory: {confinement.killed()}" if confinement.limited else "there is no memory controller here")
    finally:
        if confinement:
            confinement.close()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    numbers = [float(word) for word in words[1:]]
    if words[:1] == ["throughput"]:
        throughput(numbers[0] if numbers else 5)
    elif words[:1] == ["hung"]:
        hung(numbers[0] if numbers else 600, numbers[1] if len(numbers) > 1 else 5000, "--confined" in sys.argv)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
