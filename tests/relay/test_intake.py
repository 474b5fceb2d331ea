"""What may be sent and what is answered; how the relay begins and ends."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from confined import status_of
from harness import RELAY, Relay, event, wait_for
from loki_stand_in import LokiStandIn


class Intake(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.relay = Relay({"relay": {"bodybytes": 100000}, "stdout": {"enabled": False}})
        cls.relay.start()

    @classmethod
    def tearDownClass(cls):
        cls.relay.__exit__()

    def test_what_is_answered(self):
        good = json.dumps(event())
        rows = [
            ("POST", "/", good, 200, ""),
            ("POST", "/", json.dumps(event(1, source=..., tags=..., hostname=..., output=...)), 200, ""),
            ("POST", "/test", None, 200, ""),
            ("GET", "/ping", None, 200, "pong\n"),
            ("GET", "/healthz", None, 200, '{"status": "ok"}'),
            ("GET", "/", None, 405, "only POST"),
            ("PUT", "/", good, 405, "only POST"),
            ("GET", "/test", None, 405, "only POST"),
            ("POST", "/metrics", None, 405, "only GET"),
            ("POST", "/anything", good, 404, "nothing here"),
            ("GET", "/debug/vars", None, 404, "nothing here"),
            ("POST", "/", "", 400, "empty"),
            ("POST", "/", "no json", 400, "must begin with"),
            ("POST", "/", good + "x", 400, "must begin with"),
            ("POST", "/", good[:-1], 400, "not JSON"),
            ("POST", "/", json.dumps(event(rule="")), 400, "rule"),
            ("POST", "/", json.dumps(event(time="2026-01-01T00:00:00")), 400, "RFC 3339"),
            ("POST", "/", json.dumps(event(time=...)), 400, "time"),
            ("POST", "/", json.dumps(event(priority="urgent")), 400, "urgent"),
            ("POST", "/", json.dumps(event(priority=3)), 400, "priority"),
            ("POST", "/", json.dumps(event(output_fields={})), 400, "at least one field"),
            ("POST", "/", json.dumps(event(output_fields={"k8s.ns.name": 1})), 400, "k8s.ns.name"),
            ("POST", "/", json.dumps(event(output_fields={"k8s.pod.name": {}})), 400, "k8s.pod.name"),
            ("POST", "/", json.dumps(event(tags=[1])), 400, "tags"),
            ("POST", "/", json.dumps(event(output_fields={"k8s.ns.name": ["a"]})), 400, "k8s.ns.name"),
            ("POST", "/", json.dumps(event(output_fields={"k8s.ns.name": True})), 400, "k8s.ns.name"),
            ("POST", "/", json.dumps(event(output_fields=[1])), 400, "output_fields"),
            ("POST", "/", json.dumps(event(output_fields="x")), 400, "output_fields"),
            ("POST", "/", json.dumps(event(output_fields=...)), 400, "at least one field"),
            ("POST", "/", json.dumps(event(rule=...)), 400, "rule"),
            ("POST", "/", json.dumps(event(rule=7)), 400, "rule"),
            ("POST", "/", json.dumps(event(rule=None)), 400, "rule"),
            ("POST", "/", json.dumps(event(priority=None)), 400, "priority"),
            ("POST", "/", json.dumps(event(priority=...)), 400, "priority"),
            ("POST", "/", json.dumps(event(priority="")), 400, "priority"),
            ("POST", "/", json.dumps(event(output={})), 400, "output"),
            ("POST", "/", json.dumps(event(source=[])), 400, "source"),
            ("POST", "/", json.dumps(event(hostname=5)), 400, "hostname"),
            ("POST", "/", json.dumps(event(tags="a,b")), 400, "tags"),
            ("POST", "/", json.dumps(event(time=1772366400)), 400, "time"),
            ("POST", "/", json.dumps(event(time="")), 400, "time"),
            ("POST", "/", json.dumps(event(time="2026-03-01T14:0:0+0002:00")), 400, "time"),
            ("POST", "/", json.dumps(event(time="0001-01-01T00:00:00Z")), 400, "time"),
            ("POST", "/", "5", 400, "must begin with"),
            ("POST", "/", "null", 400, "must begin with"),
            ("POST", "/", '"text"', 400, "must begin with"),
            ("POST", "/", "[5]", 400, "object"),
            ("POST", "/", "[null, [], {}]", 400, "none of the 3"),
            ("POST", "/", b"\xff\xfe" + good.encode("utf-16-le"), 400, "must begin with"),
            ("POST", "//", good, 404, "nothing here"),
            ("POST", "/a/../", good, 404, "nothing here"),
            ("DELETE", "/", good, 405, "only POST"),
            ("POST", "/ping", None, 405, "only GET"),
            ("HEAD", "/healthz", None, 200, ""),
            # What is taken although it is strange: names of any case, null for what may be missing, keys nobody knows.
            ("POST", "/", json.dumps({key.upper(): value for key, value in event(50).items()}), 200, ""),
            ("POST", "/", json.dumps(event(51, tags=None, hostname=None, source=None, output=None)), 200, ""),
            ("POST", "/", json.dumps(event(52, message="m", more={"a": [1]}, uuid="mine")), 200, ""),
            ("POST", "/", "[]", 200, ""),
            ("POST", "/", "[" * 5000, 400, "nested"),
            ("POST", "/", "x" * 200000, 413, "larger"),
        ]
        for method, path, body, status, says in rows:
            with self.subTest(method=method, path=path, body=(body or "")[:60]):
                got, headers, text = self.relay.request(method, path, body)
                self.assertEqual(got, status, text)
                self.assertIn(says, text)
                if status >= 400:
                    self.assertEqual(headers["Content-Type"], "application/json")
                    self.assertIn("error", json.loads(text))
        self.assertEqual(self.relay.request("GET", "/ping")[0], 200, "it still lives")

    def test_what_is_no_http_is_answered_or_ended(self):
        rows = [
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),  # TLS to a plain port
            (b"GARBAGE\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", b"400"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n", b"413"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100000 + b"\r\n\r\n", b"4"),
        ]
        for sent, says in rows:
            with self.subTest(sent[:40]), socket.create_connection(("127.0.0.1", self.relay.port), timeout=60) as connection:
                try:
                    connection.sendall(sent)
                    connection.shutdown(socket.SHUT_WR)
                    answer = connection.recv(4096)
                except ConnectionError:  # refused before all of it was read
                    continue
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 " + says), answer)
        body = json.dumps(event(60)).encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.relay.port), timeout=60) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200"), "a body in chunks is a body")
        self.assertEqual(self.relay.request("GET", "/ping")[0], 200, "it still lives")

    def test_batches(self):
        before = self.relay.metric("falcosecurity_falcosidekick_inputs_total", status="accepted")
        many = [event(i, rule="batch") for i in range(10)]
        self.assertEqual(self.relay.post(many)[0], 200)
        lines = "\n".join(json.dumps(event(i, rule="lines")) for i in range(10))
        self.assertEqual(self.relay.post(lines)[0], 200)
        packed = gzip.compress(json.dumps([event(i, rule="packed") for i in range(10)]).encode())
        self.assertEqual(self.relay.post(packed, {"Content-Encoding": "gzip"})[0], 200)
        self.assertEqual(self.relay.metric("falcosecurity_falcosidekick_inputs_total", status="accepted"), before + 30)
        self.assertEqual(self.relay.post(packed[:-9], {"Content-Encoding": "gzip"})[0], 400)
        self.assertEqual(self.relay.post(gzip.compress(b"x" * 10**7), {"Content-Encoding": "gzip"})[0], 413)
        self.assertEqual(self.relay.post(b"x", {"Content-Encoding": "br"})[0], 415)

    def test_of_a_batch_the_good_ones_are_taken(self):
        status, _, text = self.relay.post([event(1, rule="good"), event(2, rule=""), event(3, rule="good")])
        self.assertEqual(status, 200)
        answer = json.loads(text)
        self.assertEqual(answer["accepted"], 2)
        self.assertEqual([one["index"] for one in answer["rejected"]], [1])
        status, _, text = self.relay.post([{}, {}])
        self.assertEqual(status, 400)

    def test_events_are_counted_with_falcosidekicks_labels(self):
        self.relay.post(event(77, rule="counted", priority="critical", hostname=...))
        key = (
            'falcosecurity_falcosidekick_falco_events_total{hostname="unknown",rule="counted",priority="6",'
            'priority_raw="critical",source="syscall",k8s_ns_name="shop",k8s_pod_name=""}'
        )
        self.assertEqual(self.relay.metrics().get(key), 1)

    @unittest.skipUnless(shutil.which("promtool"), "no promtool here")
    def test_promtool_has_nothing_to_say(self):
        self.relay.post(event(78))
        text = self.relay.request("GET", "/metrics")[2]
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


class Crafted(unittest.TestCase):
    def test_bodies_made_to_be_large_in_memory_or_slow(self):
        """Each is 4 MiB at most; a relay that takes a minute for one, or 121 MiB, is one that anybody can stop."""
        good = [event(i, rule="good") for i in range(3000)]
        rows = [
            ("[" + ",".join(["{}"] * 1_390_000) + "]", 400),
            ("[" + ",".join(["1"] * 2_000_000) + "]", 400),
            ("[" + "[]," * 1_390_000 + "[]]", 400),
            ("{}\n" * 1_390_000, 400),
            ("[" + ",".join(["{}"] * 16_000) + "," + json.dumps(good)[1:], 200),
            (json.dumps(event(1, output_fields={"a": "@"})).replace('"@"', "[" + "[]," * 1_390_000 + "[]]"), 400),
            (json.dumps(event(1, output_fields={str(i): i for i in range(200_000)})), 400),
            (json.dumps(event(1, tags=[f"a{i}" for i in range(300_000)])), 400),
            (json.dumps(event(1, output="\u2028" * 600_000)), 400),
            (json.dumps(event(1, output="<" * 4_000_000)), 400),
            (json.dumps(event(1, output="<" * 1_000_000)), 200),
        ]
        with Relay({"file": {"path": "/dev/null"}}) as relay:
            for body, wanted in rows:
                with self.subTest(body[:30]):
                    self.assertLessEqual(len(body), 4 * 2**20)
                    status, _, text = relay.post(body)
                    self.assertEqual(status, wanted, text[:200])
            relay.wait_delivered()
            self.assertEqual(relay.metric("falcosecurity_falcosidekick_outputs_total", destination="file", status="ok"), len(good) + 1)
            self.assertLess(int(status_of(relay.process.pid)["VmHWM"].split()[0]), 100 * 1024, "kiB at most")


class Spooling(unittest.TestCase):
    def test_a_full_spool_says_429_and_takes_what_is_worth_more(self):
        # Batches that are small beside the spool: what a sink has in hand is not evicted.
        config = {"spool": {"maxbytes": 20000}, "loki": {"hostport": "http://127.0.0.1:1", "batchbytes": 1000}}
        with Relay(config) as relay:
            status = 200
            number = 0
            while status == 200 and number < 1000:
                number += 1
                status, headers, _ = relay.post(event(number, priority="Notice"))
            self.assertEqual(status, 429)
            self.assertGreater(int(headers["Retry-After"]), 0)
            wait_for(lambda: relay.post(event(5000, priority="Critical"))[0] == 200, "room for what is worth more")
            self.assertGreaterEqual(relay.metric("saker_relay_spool_evicted_total", priority="Notice", reason="full"), 1)
            self.assertLessEqual(relay.metric("saker_relay_spool_bytes"), 20000)

    def test_the_number_of_series_is_capped(self):
        with Relay({"relay": {"seriesmax": 10}}) as relay:
            relay.post([event(i, hostname=f"host-{i}") for i in range(50)])
            series = [key for key in relay.metrics() if key.startswith("falcosecurity_falcosidekick_falco_events_total")]
            self.assertEqual(len(series), 11)
            self.assertEqual(relay.metric("falcosecurity_falcosidekick_falco_events_total"), 50)


    @unittest.skipUnless(os.geteuid() == 0, "needs root, to mount a small disk")
    def test_a_full_disk_loses_nothing_that_was_acknowledged(self):
        folder = tempfile.mkdtemp(prefix="saker-relay-disk-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        spool = os.path.join(folder, "spool")
        os.mkdir(spool)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", spool], capture_output=True).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", spool])
        loki = LokiStandIn()
        self.addCleanup(loki.close)
        loki.fault = 503
        with Relay({"loki": {"hostport": loki.url, "format": "json", "batchwait": "50ms"}}, folder=folder) as relay:
            acknowledged = []
            for number in range(0, 100_000, 10):
                status, headers, text = relay.post([event(number + i) for i in range(10)])
                if status != 200:
                    break
                acknowledged += range(number, number + 10)
            self.assertEqual((status, json.loads(text)["error"]), (503, "the spool cannot be written"))
            self.assertIn("Retry-After", headers)
            self.assertEqual(relay.request("GET", "/healthz")[0], 200)
            self.assertGreater(relay.metric("saker_relay_spool_write_errors_total"), 0)
            self.assertIn("disk is full", relay.log_text())
            relay.kill()
            subprocess.run(["mount", "-o", "remount,size=30m", spool], check=True)
            relay.start()
            for number in range(200_000, 200_030, 10):
                self.assertEqual(relay.post([event(number + i) for i in range(10)])[0], 200)
                acknowledged += range(number, number + 10)
            loki.fault = None
            relay.wait_delivered()
            self.assertEqual(sorted(json.loads(line)["output_fields"]["n"] for _, _, line in loki.entries()), acknowledged, "each once")

    def test_a_damaged_spool_is_set_aside_and_the_service_goes_on(self):
        def cut(path):
            os.truncate(path, os.path.getsize(path) // 2)

        def scribble(path):
            with open(path, "r+b") as file:
                file.write(b"this is no database " * 500)

        for damage in (cut, scribble):
            loki = LokiStandIn()
            self.addCleanup(loki.close)
            loki.fault = 503
            with self.subTest(damage.__name__), Relay({"loki": {"hostport": loki.url, "format": "json", "batchwait": "50ms"}, "relay": {"grace": "10ms"}}) as relay:
                for number in range(0, 2000, 100):
                    self.assertEqual(relay.post([event(number + i) for i in range(100)])[0], 200)
                relay.stop()  # so that all of it is in the one file
                damage(os.path.join(relay.folder, "spool", "spool.db"))
                relay.start()
                self.assertEqual(relay.metric("saker_relay_spool_corruptions_total"), 1)
                self.assertTrue([name for name in os.listdir(os.path.join(relay.folder, "spool")) if ".damaged-" in name], "it is kept")
                self.assertEqual(relay.post(event(5000))[0], 200)
                loki.fault = None
                relay.wait_delivered()
                salvaged = relay.metric("saker_relay_spool_salvaged_alerts_total")
                self.assertEqual(loki.count(), salvaged + 1)
                if damage is cut:
                    self.assertGreater(salvaged, 0)


class Configuration(unittest.TestCase):
    def check(self, text, environment=None):
        done = subprocess.run([RELAY, "-c", "/dev/stdin", "--check"], input=text, capture_output=True, text=True, env=environment or {})
        return done.returncode, done.stderr

    def test_check(self):
        self.assertEqual(self.check("loki: {hostport: 'http://loki:3100', minimumpriority: ''}")[0], 0)
        code, text = self.check("loki: {hostprot: x}")
        self.assertEqual(code, 1)
        self.assertIn("did you mean 'loki.hostport'", text)
        self.assertEqual(self.check("", {"LOKI_MINIMUMPRIORITY": "wrong"})[0], 1)
        for line in text.splitlines():
            json.loads(line)

    def test_what_cannot_run_says_so(self):
        done = subprocess.run([RELAY], capture_output=True, text=True, env={"SPOOL_PATH": "/proc/none"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("/proc/none", done.stderr)


class Ending(unittest.TestCase):
    def test_what_waits_for_its_batch_to_fill_is_delivered(self):
        loki = LokiStandIn()
        self.addCleanup(loki.close)
        with Relay({"loki": {"hostport": loki.url, "format": "json", "batchwait": "1h"}, "relay": {"grace": "60s"}}) as relay:
            self.assertEqual(relay.post([event(i) for i in range(20)])[0], 200)
            self.assertEqual(relay.stop(), 0)
            self.assertEqual(loki.count(), 20)
            relay.start()
            self.assertEqual(relay.metric("saker_relay_spool_alerts"), 0, "and nothing is left to be delivered twice")

    def test_what_was_in_flight_is_kept(self):
        with Relay({"loki": {"hostport": "http://127.0.0.1:1"}, "relay": {"grace": "1s"}}) as relay:
            self.assertEqual(relay.post([event(i) for i in range(20)])[0], 200)
            self.assertEqual(relay.stop(), 0)
            relay.start()
            self.assertEqual(relay.metric("saker_relay_spool_waiting_alerts"), 20)

    def test_while_ending_events_are_refused_with_503(self):
        with Relay({"loki": {"hostport": "http://127.0.0.1:1"}, "relay": {"grace": "30s"}}) as relay:
            relay.post(event())
            relay.process.terminate()
            answer = wait_for(lambda: (got := relay.post(event(1)))[0] == 503 and got, "503")
            self.assertIn("Retry-After", answer[1])
            self.assertEqual(relay.request("GET", "/healthz")[0], 200)


class Many(unittest.TestCase):
    def test_many_senders_at_once(self):
        with Relay({"file": {"path": "/dev/null"}}) as relay:

            def send(sender):
                for i in range(50):
                    self.assertEqual(relay.post(event(i, hostname=f"node-{sender}"))[0], 200)

            threads = [threading.Thread(target=send, args=(sender,)) for sender in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            relay.wait_delivered()
            self.assertEqual(relay.metric("falcosecurity_falcosidekick_outputs_total", destination="file", status="ok"), 400)
            commits = relay.metric("saker_relay_spool_commits_total")
            self.assertLess(commits, 850, "senders share transactions")


if __name__ == "__main__":
    unittest.main()
