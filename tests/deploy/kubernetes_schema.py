"""Strict checks of Kubernetes objects: a key that the API does not know is an error.

The API server itself drops unknown keys with a warning at most, so a misspelt field would be silently without effect. The
schemas are Kubernetes' own OpenAPI documents and the CRDs of the operators; every object type in them is closed unless it
says that it keeps unknown fields."""

import functools
import json
import os

import jsonschema
import yaml

import rendering

CORE = ["api__v1", "apis__apps__v1", "apis__policy__v1", "apis__networking.k8s.io__v1", "apis__rbac.authorization.k8s.io__v1"]
CUSTOM = ["crd-servicemonitor", "crd-application", "crd-kyverno-clusterpolicies", "crd-kyverno-policyexceptions"]


def available():
    return os.path.isdir(rendering.SCHEMAS)


def strict(node):
    """An OpenAPI schema as a JSON schema that allows what the API server keeps, and no more."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-kubernetes-int-or-string") or node.get("format") == "int-or-string":
        return {"type": ["integer", "string"]}
    out = {}
    for key, value in node.items():
        if key == "$ref":
            out[key] = value.replace("#/components/schemas/", "#/$defs/")
        elif key in ("properties", "$defs"):
            out[key] = {name: strict(schema) for name, schema in value.items()}
        elif key not in ("default", "description", "format", "nullable") and not key.startswith("x-kubernetes"):
            out[key] = strict(value)
    if len(out.get("allOf", [])) == 1 and set(out) == {"allOf"}:
        return out["allOf"][0]
    keeps = node.get("x-kubernetes-preserve-unknown-fields") or node.get("x-kubernetes-embedded-resource")
    if "properties" in out and not keeps:
        out.setdefault("additionalProperties", False)
    return out


def core_validators(document):
    definitions = strict({"$defs": document["components"]["schemas"]})["$defs"]
    for name, schema in definitions.items():
        if name.endswith(".resource.Quantity"):
            definitions[name] = {"type": ["string", "number"]}
    for name, schema in document["components"]["schemas"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            api = "/".join(filter(None, [kind["group"], kind["version"]]))
            yield (api, kind["kind"]), {"$ref": f"#/$defs/{name}", "$defs": definitions}


def custom_validators(crd):
    spec = crd["spec"]
    for version in spec["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        yield (f"{spec['group']}/{version['name']}", spec["names"]["kind"]), schema


@functools.lru_cache(maxsize=None)
def validators():
    found = {}
    for name in CORE:
        with open(os.path.join(rendering.SCHEMAS, name + ".json")) as file:
            found.update(core_validators(json.load(file)))
    for name in CUSTOM:
        with open(os.path.join(rendering.SCHEMAS, name + ".yaml")) as file:
            for document in yaml.safe_load_all(file):
                found.update(custom_validators(document))
    return {key: jsonschema.Draft7Validator(schema) for key, schema in found.items()}


def without_nulls(node):
    if isinstance(node, dict):
        return {key: without_nulls(value) for key, value in node.items() if value is not None}
    if isinstance(node, list):
        return [without_nulls(item) for item in node]
    return node


def problems(obj):
    """What is wrong with a Kubernetes object, as lines; none when it is good."""
    key = (obj["apiVersion"], obj["kind"])
    if key not in validators():
        return [f"no schema for {key}"]
    errors = validators()[key].iter_errors(without_nulls(obj))
    where = f"{obj['kind']} {obj['metadata']['name']}"
    return [f"{where}: {'.'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in errors]
