"""The relay as a pod runs it, with a Loki that hangs; bench/relay.py does the same for ten minutes."""

import os
import shutil
import tempfile
import threading
import unittest

from confined import Confinement, status_of, unaccounted
from harness import Relay, event, wait_for
from loki_stand_in import LokiStandIn

SENDERS = 4
BATCHES = 30
BATCH = 100


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root, to give it up")
class Confined(unittest.TestCase):
    def test_a_hung_loki_costs_neither_memory_nor_an_alert(self):
        folder = tempfile.mkdtemp(prefix="saker-relay-confined-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        confinement = Confinement(folder)
        self.addCleanup(confinement.close)
        loki = LokiStandIn()
        self.addCleanup(loki.close)
        loki.fault = "hang"
        # Room for about half of them.
        config = {"loki": {"hostport": loki.url, "format": "json"}, "spool": {"maxbytes": 3 * 2**20}}
        with Relay(config, folder=folder, wrapper=confinement.wrapper) as relay:
            status = status_of(relay.process.pid)
            self.assertEqual(status["Uid"].split()[1], "65534")
            self.assertEqual((int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]), (0, 0, "1"))
            taken = [0] * SENDERS
            refused = [0] * SENDERS

            def send(sender):
                for batch in range(BATCHES):
                    priority = ("Critical", "Warning", "Notice")[batch % 3]
                    answer = relay.post([event(batch * BATCH + i, hostname=f"node-{sender}", priority=priority) for i in range(BATCH)])[0]
                    self.assertIn(answer, (200, 429))
                    (taken if answer == 200 else refused)[sender] += BATCH

            threads = [threading.Thread(target=send, args=(sender,)) for sender in range(SENDERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sum(taken) + sum(refused), SENDERS * BATCHES * BATCH)
            self.assertEqual(unaccounted(relay, sum(taken)), 0)
            self.assertGreater(relay.metric("saker_relay_spool_evicted_total", reason="full"), 0)
            self.assertLessEqual(relay.metric("saker_relay_spool_bytes"), 3 * 2**20)
            self.assertEqual(relay.request("GET", "/healthz")[0], 200)
            self.assertEqual(confinement.killed(), 0)
            # Once Loki answers, what is there goes out.
            kept = relay.metric("saker_relay_spool_alerts")
            loki.fault = None
            loki.released.set()
            relay.wait_delivered()
            wait_for(lambda: relay.metric("falcosecurity_falcosidekick_outputs_total", destination="loki", status="ok") == kept, "all that was kept")
            self.assertEqual(loki.count(), kept)
            self.assertEqual(unaccounted(relay, sum(taken)), 0)
            self.assertEqual(relay.stop(), 0)


if __name__ == "__main__":
    unittest.main()
