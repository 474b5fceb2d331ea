"""The other sinks: real servers where Debian has them, else stand-ins that insist on the documented protocol."""

import gzip
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.request

from harness import Relay, event, wait_for


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lines_of(path):
    with open(path) as file:
        return file.read().splitlines()


class Receiver:
    """An HTTP server that keeps (method, path, headers, body) and answers what `answer` says."""

    def __init__(self, answer=lambda request: (200, "")):
        self.got = []
        self.answer = answer
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                request = (self.command, self.path, dict(self.headers), body.decode())
                status, text = receiver.answer(request)
                if status < 300:
                    receiver.got.append(request)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_PUT = do_POST

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a relay that ended

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Receivers(unittest.TestCase):
    def receiver(self, answer=lambda request: (200, "")):
        made = Receiver(answer)
        self.addCleanup(made.close)
        return made

    def test_webhook(self):
        receiver = self.receiver()
        with Relay({"webhook": {"address": receiver.url + "/hook", "method": "PUT", "customheaders": {"Authorization": "Bearer x"}}}) as relay:
            relay.post(event(1))
            wait_for(lambda: receiver.got, "the hook")
            method, path, headers, body = receiver.got[0]
            self.assertEqual((method, path, headers["Authorization"]), ("PUT", "/hook", "Bearer x"))
            self.assertEqual(json.loads(body)["output_fields"]["n"], 1)

    def test_a_refused_message_is_dropped_and_a_busy_receiver_waited_for(self):
        busy = [True]

        def answer(request):
            if json.loads(request[3])["rule"] == "bad":
                return 400, "invalid_payload"
            if busy[0]:
                busy[0] = False
                return 429, "slow down"
            return 200, "ok"

        receiver = self.receiver(answer)
        with Relay({"webhook": {"address": receiver.url}}) as relay:
            relay.post([event(1, rule="bad"), event(2), event(3)])
            relay.wait_delivered()
            self.assertEqual([json.loads(body)["output_fields"]["n"] for _, _, _, body in receiver.got], [2, 3])
            self.assertEqual(relay.metric("saker_relay_sink_dropped_total", sink="webhook", reason="http_400"), 1)

    def test_an_alert_at_which_a_receiver_always_fails_holds_up_no_other(self):
        def answer(request):
            return (500, "internal error") if json.loads(request[3])["rule"] == "bad" else (200, "ok")

        receiver = self.receiver(answer)
        with Relay({"webhook": {"address": receiver.url}}) as relay:
            relay.post([event(0), event(1, rule="bad"), event(2), event(3)])
            wait_for(lambda: len(receiver.got) == 3, "the others")
            self.assertEqual([json.loads(body)["output_fields"]["n"] for _, _, _, body in receiver.got], [0, 2, 3])
            wait_for(lambda: relay.metric("saker_relay_sink_set_aside_alerts", sink="webhook") == 1, "the metric")
            relay.post(event(4))
            wait_for(lambda: len(receiver.got) == 4, "one that came later")
            self.assertEqual(relay.metric("saker_relay_sink_dropped_total", sink="webhook", reason="poison"), 0, "it is still tried")
            # After a restart it is there, and what stands behind it is delivered again.
            relay.kill()
            receiver.answer = lambda request: (200, "ok")
            relay.start()
            relay.wait_delivered()
            numbers = [json.loads(body)["output_fields"]["n"] for _, _, _, body in receiver.got]
            self.assertEqual(set(numbers), {0, 1, 2, 3, 4})

    def test_chat(self):
        def slack(request):
            message = json.loads(request[3])
            good = all({"title", "value", "short"} <= set(field) for field in message["attachments"][0]["fields"])
            return (200, "ok") if good else (400, "invalid_attachments")

        def discord(request):
            embed = json.loads(request[3])["embeds"][0]
            good = isinstance(embed["color"], int) and len(embed["fields"]) <= 25 and len(embed["description"]) <= 4096
            return (204, "") if good else (400, "{}")

        def teams(request):
            return (200, "1") if json.loads(request[3])["@type"] == "MessageCard" else (400, "")

        receivers = {"slack": self.receiver(slack), "discord": self.receiver(discord), "teams": self.receiver(teams)}
        config = {name: {"webhookurl": receiver.url + "/services/secret"} for name, receiver in receivers.items()}
        config["slack"]["messageformat"] = 'Alert: {{ .Rule }} in {{ index . "k8s.ns.name" }}'
        with Relay(config) as relay:
            relay.post(event(1, priority="Critical", output="o" * 10000))
            for name, receiver in receivers.items():
                wait_for(lambda receiver=receiver: receiver.got, name)
            self.assertEqual(json.loads(receivers["slack"].got[0][3])["text"], "Alert: A rule in shop")
            self.assertNotIn("secret", relay.log_text())

    def test_elasticsearch(self):
        stored = {}
        refuse_once = [3]

        def bulk(request):
            lines = request[3].split("\n")
            if request[1] != "/_bulk" or lines[-1] != "" or request[2]["Content-Type"] != "application/x-ndjson":
                return 400, "the bulk request must be terminated by a newline"
            items = []
            for action, document in zip(lines[0:-1:2], lines[1:-1:2]):
                (operation, meta), = json.loads(action).items()
                document = json.loads(document)
                if not re.fullmatch(r"falco-\d{4}\.\d\d\.\d\d", meta["_index"]) or operation != "create" or "@timestamp" not in document:
                    return 400, "bad action"
                number = document["output_fields"]["n"]
                if number == 2:
                    items.append({"create": {"status": 400, "error": {"type": "mapper_parsing_exception"}}})
                elif number in refuse_once:
                    refuse_once.remove(number)
                    items.append({"create": {"status": 429}})
                elif meta["_id"] in stored:
                    items.append({"create": {"status": 409}})
                else:
                    stored[meta["_id"]] = number
                    items.append({"create": {"status": 201}})
            return 200, json.dumps({"errors": True, "items": items})

        receiver = self.receiver(bulk)
        with Relay({"elasticsearch": {"hostport": receiver.url, "enablecompression": True}}) as relay:
            relay.post([event(i) for i in range(6)])
            relay.wait_delivered()
            self.assertEqual(sorted(stored.values()), [0, 1, 3, 4, 5])
            self.assertEqual(relay.metric("saker_relay_sink_dropped_total", sink="elasticsearch", reason="http_400"), 1)

    def test_otlp(self):
        def logs(request):
            if request[1] != "/v1/logs" or request[2]["Content-Type"] != "application/json":
                return 404, ""
            records = json.loads(request[3])["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
            good = all(record["timeUnixNano"].isdigit() and 1 <= record["severityNumber"] <= 24 and "stringValue" in record["body"] for record in records)
            return (200, '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"one too many"}}') if good else (400, "")

        receiver = self.receiver(logs)
        with Relay({"otlp": {"logs": {"endpoint": receiver.url, "headers": {"X-Key": "k"}}}}) as relay:
            relay.post([event(i) for i in range(4)])
            relay.wait_delivered()
            self.assertEqual(receiver.got[0][2]["X-Key"], "k")
            self.assertEqual(relay.metric("saker_relay_sink_dropped_total", sink="otlp.logs", reason="partial_success"), len(receiver.got))

    def test_standard_output(self):
        with tempfile.TemporaryFile() as out:
            with Relay({"stdout": {"enabled": True, "minimumpriority": "error"}}, stdout=out) as relay:
                relay.post([event(1, priority="Error"), event(2, priority="Debug")])
                relay.wait_delivered()
            out.seek(0)
            self.assertEqual([json.loads(line)["output_fields"]["n"] for line in out], [1])

    def test_file_and_its_rotation(self):
        with Relay() as other:
            path = os.path.join(other.folder, "alerts.jsonl")
            with Relay({"file": {"path": path}}) as relay:
                relay.post(event(1))
                relay.wait_delivered()
                os.rename(path, path + ".1")
                relay.post(event(2))
                relay.wait_delivered()
                with open(path) as file:
                    self.assertEqual([json.loads(line)["output_fields"]["n"] for line in file], [2])


class RealServers(unittest.TestCase):
    def server(self, command, folder):
        log = open(os.path.join(folder, "server.log"), "wb")
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        log.close()

        def end():
            process.kill()
            process.wait()

        self.addCleanup(end)
        return process

    def folder(self):
        path = tempfile.mkdtemp(prefix="saker-relay-server-")
        self.addCleanup(shutil.rmtree, path, True)
        return path

    @unittest.skipUnless(shutil.which("rsyslogd"), "no rsyslogd here")
    def test_rsyslog(self):
        for protocol in ("tcp", "udp"):
            with self.subTest(protocol):
                folder, port = self.folder(), free_port()
                out = os.path.join(folder, "out")
                with open(os.path.join(folder, "conf"), "w") as file:
                    file.write(
                        f'module(load="im{protocol}")\nglobal(workDirectory="{folder}")\ntemplate(name="t" type="string" string="%syslogseverity-text% %hostname% %app-name% %msg%\\n")\n'
                        f'input(type="im{protocol}" port="{port}" address="127.0.0.1")\naction(type="omfile" file="{out}" template="t")\n'
                    )
                self.server(["rsyslogd", "-n", "-f", os.path.join(folder, "conf"), "-i", os.path.join(folder, "pid")], folder)
                with Relay({"syslog": {"host": "127.0.0.1", "port": port, "protocol": protocol}}) as relay:

                    def arrived():
                        # A datagram that comes before the server listens is lost: that is what UDP promises.
                        relay.post(event(1, priority="Critical"))
                        if not os.path.exists(out):
                            return ""
                        with open(out) as file:
                            return file.read()

                    line = wait_for(arrived, "rsyslog").splitlines()[0]
                    severity, host, app, message = line.split(" ", 3)
                    self.assertEqual((severity, host, app), ("crit", "node-1", "saker-relay"))
                    self.assertEqual(json.loads(message)["rule"], "A rule")
                with Relay({"syslog": {"host": "127.0.0.1", "port": port, "protocol": protocol, "format": "cef"}}) as relay:
                    relay.post(event(2, rule="Another|rule", priority="Critical"))
                    wait_for(lambda: any(r"|Another\|rule|" in line for line in lines_of(out)), "the same as CEF")
                    self.assertRegex(next(line for line in lines_of(out) if "Another" in line), r"CEF:0\|")

    @unittest.skipUnless(shutil.which("prometheus-alertmanager"), "no Alertmanager here")
    def test_alertmanager(self):
        folder, port = self.folder(), free_port()
        with open(os.path.join(folder, "conf.yml"), "w") as file:
            file.write("route: {receiver: none}\nreceivers: [{name: none}]\n")
        self.server(
            ["prometheus-alertmanager", "--config.file=conf.yml", "--storage.path=" + folder, f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
            folder,
        )
        config = {"alertmanager": {"hostport": f"http://127.0.0.1:{port}", "expiresafter": 900, "extralabels": {"team": "sec"}}}
        with Relay(config) as relay:
            relay.post([event(i, rule=f"rule {i}", priority="Critical") for i in range(3)])
            relay.wait_delivered()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/alerts") as answer:
                alerts = json.load(answer)
            self.assertEqual(sorted(alert["labels"]["rule"] for alert in alerts), ["rule 0", "rule 1", "rule 2"])
            labels = alerts[0]["labels"]
            self.assertEqual((labels["severity"], labels["team"], labels["proc_name"]), ("critical", "sec", "cat"))

    @unittest.skipUnless(shutil.which("prometheus"), "no Prometheus here")
    def test_prometheus_scrapes(self):
        folder, port = self.folder(), free_port()
        with Relay() as relay:
            relay.post(event(1))
            with open(os.path.join(folder, "conf.yml"), "w") as file:
                file.write(f"scrape_configs: [{{job_name: relay, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{relay.port}']}}]}}]\n")
            self.server(["prometheus", "--config.file=conf.yml", "--storage.tsdb.path=" + folder, f"--web.listen-address=127.0.0.1:{port}"], folder)

            def scraped():
                try:
                    query = f"http://127.0.0.1:{port}/api/v1/query?query=falcosecurity_falcosidekick_falco_events_total"
                    with urllib.request.urlopen(query) as answer:
                        return json.load(answer)["data"]["result"]
                except OSError:
                    return None

            result = wait_for(scraped, "a scrape")
            self.assertEqual((result[0]["metric"]["rule"], result[0]["value"][1]), ("A rule", "1"))


if __name__ == "__main__":
    unittest.main()
