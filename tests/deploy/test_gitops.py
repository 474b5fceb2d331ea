"""What lies in the first user's repository: the Argo CD application, the values, the Kyverno exception."""

import os
import subprocess
import unittest

import yaml

import kubernetes_schema
import kyverno
import rendering

FOLDER = os.path.join(rendering.ROOT, "deploy", "lumie-infra", "security")
VALUES = os.path.join(FOLDER, "falco", "helm-values.yaml")


def load(path):
    with open(path) as file:
        return [d for d in yaml.safe_load_all(file) if d]


def pods(objects):
    """The pods that workloads make, as the API server would show them."""
    for obj in objects:
        if obj["kind"] in ("DaemonSet", "Deployment"):
            template = obj["spec"]["template"]
            meta = {**template["metadata"], "namespace": obj["metadata"]["namespace"], "name": obj["metadata"]["name"] + "-x"}
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}


class GitOps(unittest.TestCase):
    def setUp(self):
        self.application = load(os.path.join(FOLDER, "falco", "argocd.yaml"))[0]

    def test_the_application_names_this_chart(self):
        source = self.application["spec"]["sources"][0]
        chart = load(os.path.join(rendering.CHART, "Chart.yaml"))[0]
        self.assertEqual((source["chart"], source["targetRevision"]), (chart["name"], chart["version"]))
        self.assertEqual(source["helm"]["valueFiles"], ["$values/security/falco/helm-values.yaml"])

    def test_the_values_render_with_this_version_of_the_image(self):
        objects = rendering.render(values=[VALUES])
        version = load(os.path.join(rendering.CHART, "Chart.yaml"))[0]["appVersion"]
        for pod in pods(objects):
            image = pod["spec"]["containers"][0]["image"]
            self.assertTrue(image.startswith("zot.lumie-infra.com/saker/falco"), image)
            self.assertTrue(image.endswith(":" + version), image)
        self.assertIn("PrometheusRule", [o["kind"] for o in objects])

    def test_kustomize_builds_the_folder(self):
        done = subprocess.run([rendering.KUBECTL, "kustomize", os.path.join(FOLDER, "falco")], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_objects_are_valid(self):
        if not kubernetes_schema.available():
            self.skipTest("no schemas beside the project")
        exception = load(os.path.join(FOLDER, "kyverno", "falco-exception.yaml"))
        for obj in [self.application, *exception]:
            self.assertEqual(kubernetes_schema.problems(obj), [])
        for obj in rendering.render(values=[VALUES]):
            if obj["kind"] != "PrometheusRule":  # its CRD is not among the schemas; promtool reads it in test_alerts
                self.assertEqual(kubernetes_schema.problems(obj), [])


@unittest.skipUnless(os.path.isdir(rendering.LUMIE), "the first user's files are not beside the project")
class FirstUser(unittest.TestCase):
    def setUp(self):
        folder = os.path.join(rendering.LUMIE, "kyverno")
        found = {n: load(os.path.join(folder, n)) for n in os.listdir(folder)}
        self.policies = [d for docs in found.values() for d in docs if d["kind"] == "ClusterPolicy"]
        self.old = next(e for e in found["policy-exceptions.yaml"] if e["metadata"]["name"] == "falco-privileged-exception")
        self.new = load(os.path.join(FOLDER, "kyverno", "falco-exception.yaml"))[0]

    def broken(self, obj, **how):
        return [(p["metadata"]["name"], r) for p in self.policies for r in kyverno.violations(p, obj, **how)]

    def test_the_application_keeps_all_but_the_chart(self):
        before = load(os.path.join(rendering.LUMIE, "argocd.yaml"))[0]
        after = load(os.path.join(FOLDER, "falco", "argocd.yaml"))[0]
        # There is no StatefulSet whose fields could differ.
        before["spec"].pop("ignoreDifferences")
        self.assertEqual(after["spec"]["sources"][1:], before["spec"]["sources"][1:])
        self.assertEqual(after["spec"]["sources"][0]["helm"], before["spec"]["sources"][0]["helm"])
        for app in (before, after):
            app["spec"].pop("sources")
            app["spec"]["syncPolicy"]["syncOptions"].sort()
        self.assertEqual(after, before)

    def test_the_pods_pass_all_policies(self):
        for values in (rendering.LUMIE_VALUES, VALUES):
            for pod in pods(rendering.render(values=[values])):
                self.assertEqual(self.broken(pod), [], pod["metadata"]["name"])

    def test_without_the_exclusion_of_the_namespace_one_rule_needs_the_exception(self):
        agent, relay = pods(rendering.render(values=[VALUES]))
        if agent["metadata"]["name"] != "falco-x":
            agent, relay = relay, agent
        images = "require-zot-registry"
        self.assertEqual(self.broken(relay, ignore_exclusions=True), [])
        broken = self.broken(agent, ignore_exclusions=True)
        self.assertEqual(broken, [("require-security-context", "require-run-as-non-root")])
        for exception in (self.new, self.old):  # theirs, too, now that the label is there
            self.assertTrue(all(kyverno.excepts(exception, policy, rule, agent) for policy, rule in broken))
            self.assertFalse(kyverno.excepts(exception, *broken[0], relay))
        self.assertFalse(kyverno.excepts(self.new, images, "validate-image-registry", agent))

    def test_a_privileged_agent_needs_the_wider_exception(self):
        privileged = {"driver": {"modernEbpf": {"leastPrivileged": False}}}
        agent = next(p for p in pods(rendering.render(values=[VALUES, privileged])) if p["metadata"]["labels"].get("app"))
        broken = self.broken(agent, ignore_exclusions=True)
        self.assertEqual(len(broken), 3)
        self.assertTrue(all(kyverno.excepts(self.old, policy, rule, agent) for policy, rule in broken))

    def test_the_checker_finds_what_is_wrong(self):
        agent = next(p for p in pods(rendering.render(values=[VALUES])) if p["metadata"]["labels"].get("app"))
        main = agent["spec"]["containers"][0]
        main["image"] = "elsewhere/falco:1"
        main["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"memory": "2Gi"}}
        agent["spec"]["initContainers"] = [{"name": "i", "image": "elsewhere/i"}]
        self.assertEqual(
            sorted(rule for _, rule in self.broken(agent)),
            ["disallow-cpu-limits", "require-cpu-requests", "require-memory-requests-equal-limits",
             "validate-image-registry", "validate-init-container-registry"])

    def test_two_image_names_in_their_file_are_enough(self):
        def comparable(*sets):
            text = rendering.render_text(*[p for s in sets for p in ("--set", s)], values=[rendering.LUMIE_VALUES])
            return [line for line in text.splitlines() if " image: " not in line]

        sets = ["image.repository=saker/falco", "image.tag=0.1.0"]
        sets += [f"falcosidekick.{s}" for s in ("image.repository=saker/falcosidekick", "image.tag=0.1.0")]
        self.assertEqual(comparable(*sets), comparable())


if __name__ == "__main__":
    unittest.main()
