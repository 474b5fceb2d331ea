"""Dashboards: every query parses, every variable is defined, the chart ships them as they are; the first user's own dashboard
asks only for what the relay sends."""

import glob
import json
import os
import re
import subprocess
import unittest

import rendering

DASHBOARDS = os.path.join(rendering.CHART, "dashboards")
THEIRS = os.path.join(rendering.LUMIE, "grafana-falco.json")
# Grafana's own variables and what they look like when they have a value.
BUILT_IN = {"__range": "1h", "__interval": "1m", "__rate_interval": "5m", "__all": ".+"}
# What the relay puts on a stream of Loki (Falcosidekick's names).
STREAM_LABELS = {"rule", "source", "priority", "tags", "hostname", "k8s_ns_name", "k8s_pod_name"}


def load(path):
    with open(path) as file:
        return json.load(file)


def panels(board):
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries(board):
    """(panel title, language, expression) of each target."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            kind = (target.get("datasource") or panel["datasource"])["type"]
            yield panel["title"], {"loki": "logql", "prometheus": "promql"}[kind], target["expr"]


def with_values(board, expression):
    """An expression as Grafana sends it: variables replaced by what they may be."""
    known = dict(BUILT_IN)
    for variable in board["templating"]["list"]:
        known[variable["name"]] = "10" if variable["name"] == "top" else "x"
    unknown = []

    def value(found):
        if found.group(1) not in known:
            unknown.append(found.group(1))
        return known.get(found.group(1), "x")

    return re.sub(r"\$\{?(\w+)\}?", value, expression), unknown


def problems(language, expressions):
    script = os.path.join(os.path.dirname(os.path.realpath(__file__)), "grammar.mjs")
    done = subprocess.run(["node", script, language, rendering.TOOLS], input=json.dumps(expressions), capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [(e, p) for e, p in zip(expressions, json.loads(done.stdout)) if p is not None]


class Dashboards(unittest.TestCase):
    def ours(self):
        return {os.path.basename(path): load(path) for path in glob.glob(os.path.join(DASHBOARDS, "*.json"))}

    def test_every_query_parses_and_every_variable_is_defined(self):
        for name, board in self.ours().items():
            for title, language, expression in queries(board):
                with self.subTest(board=name, panel=title):
                    asked, unknown = with_values(board, expression)
                    self.assertEqual(unknown, [])
                    self.assertEqual(problems(language, [asked]), [])

    def test_the_grammars_find_mistakes(self):
        self.assertEqual(len(problems("logql", ['sum(count_over_time({a="b"}[5m])', '{a=}'])), 2)
        self.assertEqual(len(problems("promql", ["sum by (a) (rate(x[5m])", "rate(x[5m]) >"])), 2)

    def test_panels_are_numbered_described_and_do_not_overlap(self):
        for name, board in self.ours().items():
            ids = [p["id"] for p in panels(board)]
            self.assertEqual(len(ids), len(set(ids)), name)
            taken = set()
            for panel in panels(board):
                g = panel["gridPos"]
                cells = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
                self.assertFalse(cells & taken, f"{name}: {panel['title']}")
                self.assertLessEqual(g["x"] + g["w"], 24)
                taken |= cells

    def test_the_chart_ships_them_byte_for_byte(self):
        values = {"grafana": {"dashboards": {"enabled": True}}}
        found = {}
        for obj in rendering.render(values=[values]):
            if obj["metadata"].get("labels", {}).get("grafana_dashboard") == "1":
                found.update(obj["data"])
        self.assertEqual({name: json.loads(text) for name, text in found.items()}, self.ours())

    @unittest.skipUnless(os.path.exists(THEIRS), "the first user's dashboard is not beside the project")
    def test_the_first_users_dashboard_works_unchanged(self):
        board = load(THEIRS)
        asked = [(title, with_values(board, expression)[0]) for title, language, expression in queries(board)]
        self.assertEqual(len(asked), 26)
        self.assertEqual(problems("logql", [expression for _, expression in asked]), [])
        for title, expression in asked:
            labels = set(re.findall(r"(\w+)\s*=~?\s*\"", expression.split("|")[0]))
            for group in re.findall(r"by \(([^)]*)\)", expression):
                labels |= {label.strip() for label in group.split(",")}
            if title != "Top x Pods" and "Pods" not in title:  # asks for labels that Falcosidekick never sent either
                self.assertLessEqual(labels, STREAM_LABELS, title)


if __name__ == "__main__":
    unittest.main()
