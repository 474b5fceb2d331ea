"""Rendering the chart with real helm, and finding things in what it renders."""

import os
import subprocess

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CHART = os.path.join(ROOT, "deploy", "helm", "falco")
TOOLS = os.path.join(ROOT, "build", "deploy-tools")
HELM = os.path.join(TOOLS, "layer", "helm", "helm")
KUBECTL = os.path.join(TOOLS, "layer", "kubectl", "kubectl")
# The first user's files and the schemas lie beside the project, where they are at all.
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "data")
LUMIE = os.path.join(SHARED, "lumie")
SCHEMAS = os.path.join(SHARED, "schemas")
LUMIE_VALUES = os.path.join(LUMIE, "helm-values.yaml")
BUILD = os.path.abspath(os.environ.get("SAKER_BUILD", os.path.join(ROOT, "build")))
SAKER = os.path.join(BUILD, "bin", "saker")
RELAY = os.path.join(BUILD, "bin", "saker-relay")


class RenderError(Exception):
    pass


def helm(*args):
    done = subprocess.run([HELM, *args], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RenderError(done.stderr)
    return done.stdout


def render_text(*args, values=(), release="falco", namespace="falco"):
    """What `helm template` prints; values: files or maps, the last one wins."""
    files = []
    try:
        options = []
        for index, value in enumerate(values):
            if isinstance(value, dict):
                path = os.path.join(TOOLS, f"values-{os.getpid()}-{index}.yaml")
                with open(path, "w") as file:
                    yaml.safe_dump(value, file)
                files.append(path)
                value = path
            options += ["-f", value]
        return helm("template", release, CHART, "-n", namespace, *options, *args)
    finally:
        for path in files:
            os.unlink(path)


def render(*args, **kwargs):
    return [d for d in yaml.safe_load_all(render_text(*args, **kwargs)) if d]


def find(objects, kind, name=None):
    found = [o for o in objects if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    assert len(found) == 1, f"{kind} {name}: {len(found)} found"
    return found[0]


def container(workload):
    return workload["spec"]["template"]["spec"]["containers"][0]


def falco_yaml(objects):
    return yaml.safe_load(find(objects, "ConfigMap", "falco")["data"]["falco.yaml"])
