"""The ways to Loki: TLS, a client certificate, a token, a proxy; and the ways to the relay: TLS, and several replicas."""

import http.client
import http.server
import json
import shutil
import tempfile
import threading
import unittest
import urllib.parse

from certificates import Certificates
from harness import Relay, event, wait_for
from loki_stand_in import LokiStandIn


class Proxy:
    """Passes on what is asked for by its whole URL, and remembers the URLs."""

    def __init__(self):
        self.urls = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                proxy.urls.append(self.path)
                where = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                onward = http.client.HTTPConnection(where.netloc)
                onward.request("POST", where.path, body, dict(self.headers))
                answer = onward.getresponse()
                self.send_response(answer.status)
                if answer.status != 204:
                    self.send_header("Content-Length", answer.headers["Content-Length"])
                self.end_headers()
                self.wfile.write(answer.read())
                onward.close()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(shutil.which("openssl"), "no openssl here")
class Ways(unittest.TestCase):
    def loki(self, **keys):
        made = LokiStandIn(**keys)
        self.addCleanup(made.close)
        return made

    def certificates(self):
        folder = tempfile.mkdtemp(prefix="saker-relay-certificates-")
        self.addCleanup(shutil.rmtree, folder)
        return Certificates(folder)

    def config(self, loki, **keys):
        return {"loki": {"hostport": loki.url, "format": "json", "batchwait": "50ms", **keys}}

    def test_loki_behind_a_token(self):
        loki = self.loki()
        with Relay(self.config(loki, bearertoken="secret-token")) as relay:
            relay.post(event(1))
            wait_for(loki.count, "the entry")
            self.assertEqual(loki.pushes[0][2]["Authorization"], "Bearer secret-token")
            self.assertNotIn("secret-token", relay.log_text())

    def test_loki_behind_tls(self):
        certificates = self.certificates()
        loki = self.loki(tls=certificates.server_context())
        good = {"tlsclient": {"cacertfile": certificates.path("ca.crt")}}
        with Relay({**self.config(loki), **good}) as relay:
            relay.post(event(1))
            wait_for(loki.count, "the entry")
        with Relay(self.config(loki, checkcert=False)) as relay:
            relay.post(event(2))
            wait_for(lambda: loki.count() == 2, "the entry, though nobody knows the authority")
        with Relay(self.config(loki)) as relay:
            relay.post(event(3))
            wait_for(lambda: relay.metric("saker_relay_sink_up", sink="loki") == 0, "the certificate to be refused")
            self.assertIn("certificate", relay.log_text())
            self.assertEqual(relay.metric("saker_relay_spool_waiting_alerts"), 1, "it waits")
        self.assertEqual(loki.count(), 2)

    def test_loki_wants_a_client_certificate(self):
        certificates = self.certificates()
        loki = self.loki(tls=certificates.server_context(mutual=True))
        with Relay({**self.config(loki, mutualtls=True), "mutualtlsfilespath": certificates.folder}) as relay:
            relay.post(event(1))
            wait_for(loki.count, "the entry")
        one_by_one = {"mutualtlsclient": {"certfile": certificates.path("client.crt"), "keyfile": certificates.path("client.key"),
                                          "cacertfile": certificates.path("ca.crt")}}
        with Relay({**self.config(loki, mutualtls=True), **one_by_one}) as relay:
            relay.post(event(2))
            wait_for(lambda: loki.count() == 2, "the entry")
        with Relay({**self.config(loki), "tlsclient": {"cacertfile": certificates.path("ca.crt")}}) as relay:
            relay.post(event(3))
            wait_for(lambda: relay.metric("saker_relay_sink_up", sink="loki") == 0, "to be refused without one")
        self.assertEqual(loki.count(), 2)

    def test_loki_behind_a_proxy(self):
        loki, proxy = self.loki(), Proxy()
        self.addCleanup(proxy.close)
        with Relay(self.config(loki), environment={"http_proxy": proxy.url}) as relay:
            relay.post(event(1))
            wait_for(loki.count, "the entry")
            self.assertEqual(proxy.urls, [loki.url + "/loki/api/v1/push"])
        with Relay(self.config(loki), environment={"http_proxy": proxy.url, "no_proxy": "127.0.0.1"}) as relay:
            relay.post(event(2))
            wait_for(lambda: loki.count() == 2, "the entry")
            self.assertEqual(len(proxy.urls), 1)

    def test_the_relay_behind_tls_with_probes_beside_it(self):
        certificates = self.certificates()
        server = {"deploy": True, "mutualtls": True, "certfile": certificates.path("server.crt"), "keyfile": certificates.path("server.key"),
                  "cacertfile": certificates.path("ca.crt"), "notlsport": 0, "notlspaths": ["/metrics", "/healthz"]}
        with Relay({"tlsserver": server}) as relay:
            def ask(method, path, body=None, context=None):
                connection = http.client.HTTPSConnection("127.0.0.1", relay.port, timeout=60, context=context or certificates.client_context(True))
                try:
                    connection.request(method, path, body)
                    return connection.getresponse().status
                finally:
                    connection.close()

            self.assertEqual(ask("POST", "/", json.dumps(event(1))), 200)
            self.assertEqual(ask("GET", "/metrics"), 404, "that has moved to the other port")
            with self.assertRaises((OSError, http.client.HTTPException)):
                ask("POST", "/", json.dumps(event(2)), certificates.client_context())
            with self.assertRaises((OSError, http.client.HTTPException)):
                relay.request("GET", "/healthz")


class Replicas(unittest.TestCase):
    def test_several_replicas_deliver_what_was_sent_to_each_or_to_all(self):
        loki = LokiStandIn()
        self.addCleanup(loki.close)
        config = {"loki": {"hostport": loki.url, "format": "json", "batchwait": "50ms"}}
        with Relay(config) as one, Relay(config) as other:
            self.assertEqual(one.post([event(i, hostname="a") for i in range(10)])[0], 200)
            self.assertEqual(other.post([event(i, hostname="b") for i in range(10)])[0], 200)
            # A sender that saw no answer goes to another replica with the same alerts.
            both = [event(i, hostname="c") for i in range(10)]
            self.assertEqual((one.post(both)[0], other.post(both)[0]), (200, 200))
            one.wait_delivered()
            other.wait_delivered()
        arrived = sorted((json.loads(line)["hostname"], json.loads(line)["output_fields"]["n"]) for _, _, line in loki.entries())
        self.assertEqual(arrived, [(host, n) for host in "abc" for n in range(10)], "each once")
        self.assertEqual(loki.duplicates, 10)


if __name__ == "__main__":
    unittest.main()
