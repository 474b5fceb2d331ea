"""Where alerts go: each output on its own, whatever the others do."""

import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request

from harness import Agent, MarkerTest, WAIT_SECONDS
from test_agent import rules_file


def marker_rule(name):
    return (f"- rule: every {name}\n  desc: d\n  condition: evt.type = execve and proc.name = {name}\n"
            f"  output: p=%proc.name c=%proc.cmdline\n  priority: WARNING\n")


class Outputs(MarkerTest):
    def setUp(self):
        super().setUp()
        self.rules = rules_file(self, marker_rule(self.name))

    def path(self, name):
        return os.path.join(self.directory, name)

    def act(self, *arguments):
        subprocess.run([self.marker, *arguments], check=True)

    def lines(self, name):
        try:
            with open(self.path(name)) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_until(self, condition, what):
        deadline = time.time() + WAIT_SECONDS
        while not condition():
            self.assertLess(time.time(), deadline, what)
            time.sleep(0.01)

    def test_every_output_gets_every_alert(self):
        with Agent(
            "-o", "file_output.enabled=true", "-o", f"file_output.filename={self.path('alerts')}",
            "-o", "program_output.enabled=true", "-o", f"program_output.program=cat >> {self.path('program')}",
            "-o", "buffered_outputs=true", rules=[self.rules],
        ) as agent:
            self.act("one")
            self.act("two")
            agent.wait_for(rule=f"every {self.name}", **{"proc.cmdline": f"{self.name} two"})
            self.wait_until(lambda: len(self.lines("program")) == 2, "the program")
        lines = [json.loads(line)["output_fields"]["proc.cmdline"] for line in self.lines("alerts")]
        self.assertEqual(lines, [f"{self.name} one", f"{self.name} two"])
        self.assertEqual(self.lines("program"), self.lines("alerts"))
        self.assertEqual(agent.lines, self.lines("alerts"))

    def test_a_stuck_output_delays_no_other(self):
        """Nobody reads the agent's standard output, which holds 64 KiB; the file has everything at once."""
        with Agent(
            "-o", "file_output.enabled=true", "-o", f"file_output.filename={self.path('alerts')}",
            "-o", "file_output.keep_alive=true", "-o", "saker.outputs_queue_bytes=65536",
            rules=[self.rules], read_alerts=False,
        ) as agent:
            count = 300
            loop = f'i=0; while [ $i -lt {count} ]; do {self.marker} $i {"x" * 500}; i=$((i+1)); done'
            subprocess.run(["sh", "-c", loop], check=True)
            self.wait_until(lambda: len(self.lines("alerts")) == count, "the file")
            self.assertEqual(agent.stop(), 0)
        self.assertRegex("\n".join(agent.log), r"output stdout: \d+ alerts were delivered, [1-9]\d* were lost and [1-9]\d* found its queue full")

    def test_a_rotated_file_goes_on_after_sigusr1(self):
        with Agent(
            "-o", "file_output.enabled=true", "-o", f"file_output.filename={self.path('alerts')}",
            "-o", "file_output.keep_alive=true", rules=[self.rules],
        ) as agent:
            self.act("one")
            self.wait_until(lambda: len(self.lines("alerts")) == 1, "the first")
            os.rename(self.path("alerts"), self.path("rotated"))
            agent.process.send_signal(signal.SIGUSR1)
            self.wait_until(lambda: any("SIGUSR1" in line for line in agent.log), "the signal")
            self.act("two")
            self.wait_until(lambda: any("two" in line for line in self.lines("alerts")), "the second")
            self.assertTrue(any("one" in line for line in self.lines("rotated")))

    def test_the_spool_of_http_output_survives_kill_9(self):
        """Nobody is at the other end; the agent is killed; the next one delivers all of it, in order."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            web = probe.getsockname()[1]
        options = ["-o", "http_output.enabled=true", "-o", f"http_output.url=http://127.0.0.1:{port}/",
                   "-o", "saker.http_spool.enabled=true", "-o", f"saker.http_spool.path={self.path('spool')}",
                   "-o", f"webserver.listen_port={web}", "-o", "webserver.listen_address=127.0.0.1"]

        def waiting():
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{web}/status", timeout=WAIT_SECONDS) as answer:
                    return json.load(answer)["outputs"]["http"]["spool"]["waiting"]
            return -1

        with Agent(*options, rules=[self.rules], webserver=True) as agent:
            for i in range(5):
                self.act(str(i))
            agent.wait_for(rule=f"every {self.name}", **{"proc.cmdline": f"{self.name} 4"})
            self.wait_until(lambda: waiting() == 5, "all of them on disk")
            agent.stop(signal.SIGKILL)
        got = []

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append((self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", port), Receiver)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        with Agent(*options, rules=[self.rules], webserver=True):
            self.act("5")
            self.wait_until(lambda: len(got) == 6, got)
            self.wait_until(lambda: waiting() == 0, "nothing waits any more")
        self.assertEqual([kind for kind, _ in got], ["application/json"] * 6)
        self.assertEqual([json.loads(body)["output_fields"]["proc.cmdline"] for _, body in got],
                         [f"{self.name} {i}" for i in range(6)])

    def test_an_output_that_cannot_be_opened_ends_the_start(self):
        from harness import ROOT, SAKER
        done = subprocess.run(
            [SAKER, "-c", os.path.join(ROOT, "saker.yaml"), "-r", self.rules, "-o", "file_output.enabled=true",
             "-o", "file_output.filename=/no/such/folder/alerts", "-o", "saker.store.enabled=false"],
            capture_output=True, text=True, timeout=60, cwd=ROOT)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("output file: cannot open /no/such/folder/alerts: No such file or directory", done.stderr)
