"""Everything goes wrong, and the count is right: what was acknowledged is in Loki once and in order, or counted as dropped.

SAKER_CHAOS_SECONDS (8) is how long it goes wrong; SAKER_CHAOS_SEED repeats a run.
"""

import json
import os
import random
import threading
import time
import unittest

from harness import Relay, event, wait_for
from loki_stand_in import LokiStandIn

SECONDS = float(os.environ.get("SAKER_CHAOS_SECONDS", "8"))
SEED = int(os.environ.get("SAKER_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
SENDERS = 3
HOUR = 3600 * 10**9
FAULTS = [None, None, None, 429, 500, 503, "reset", "slow", "reset after", "reset after", "hang"]


class Sender(threading.Thread):
    """As an agent does: one batch after another, each again until it is acknowledged."""

    def __init__(self, name, relay, stop, seed):
        super().__init__(daemon=True)
        self.node, self.relay, self.stop = name, relay, stop
        self.random = random.Random(seed)
        self.acknowledged = []
        self.too_old = set()

    def run(self):
        number = 0
        while not self.stop.is_set():
            batch = []
            for _ in range(self.random.randrange(1, 20)):
                number += 1
                ns = None
                if self.random.random() < 0.02:
                    ns = time.time_ns() - 8 * 24 * HOUR
                    self.too_old.add(number)
                batch.append(event(number, hostname=self.node, ns=ns, rule=f"rule {number % 3}"))
            body = json.dumps(batch)
            while True:
                try:
                    status = self.relay.post(body)[0]
                except OSError:
                    status = 0
                if status == 200:
                    break
                time.sleep(0.02)
            self.acknowledged += [one["output_fields"]["n"] for one in batch]
            time.sleep(0.005)


class Chaos(unittest.TestCase):
    def test_what_was_acknowledged_arrives_once_and_in_order(self):
        print(f"chaos: seed {SEED}", flush=True)
        chance = random.Random(SEED)
        loki = LokiStandIn()
        self.addCleanup(loki.close)
        relay = Relay({"loki": {"hostport": loki.url, "format": "json", "batchwait": "50ms"}})
        with relay:
            stop = threading.Event()
            senders = [Sender(f"node-{i}", relay, stop, SEED + i) for i in range(SENDERS)]
            for sender in senders:
                sender.start()
            loki.fault = lambda: chance.choice(FAULTS)
            end = time.monotonic() + SECONDS
            kills = 0
            while time.monotonic() < end:
                time.sleep(chance.uniform(0.3, 1.2))
                relay.kill()
                kills += 1
                relay.start()
            stop.set()
            loki.fault = None
            for sender in senders:
                sender.join(60)
                self.assertFalse(sender.is_alive(), "a sender was never acknowledged")
            relay.wait_delivered()

            arrived = {}
            for labels, ns, line in loki.entries():
                one = json.loads(line)
                arrived.setdefault(one["hostname"], []).append((one["output_fields"]["n"], tuple(labels.items()), ns))
            wanted = 0
            for sender in senders:
                want = sorted(set(sender.acknowledged) - sender.too_old)
                got = arrived.get(sender.node, [])
                self.assertEqual(sorted(n for n, _, _ in got), want, "each once")
                wanted += len(want)
                streams = {}
                for n, labels, _ in got:
                    streams.setdefault(labels, []).append(n)
                for labels, numbers in streams.items():
                    self.assertEqual(numbers, sorted(numbers), f"in order: {labels}")
            too_old = sum(len(sender.too_old & set(sender.acknowledged)) for sender in senders)
            self.assertEqual(relay.metric("saker_relay_sink_dropped_total", sink="loki", reason="too_old"), too_old)
            self.assertEqual(relay.metric("falcosecurity_falcosidekick_outputs_total", destination="loki", status="ok"), wanted)
            print(f"chaos: {wanted} delivered, {too_old} dropped as too old, {kills} kills, {loki.requests} requests, {loki.duplicates} entries seen again", flush=True)


if __name__ == "__main__":
    unittest.main()
