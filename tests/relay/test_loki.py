"""Delivery to Loki: what arrives, and what is done about every way in which it can be refused."""

import json
import time
import unittest

from harness import Relay, event, wait_for
from loki_stand_in import LokiStandIn

SECOND = 10**9
HOUR = 3600 * SECOND


def config(loki, **keys):
    return {"loki": {"hostport": loki.url, "format": "json", "batchwait": "100ms", "minimumpriority": "", **keys}}


class Loki(unittest.TestCase):
    def setUp(self):
        self.loki = LokiStandIn()
        self.addCleanup(self.loki.close)

    def dropped(self, relay, reason):
        return relay.metric("saker_relay_sink_dropped_total", sink="loki", reason=reason)

    def numbers(self):
        return [json.loads(line)["output_fields"]["n"] for _, _, line in self.loki.entries()]

    def test_the_entry_is_falcosidekicks(self):
        for encoding in ("snappy", "gzip"):
            with self.subTest(encoding), Relay(config(self.loki, encoding=encoding)) as relay:
                sent = event(1, rule=encoding, ns=time.time_ns() // 1000 * 1000)
                self.assertEqual(relay.post(sent)[0], 200)
                wait_for(lambda: any(labels["rule"] == encoding for labels, _, _ in self.loki.entries()), "the entry")
                labels, ns, line = self.loki.entries()[-1]
                self.assertEqual(
                    labels,
                    {"rule": encoding, "source": "syscall", "priority": "Warning", "hostname": "node-1", "tags": "container,file", "k8s_ns_name": "shop"},
                )
                got = json.loads(line)
                self.assertEqual(list(got), ["uuid", "output", "priority", "rule", "time", "output_fields", "source", "tags", "hostname"])
                self.assertEqual(got["output_fields"], sent["output_fields"])
                self.assertIn("\\u003cNA\\u003e", line)
                self.assertEqual(ns % 1000, 0)
                self.assertTrue(got["time"].endswith("Z") and not got["time"].endswith("0Z") or "." not in got["time"])

    def test_text_tenant_password_and_headers(self):
        keys = {"format": "text", "tenant": "t", "user": "u", "apikey": "p", "customheaders": {"X-Extra": "a:b"}, "extralabels": ["proc.name"]}
        with Relay({**config(self.loki, **keys), "customfields": {"cluster": "one"},
                    "templatedfields": {"place": '{{ .cluster }}/{{ index . "k8s.ns.name" }}'}}) as relay:
            relay.post(event(5))
            wait_for(self.loki.count, "the entry")
            labels, _, line = self.loki.entries()[0]
            self.assertEqual(line, "alert 5 <NA>")
            self.assertEqual((labels["proc_name"], labels["cluster"], labels["place"]), ("cat", "one", "one/shop"))
            headers = self.loki.pushes[0][2]
            self.assertEqual(headers["X-Scope-OrgID"], "t")
            self.assertEqual(headers["Authorization"], "Basic dTpw")
            self.assertEqual(headers["X-Extra"], "a:b")

    def test_all_priorities_pass_an_empty_minimum(self):
        names = "Emergency Alert Critical Error Warning Notice Informational Debug".split()
        with Relay(config(self.loki)) as relay:
            relay.post([event(i, priority=name) for i, name in enumerate(names)])
            wait_for(lambda: self.loki.count() == 8, "eight entries")
            self.assertEqual({labels["priority"] for labels, _, _ in self.loki.entries()}, set(names))

    def test_refused_entries_do_not_take_others_along(self):
        now = time.time_ns()
        with Relay(config(self.loki)) as relay:
            sent = [event(i) for i in range(40)]
            sent[7] = event(7, ns=now - 8 * 24 * HOUR)  # too old
            sent[20] = event(20, ns=now + HOUR)  # too new: our clock's time is used
            sent[30] = event(30, output="x" * 300000)  # too long: cut
            sent[31] = event(31, ns=now - 3 * HOUR)  # too far behind its stream: a stream of its own
            self.assertEqual(relay.post(sent)[0], 200)
            relay.wait_delivered()
            self.assertEqual(sorted(self.numbers()), [i for i in range(40) if i != 7])
            self.assertEqual(self.dropped(relay, "too_old"), 1)
            replayed = [labels for labels, _, line in self.loki.entries() if '"n":31' in line]
            self.assertIn("replayed", replayed[0])
            self.assertIn("reason too_old", relay.log_text())

    def test_a_long_backlog_that_comes_late_costs_few_requests(self):
        now = time.time_ns()
        with Relay(config(self.loki)) as relay:
            relay.post(event(0, ns=now))
            wait_for(self.loki.count, "the newest")
            relay.post([event(i, ns=now - 3 * HOUR + i * SECOND) for i in range(1, 501)])
            relay.wait_delivered()
            self.assertEqual(self.loki.count(), 501)
            self.assertLess(self.loki.requests, 100)

    def test_too_many_streams_cost_labels_and_no_alert(self):
        self.loki.streams_max = 3
        with Relay(config(self.loki)) as relay:
            sent = [event(i, output_fields={"n": i, "k8s.pod.name": f"pod-{i % 20}"}) for i in range(60)]
            relay.post(event(100, output_fields={"n": 100}, tags=...))
            wait_for(self.loki.count, "the stream without pods")
            relay.post(sent)
            relay.wait_delivered()
            self.assertEqual(sorted(self.numbers()), [*range(60), 100])

    def test_answers_that_are_tried_again(self):
        for fault in (429, 500, 503, 401, "reset", "redirect", "reset after"):
            with self.subTest(fault), Relay(config(self.loki)) as relay:
                before = self.loki.count()
                self.loki.fault = fault
                relay.post([event(i, rule=str(fault)) for i in range(10)])
                wait_for(lambda: relay.metric("saker_relay_sink_retries_total") >= 1, "a retry")
                self.assertEqual(relay.metric("saker_relay_sink_up", sink="loki"), 0)
                self.loki.fault = None
                if fault in (401, "redirect"):
                    continue  # repeated too slowly to wait for; the next relay proves the address
                relay.wait_delivered()
                self.assertEqual(self.loki.count(), before + 10, "nothing twice")
                wait_for(lambda: "is up again" in relay.log_text(), "the log to say so")

    def test_every_other_answer_that_is_tried_again(self):
        for fault in (403, 404, 405, 408, 502, 504):
            with self.subTest(fault), Relay(config(self.loki)) as relay:
                self.loki.fault = fault
                relay.post(event(1))
                wait_for(lambda: relay.metric("saker_relay_sink_up", sink="loki") == 0, "the sink to be down")
                self.assertEqual("refuses us" in relay.log_text(), fault in (403, 404, 405), "somebody must act, and is told so")
                self.assertEqual(relay.metric("saker_relay_spool_waiting_alerts"), 1)
        with Relay({"loki": {"hostport": "http://no-such-host.invalid"}}) as relay:
            relay.post(event(1))
            wait_for(lambda: "no-such-host.invalid" in relay.log_text(), "the name to be told")
            self.assertEqual(relay.metric("saker_relay_spool_waiting_alerts"), 1)

    def test_answers_that_end_it(self):
        for fault, reason in ((260, "blocked"), (422, "http_422"), (400, "http_400")):
            with self.subTest(fault), Relay(config(self.loki)) as relay:
                self.loki.fault = fault
                relay.post([event(i) for i in range(5)])
                wait_for(lambda: self.dropped(relay, reason) == 5, "all to be dropped, with the reason")
                self.assertIn(f"reason {reason}", relay.log_text())
                self.assertEqual(relay.metric("falcosecurity_falcosidekick_outputs_total", destination="loki", status="error"), 5)
                self.loki.fault = None

    def test_a_413_is_split(self):
        answers = [413, 413, 413]
        self.loki.fault = lambda: answers.pop() if answers else None
        with Relay(config(self.loki)) as relay:
            relay.post([event(i) for i in range(40)])
            relay.wait_delivered()
            self.assertEqual(sorted(self.numbers()), list(range(40)))
            self.assertEqual(relay.metric("saker_relay_sink_dropped_total", sink="loki"), 0)

    def test_counters_begin_at_zero(self):
        with Relay(config(self.loki)) as relay:
            metrics = relay.metrics()
            for priority in "Emergency Alert Critical Error Warning Notice Informational Debug".split():
                for reason in ("age", "full"):
                    self.assertEqual(metrics.get(f'saker_relay_spool_evicted_total{{priority="{priority}",reason="{reason}"}}'), 0)
            for reason in ("too_old", "too_far_behind", "stream_limit", "poison", "age", "blocked"):
                self.assertEqual(metrics.get(f'saker_relay_sink_dropped_total{{reason="{reason}",sink="loki"}}'), 0)

    def test_a_retry_is_the_same_bytes(self):
        bodies = []
        push = self.loki.push

        def remember(request, body):
            bodies.append(body)
            return push(request, body)

        self.loki.push = remember
        self.loki.fault = "reset after"
        with Relay(config(self.loki)) as relay:
            relay.post([event(i) for i in range(20)])
            wait_for(lambda: len(bodies) >= 2, "a retry")
            self.loki.fault = None
            relay.wait_delivered()
            self.assertEqual(len(set(bodies)), 1)
            self.assertEqual(self.loki.count(), 20)

    def test_too_large_for_loki_inside_is_split(self):
        with Relay(config(self.loki, batchbytes=8000000)) as relay:
            for part in range(5):
                self.assertEqual(relay.post([event(part * 10 + i, output="y" * 150000) for i in range(10)])[0], 200)
            relay.wait_delivered()
            self.assertEqual(self.loki.count(), 50)

    def test_a_hung_loki_holds_nobody_up(self):
        with Relay({**config(self.loki), "file": {"path": "/dev/null"}}) as relay:
            self.loki.fault = "hang"
            for i in range(20):
                self.assertEqual(relay.post(event(i))[0], 200)
            wait_for(lambda: relay.metric("falcosecurity_falcosidekick_outputs_total", destination="file", status="ok") == 20, "the other sink")
            self.assertEqual(relay.request("GET", "/ping")[0], 200)
            self.loki.fault = None
            self.loki.released.set()
            relay.wait_delivered()
            self.assertEqual(self.loki.count(), 20)

    def test_a_dead_port_makes_few_lines_of_log(self):
        with Relay({"loki": {"hostport": "http://127.0.0.1:1", "batchwait": "10ms"}}) as relay:
            for i in range(100):
                self.assertEqual(relay.post([event(i * 10 + j) for j in range(10)])[0], 200)
            wait_for(lambda: relay.metric("saker_relay_sink_retries_total") >= 2, "retries")
            self.assertLessEqual(len(relay.log_text().splitlines()), 10)

    def test_the_minimum_priority(self):
        with Relay(config(self.loki, minimumpriority="error")) as relay:
            relay.post([event(1, priority="Warning"), event(2, priority="Error"), event(3, priority="Debug")])
            relay.request("POST", "/test")
            wait_for(lambda: self.loki.count() == 2, "two entries")
            self.assertEqual(sorted(labels["rule"] for labels, _, _ in self.loki.entries()), ["A rule", "Test rule"])
            wait_for(lambda: relay.metric("saker_relay_sink_filtered_total", sink="loki") == 2, "two filtered ones")


if __name__ == "__main__":
    unittest.main()
