"""The Helm chart, rendered by Helm's own library, comes to what kustomize makes of the same manifests."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from kinds import Manifest, Manifests

helm = pytest.importorskip("helm_python.chart", reason="`just check-infra` installs it")
CHART = Path(__file__).parents[3] / "infra/helm/tonearm"


def rendered(values: dict[str, Any] | None = None, namespace: str = "tonearm") -> Manifests:
    with helm.Chart.load(CHART) as chart:
        files = chart.render(values=values or {}, name="tonearm", namespace=namespace)
    return Manifests([each for text in files.values() for each in Manifests.read(text).objects])


def comparable(manifests: Manifests) -> dict[tuple[str, str], Manifest]:
    """By kind and name, without order, and what makes a changed setting a restart: names or annotations."""
    text = json.dumps(manifests.objects)
    for each in manifests.of("ConfigMap"):
        name = each["metadata"]["name"]
        if plain := re.sub(r"-[a-z0-9]{10}$", "", name):
            text = text.replace(f'"{name}"', f'"{plain}"')
    objects = Manifests(json.loads(text))
    for workload in objects.workloads():
        template = workload["spec"]["template"]
        template["metadata"].pop("annotations", None)
        for container in template["spec"]["containers"]:
            for each in ("ports", "volumeMounts"):
                container[each] = sorted(container.get(each, []), key=json.dumps)
    return {
        (each["kind"], each["metadata"]["name"]): each
        for each in objects.objects
        if each["kind"] != "Namespace"
    }


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("base", {}),
        (
            "overlays/production",
            {"rabbitmq": {"nodes": 3}, "autoscaling": True, "monitoring": True, "tracing": True},
        ),
    ],
)
def test_the_chart_comes_to_what_kustomize_makes(render, path, values):
    chart, kustomize = comparable(rendered(values)), comparable(render(path))
    assert chart.keys() == kustomize.keys()
    for name, wanted in kustomize.items():
        assert chart[name] == wanted, name


def test_issuers_of_openid_connect_are_reached_where_they_are_wanted():
    before, after = comparable(rendered()), comparable(rendered({"oidc": True}))
    assert after.keys() - before.keys() == {("NetworkPolicy", "auth-oidc")}
    policy = after["NetworkPolicy", "auth-oidc"]["spec"]
    assert policy["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "auth"}
    assert policy["policyTypes"] == ["Egress"]
    assert [each["ports"] for each in policy["egress"]] == [[{"port": 443}]]


def test_gateways_reach_the_world_where_imports_are_wanted():
    before, after = comparable(rendered()), comparable(rendered({"imports": True}))
    assert after.keys() - before.keys() == {("NetworkPolicy", "gateway-imports")}
    policy = after["NetworkPolicy", "gateway-imports"]["spec"]
    assert policy["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "gateway"}
    assert [each["ports"] for each in policy["egress"]] == [[{"port": 80}, {"port": 443}]]


def test_it_has_nothing_that_its_linter_minds():
    problems = [each for each in helm.lint(CHART)["messages"] if each["severity"] > 1]
    assert problems == []


def test_values_reach_what_they_are_for():
    values = {
        "image": {"registry": "registry.example.com", "tag": "9"},
        "hosts": {"gateway": "audio.example.com", "rabbitmq": "broker.example.com"},
        "replicas": {"converter": 9},
        "resources": {"converter": {"limits": {"memory": "2Gi"}}},
        "storage": {"mongodb": "500Gi"},
        "settings": {"converter": {"CONVERTER_SLOTS": "2"}},
    }
    chart = rendered(values, "elsewhere")
    converter = chart.one("Deployment", "converter")
    (main,) = converter["spec"]["template"]["spec"]["containers"]
    assert main["image"] == "registry.example.com/tonearm/converter:9"
    assert converter["spec"]["replicas"] == 9
    assert main["resources"]["limits"]["memory"] == "2Gi"
    assert main["resources"]["limits"]["cpu"] == "2"
    claim = chart.one("StatefulSet", "mongodb")["spec"]["volumeClaimTemplates"][0]
    assert claim["spec"]["resources"]["requests"]["storage"] == "500Gi"
    assert chart.one("ConfigMap", "converter")["data"]["CONVERTER_SLOTS"] == "2"
    assert chart.one("Ingress", "gateway")["spec"]["rules"][0]["host"] == "audio.example.com"
    assert ".tonearm.svc" not in json.dumps(chart.objects)
    assert {each["metadata"]["namespace"] for each in chart.objects} == {"elsewhere"}


def test_a_changed_setting_restarts_who_reads_it_and_nobody_else():
    def sums(values: dict[str, Any]) -> dict[str, str]:
        return {
            each["metadata"]["name"]: each["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]
            for each in rendered(values).of("Deployment")
        }

    before, after = sums({}), sums({"settings": {"auth": {"LOG_LEVEL": "DEBUG"}}})
    assert {name for name in before if before[name] != after[name]} == {"auth"}


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": {"converter": "many"}},
        {"rabbitmq": {"nodes": 2}},
        {"settings": {"auth": {"ADMIN_PASSWORD": "secret"}}},
        {"settings": {"auth": {"AUTH_KEY_PASSPHRASE": "secret"}}},
        {"settings": {"auth": {"AUTH_DIRECTORY_URL": "postgresql://tonearm:secret@db"}}},
        {"settings": {"gateway": {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=secret"}}},
        {"replica": {}},
    ],
)
def test_values_that_make_no_sense_are_refused(values):
    with pytest.raises(Exception, match=r"(?i)schema|values"):
        rendered(values)


def test_the_chart_s_own_files_are_the_manifests():
    for name in ("base", "components"):
        assert (CHART / "files" / name).resolve() == (CHART.parents[1] / "minikube" / name).resolve()
