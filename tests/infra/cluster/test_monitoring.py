"""Alert rules and dashboard: they do what they say, and lead where somebody can go on reading."""

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cluster.tools import find, rules

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
GROUPS: list[dict[str, Any]] = json.loads(rules())["groups"]
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
DASHBOARD = json.loads((ROOT / "infra/minikube/components/monitoring/dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@pytest.fixture
def promtool() -> str:
    return find("promtool") or pytest.skip("promtool is not here; `just check-infra` brings it")


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules_and_they_call_when_they_should_and_only_then(promtool, tmp_path):
    (tmp_path / "rules.json").write_text(rules())
    shutil.copy2(HERE / "alerts.test.yaml", tmp_path)
    run(promtool, "check", "rules", "--lint-fatal", tmp_path / "rules.json")
    run(promtool, "test", "rules", tmp_path / "alerts.test.yaml")


def test_every_alert_calls_in_one_of_its_tests():
    tests = yaml.safe_load((HERE / "alerts.test.yaml").read_text())["tests"]
    expected = [each for test in tests for each in test.get("alert_rule_test", [])]
    assert {alert["alert"] for alert in ALERTS} == {
        each["alertname"] for each in expected if each["exp_alerts"]
    }


def test_every_alert_says_what_is_wrong_and_leads_to_its_section_of_the_runbook():
    text = (ROOT / "infra/README.md").read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert len(ALERTS) > 10
    for alert in ALERTS:
        assert alert["labels"]["severity"] in ("critical", "warning"), alert["alert"]
        assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}, alert["alert"]
        file, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        assert (file, anchor in anchors) == ("infra/README.md", True), alert["alert"]
        assert alert["alert"].startswith("Tonearm")


def test_what_an_operator_takes_is_what_a_plain_prometheus_gets():
    source = yaml.safe_load((ROOT / "infra/minikube/components/monitoring/rules.yaml").read_text())
    assert (source["kind"], source["spec"]["groups"]) == ("PrometheusRule", GROUPS)


def test_the_dashboard_is_one_that_grafana_can_lay_out():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids)) > 30
    for one, other in combinations([panel["gridPos"] for panel in DASHBOARD["panels"]], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
        assert one["x"] + one["w"] <= 24
    for panel in PANELS:
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_every_query_of_the_dashboard_is_one(promtool, tmp_path):
    queries = {target["expr"] for panel in PANELS for target in panel["targets"]}
    plain = [query.replace("$__rate_interval", "1m") for query in sorted(queries)]
    records = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(plain)]
    (tmp_path / "queries.json").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": records}]}))
    run(promtool, "check", "rules", tmp_path / "queries.json")


def test_every_service_level_is_written_down_with_its_budget():
    text = (ROOT / "infra/monitoring.md").read_text()
    budgets = {
        rule["labels"]["slo"]: float(rule["expr"].removeprefix("vector(").removesuffix(")"))
        for group in GROUPS
        for rule in group["rules"]
        if rule.get("record") == "tonearm:slo_budget:ratio"
    }
    for slo, budget in budgets.items():
        assert f"| `{slo}` | {100 * (1 - budget):g} %" in text
    recorded = {rule["labels"]["slo"] for group in GROUPS for rule in group["rules"] if "record" in rule}
    assert recorded == budgets.keys() == {"upload_accepted", "job_done", "view_fresh"}
