"""Alert rules: promtool reads them and runs their unit tests, each alert has one, the chart ships them unchanged."""

import os
import re
import shutil
import subprocess
import unittest

import yaml

import rendering

RULES = os.path.join(rendering.CHART, "alerts", "saker.yaml")
TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "alerts_test.yaml")


def load(path):
    with open(path) as file:
        return yaml.safe_load(file)


def alerts():
    return [rule for group in load(RULES)["groups"] for rule in group["rules"]]


@unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
class Alerts(unittest.TestCase):
    def promtool(self, *args):
        done = subprocess.run(["promtool", *args], capture_output=True, text=True, cwd=os.path.dirname(TESTS))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_reads_them_and_their_tests_pass(self):
        self.promtool("check", "rules", RULES)
        self.promtool("test", "rules", TESTS)

    def test_each_alert_is_tested_to_fire_and_to_be_quiet(self):
        fires, quiet = set(), set()
        for test in load(TESTS)["tests"]:
            for case in test["alert_rule_test"]:
                (fires if case["exp_alerts"] else quiet).add(case["alertname"])
        names = {rule["alert"] for rule in alerts()}
        self.assertEqual((fires, quiet), (names, names))

    def test_annotations(self):
        for rule in alerts():
            self.assertLessEqual({"summary", "description", "runbook"}, set(rule["annotations"]), rule["alert"])
            self.assertTrue(os.path.exists(os.path.join(rendering.ROOT, rule["annotations"]["runbook"])), rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))

    def test_the_chart_ships_them_unchanged(self):
        values = {"prometheusRule": {"create": True, "labels": {"release": "prometheus"}}}
        rule = rendering.find(rendering.render(values=[values]), "PrometheusRule")
        self.assertEqual(rule["spec"], load(RULES))
        self.assertEqual(rule["metadata"]["labels"]["release"], "prometheus")
        # What promtool has not looked at: the object around the groups.
        self.assertEqual(set(rule), {"apiVersion", "kind", "metadata", "spec"})
        for group in rule["spec"]["groups"]:
            self.assertLessEqual(set(group), {"name", "rules", "interval"})
            for entry in group["rules"]:
                self.assertLessEqual(set(entry), {"alert", "expr", "for", "labels", "annotations"})
                self.assertRegex(entry["alert"], re.compile("^Saker[A-Za-z]+$"))


if __name__ == "__main__":
    unittest.main()
