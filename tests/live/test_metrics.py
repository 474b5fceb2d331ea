"""What the agent tells about itself over HTTP, and a real Prometheus that asks."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import Agent, MarkerTest, WAIT_SECONDS, free_port
from test_agent import rules_file


def get(url):
    """(status, text); (0, reason) when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


class Web(MarkerTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"

    def agent(self, *arguments, rule=None, **options):
        text = rule or (f"- rule: every {self.name}\n  desc: d\n"
                        f"  condition: evt.type = execve and proc.name = {self.name}\n"
                        "  output: c=%proc.cmdline\n  priority: CRITICAL\n  tags: [test, T1003.008]\n")
        return Agent("-o", f"webserver.listen_port={self.port}", "-o", "webserver.listen_address=127.0.0.1",
                     "-o", "webserver.prometheus_metrics_enabled=true", *arguments,
                     rules=[rules_file(self, text)], webserver=True, **options)

    def wait_until(self, look, what):
        """The first true value of look()."""
        deadline = time.time() + WAIT_SECONDS * 2
        while True:
            value = look()
            if value:
                return value
            self.assertLess(time.time(), deadline, what)
            time.sleep(0.05)

    def healthy(self):
        status, text = get(self.base + "/healthz")
        return json.loads(text) if status == 200 else None

    def test_ready_once_a_self_test_came_through(self):
        with self.agent():
            health = self.wait_until(self.healthy, "healthy")
            self.assertEqual(health["status"], "ok")
            self.assertGreaterEqual(health["self_test"]["passed"], 1)
            self.assertEqual(health["reloads"]["last_good"], True)

    def test_the_self_test_is_nobodys_alert(self):
        """Neither as the call, with a rule on that very call, nor as the child's end where rules hook no calls."""
        for kind, condition in (("call", "evt.type = semget"), ("exit", "evt.type = procexit and proc.name = saker")):
            with self.subTest(kind):
                rule = f"- rule: own\n  desc: d\n  condition: {condition}\n  output: o\n  priority: DEBUG\n"
                with self.agent(rule=rule) as agent:
                    self.wait_until(self.healthy, "healthy")
                    self.assertEqual(agent.stop(), 0)
                own = [alert for alert in agent.alerts if "saker" in json.dumps(alert)]
                self.assertEqual(own, [])

    def test_metrics_are_well_formed_and_move(self):
        with self.agent() as agent:
            subprocess.run([self.marker], check=True)
            agent.wait_for(rule=f"every {self.name}")
            line = ('falcosecurity_falco_rules_matches_total{priority="2",rule_name="every ' + self.name
                    + '",source="syscall",tag_T1003_008="true",tag_test="true"} 1\n')
            text = self.wait_until(lambda: (lambda got: got if line in got else "")(get(self.base + "/metrics")[1]),
                                   line)
            for name in ("falcosecurity_scap_n_evts_total", "falcosecurity_scap_n_drops_total",
                         "falcosecurity_falco_memory_rss_bytes", "saker_alert_delay_seconds_bucket",
                         'saker_output_delivered_total{output="stdout"} 1', "saker_self_tests_passed_total",
                         'saker_kernel_records_sent_total{event="execve"}'):
                self.assertIn(name, text)
            lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
            self.assertEqual((lint.returncode, lint.stderr, lint.stdout), (0, "", ""))

    def test_what_rules_and_events_cost(self):
        """Of one event in 61; so programs are started until one of them is it."""
        with self.agent():
            def costs():
                for _ in range(61):
                    subprocess.run([self.marker], check=True)
                text = get(self.base + "/metrics")[1]
                rule = re.search(rf'saker_rule_cost_seconds_sum{{rule_name="every {self.name}"}} (\S+)', text)
                event = re.search(r'saker_event_cost_seconds_sum{event="execve"} (\S+)', text)
                return (float(rule.group(1)), float(event.group(1))) if rule and event else None
            rule, event = self.wait_until(costs, "costs")
            self.assertGreater(rule, 0)
            self.assertGreater(event, 0)

    def test_versions_status_and_what_is_not_there(self):
        with self.agent():
            self.wait_until(self.healthy, "healthy")
            status = json.loads(get(self.base + "/status")[1])
            self.assertEqual(status["revision"]["number"], 1)
            self.assertIn("execve", status["revision"]["event_types"])
            self.assertIn("stdout", status["outputs"])
            self.assertIn("engine_version_semver", json.loads(get(self.base + "/versions")[1]))
            self.assertEqual(get(self.base + "/nothing")[0], 404)

    def test_a_failed_reload_is_told_and_is_no_illness(self):
        path = rules_file(self, "- rule: r\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: DEBUG\n")
        with Agent("-o", f"webserver.listen_port={self.port}", "-o", "webserver.prometheus_metrics_enabled=true",
                   rules=[path], webserver=True):
            self.wait_until(self.healthy, "healthy")
            with open(path, "w") as file:
                file.write("- rule: r\n  desc: d\n  condition: evt.tipe = execve\n  output: o\n  priority: DEBUG\n")
            health = self.wait_until(
                lambda: (lambda one: one if one and not one["reloads"]["last_good"] else None)(self.healthy()), "failure")
            self.assertIn(f"{path}:3:", health["reloads"]["problem"])
            self.assertIn("saker_last_reload_successful 0\n", get(self.base + "/metrics")[1])

    def test_a_taken_port_does_not_end_the_agent(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port))
            taken.listen()
            with self.agent() as agent:
                self.wait_until(lambda: any("webserver" in line for line in agent.log), "the error")
                subprocess.run([self.marker], check=True)
                agent.wait_for(rule=f"every {self.name}")
                taken.close()
                self.wait_until(self.healthy, "the second try")

    def test_metrics_snapshots_among_the_alerts_and_in_a_file(self):
        path = os.path.join(self.directory, "metrics.jsonl")
        with self.agent("-o", "metrics.enabled=true", "-o", "metrics.interval=100ms", "-o", "metrics.output_rule=true",
                        "-o", f"metrics.output_file={path}") as agent:
            alert = agent.wait_for(rule="Falco internal: metrics snapshot", **{"evt.source": "syscall"})
            self.assertEqual((alert["source"], alert["priority"], alert["output"]),
                             ("internal", "Informational", "Falco metrics snapshot"))
            self.assertNotIn("tags", alert)
            self.assertIn("scap.n_evts", alert["output_fields"])
            self.assertIn("falco.memory_rss_mb", alert["output_fields"])
        with open(path) as file:
            self.assertEqual(json.loads(file.readline())["rule"], "Falco internal: metrics snapshot")

    def test_simulated_drops_raise_the_internal_alert(self):
        with self.agent("-o", "syscall_event_drops.simulate_drops=true", "-o", "syscall_event_drops.max_burst=10") as agent:
            alert = agent.wait_for(rule="Falco internal: syscall event drop")
            self.assertRegex(alert["output"], r"^Falco internal: syscall event drop\. \d+ system calls dropped in last second\.$")
            self.assertEqual((alert["source"], alert["priority"]), ("internal", "Debug"))
            self.assertEqual(alert["output_fields"]["ebpf_enabled"], "1")

    def test_drops_can_end_the_agent(self):
        with self.agent("-o", "syscall_event_drops.simulate_drops=true", "-o", "syscall_event_drops.actions=[exit]") as agent:
            self.assertEqual(agent.process.wait(WAIT_SECONDS), 1)

    @unittest.skipUnless(shutil.which("prometheus"), "no prometheus here")
    def test_a_real_prometheus_scrapes_it(self):
        with self.agent() as agent:
            subprocess.run([self.marker], check=True)
            agent.wait_for(rule=f"every {self.name}")
            port = free_port()
            config = os.path.join(self.directory, "prometheus.yml")
            with open(config, "w") as file:
                file.write("global: {scrape_interval: 1s}\nscrape_configs:\n"
                           f"- job_name: saker\n  static_configs: [{{targets: ['127.0.0.1:{self.port}']}}]\n")
            prometheus = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory}/tsdb",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                def ask(query):
                    status, text = get(f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}")
                    result = json.loads(text)["data"]["result"] if status == 200 else []
                    return [one["value"][1] for one in result]
                matches = f'falcosecurity_falco_rules_matches_total{{rule_name="every {self.name}"}}'
                self.assertEqual(self.wait_until(lambda: ask(matches), "a sample"), ["1"])
                self.assertEqual(ask("up"), ["1"])
                quantile = "histogram_quantile(0.99, saker_alert_delay_seconds_bucket)"
                self.assertLess(float(ask(quantile)[0]), 60)
            finally:
                prometheus.terminate()
                prometheus.wait()
