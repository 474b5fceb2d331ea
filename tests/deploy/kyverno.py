"""As much of Kyverno's validation as the first user's policies use: patterns with wildcards and the X() anchor, deny
conditions, foreach, preconditions, exclusions by namespace, and exceptions. What it does not know it refuses, so that a policy
is never taken for passed because it was not understood."""

import fnmatch
import re

import jmespath


class Unknown(Exception):
    pass


def matches_pattern(pattern, value):
    """Whether a value meets a validate.pattern."""
    if isinstance(pattern, dict):
        if not isinstance(value, dict):
            return False
        for key, wanted in pattern.items():
            forbidden = re.fullmatch(r"X\((.+)\)", key)
            if forbidden:
                if forbidden.group(1) in value:
                    return False
            elif re.match(r"\S*\(", key):
                raise Unknown(f"anchor {key}")
            elif key not in value or not matches_pattern(wanted, value[key]):
                return False
        return True
    if isinstance(pattern, list):
        return isinstance(value, list) and all(matches_pattern(pattern[0], item) for item in value)
    if isinstance(pattern, str):
        return value is not None and fnmatch.fnmatchcase(str(value), pattern)
    return pattern == value


def substitute(text, context):
    """{{ expression }} alone is its value; anything else stays what it is."""
    found = re.fullmatch(r"\s*\{\{(.+)\}\}\s*", text) if isinstance(text, str) else None
    return jmespath.search(found.group(1).strip(), context) if found else text


def condition_holds(condition, context):
    key, value = substitute(condition["key"], context), substitute(condition.get("value"), context)
    equal = fnmatch.fnmatchcase(str(key), str(value))
    operator = condition["operator"]
    if operator == "Equals":
        return equal
    if operator == "NotEquals":
        return not equal
    if operator == "AnyIn":
        return any(item in value for item in (key if isinstance(key, list) else [key]))
    if operator == "GreaterThanOrEquals":
        return key >= value
    raise Unknown(f"operator {operator}")


def conditions_hold(conditions, context):
    unknown = set(conditions) - {"any", "all"}
    if unknown:
        raise Unknown(f"conditions {unknown}")
    return all(condition_holds(c, context) for c in conditions.get("all", [])) and (
        "any" not in conditions or any(condition_holds(c, context) for c in conditions["any"]))


def selects(match, obj):
    """Whether a match or exclude block is about an object."""
    def one(resources):
        meta = obj["metadata"]
        labels = resources.get("selector", {}).get("matchLabels", {})
        if set(resources) - {"kinds", "namespaces", "names", "selector"}:
            raise Unknown(f"resources {set(resources)}")
        return (
            obj["kind"] in resources.get("kinds", [obj["kind"]])
            and meta.get("namespace") in resources.get("namespaces", [meta.get("namespace")])
            and meta.get("name") in resources.get("names", [meta.get("name")])
            and labels.items() <= meta.get("labels", {}).items())

    return any(one(block["resources"]) for block in match["any"])


def violations(policy, obj, ignore_exclusions=False):
    """Names of the rules that an object breaks."""
    broken = []
    for rule in policy["spec"]["rules"]:
        context = {"request": {"object": obj}}
        if not selects(rule["match"], obj):
            continue
        if not ignore_exclusions and "exclude" in rule and selects(rule["exclude"], obj):
            continue
        if "preconditions" in rule and not conditions_hold(rule["preconditions"], context):
            continue
        validate = rule["validate"]
        if "pattern" in validate:
            good = matches_pattern(validate["pattern"], obj)
        elif "deny" in validate:
            good = not conditions_hold(validate["deny"]["conditions"], context)
        elif "foreach" in validate:
            good = not any(
                conditions_hold(each["deny"]["conditions"], {**context, "element": element})
                for each in validate["foreach"] for element in jmespath.search(each["list"], context) or [])
        else:
            raise Unknown(f"validate {set(validate)}")
        if not good:
            broken.append(rule["name"])
    return broken


def excepts(exception, policy, rule, obj):
    """Whether a PolicyException takes an object out of a rule."""
    named = any(e["policyName"] == policy and rule in e["ruleNames"] for e in exception["spec"]["exceptions"])
    holds = conditions_hold(exception["spec"].get("conditions", {}), {"request": {"object": obj}})
    return named and holds and selects(exception["spec"]["match"], obj)
