"""A relay of its own for each test, and the events to send it."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
RELAY = os.environ.get("SAKER_RELAY", os.path.join(ROOT, "build", "bin", "saker-relay"))
# For a loaded machine. Nothing waits this long when all is well.
PATIENCE = 60


def wait_for(condition, what, patience=PATIENCE):
    """The first true value of condition()."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def event(number=0, **changes):
    ns = changes.pop("ns", None) or time.time_ns()
    made = {
        "hostname": "node-1",
        "output": f"alert {number} <NA>",
        "priority": "Warning",
        "rule": "A rule",
        "source": "syscall",
        "tags": ["file", "container"],
        "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns % 10**9:09d}Z",
        "output_fields": {"n": number, "proc.name": "cat", "k8s.ns.name": "shop", "k8s.pod.name": None},
    }
    for key, value in changes.items():
        if value is ...:
            made.pop(key, None)
        else:
            made[key] = value
    return made


class Relay:
    """`config` is Falcosidekick's YAML as a dictionary (JSON is YAML)."""

    def __init__(self, config=None, environment=None, folder=None, wrapper=(), stdout=None):
        self.folder = folder or tempfile.mkdtemp(prefix="saker-relay-")
        self.config = {"listenaddress": "127.0.0.1", "listenport": 0, **(config or {})}
        self.config["spool"] = {"path": os.path.join(self.folder, "spool"), **self.config.get("spool", {})}
        self.environment = {"PATH": os.environ["PATH"], **(environment or {})}
        self.wrapper = list(wrapper)
        self.stdout = stdout
        self.log_path = os.path.join(self.folder, "log")
        self.process = None
        self.port = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *ignored):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, port=0):
        path = os.path.join(self.folder, "relay.yaml")
        with open(path, "w") as file:
            json.dump({**self.config, "listenport": port}, file)
        offset = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([*self.wrapper, RELAY, "-c", path], stdout=self.stdout, stderr=log, env=self.environment)
        log.close()

        def listening():
            if self.process.poll() is not None:
                raise AssertionError(f"the relay ended:\n{self.log_text()}")
            with open(self.log_path, errors="replace") as file:
                file.seek(offset)
                return re.search(r"listening on port (\d+)", file.read())

        self.port = int(wait_for(listening, "the relay to listen").group(1))

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def log_text(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def post(self, what, headers=None):
        body = what if isinstance(what, (bytes, str)) else json.dumps(what)
        return self.request("POST", "/", body, headers)

    def metrics(self):
        """{'name{label="value"}': number}"""
        text = self.request("GET", "/metrics")[2]
        return {key: float(value) for key, value in re.findall(r"^(\S+?(?:\{.*\})?) (\S+)$", text, re.M)}

    def metric(self, name, **labels):
        """The sum of the series that have these labels."""
        total = 0
        for key, value in self.metrics().items():
            if key.split("{")[0] == name and all(f'{label}="{wanted}"' in key for label, wanted in labels.items()):
                total += value
        return total

    def wait_delivered(self):
        wait_for(lambda: self.metric("saker_relay_spool_waiting_alerts") == 0, "the spool to be empty")
