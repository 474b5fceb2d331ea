"""Which metrics the alert rules and the health dashboard ask for, by program."""

import glob
import json
import os
import re

import yaml

import rendering

# What the parser of names would take for one, and what Prometheus itself adds.
NOT_OURS = {"up"}


def expressions():
    with open(os.path.join(rendering.CHART, "alerts", "saker.yaml")) as file:
        for group in yaml.safe_load(file)["groups"]:
            for rule in group["rules"]:
                yield rule["expr"]
    for path in glob.glob(os.path.join(rendering.CHART, "dashboards", "*.json")):
        with open(path) as file:
            board = json.load(file)
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                if target["datasource"]["type"] == "prometheus":
                    yield target["expr"]


def asked():
    """{"agent": names, "relay": names}; of a histogram the name without _bucket."""
    names = set()
    for expression in expressions():
        names |= set(re.findall(r"\b((?:saker|falcosecurity)_\w+)", expression))
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
    relay = {name for name in names if name.startswith(("falcosecurity_falcosidekick_", "saker_relay_"))}
    return {"agent": names - relay, "relay": relay}


def missing(program, scrape):
    """Names that are asked for and that a scrape of the program does not have."""
    there = set(re.findall(r"^# TYPE (\S+)", scrape, re.M))
    return sorted(asked()[program] - there)
