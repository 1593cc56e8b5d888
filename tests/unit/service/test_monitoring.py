"""What docs/monitoring.md and the alert rules say is what the service tells, no more and no less."""

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

from callflow.commands.serve_parts import compose
from callflow.config import Settings
from callflow.service import metrics
from callflow.service.health_metrics import HealthMetrics

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "callflow-rules.yaml"
MANUAL = ROOT / "docs" / "monitoring.md"
ANYWHERE = {"up"}
"""What Prometheus itself knows of whom it asks."""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Health of a service that has not begun."""
    monkeypatch.setenv("CALLFLOW_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    service = compose(Settings(home=tmp_path, ari_password="x", ami_password="x"))
    return service.health.report()


def told(report: dict[str, Any]) -> dict[str, set[str]]:
    """Return each metric of ours with its labels."""
    assert metrics
    families = [*REGISTRY.collect(), *HealthMetrics(lambda: report).collect()]
    ours = [family for family in families if family.name.startswith("callflow_")]
    names = {f"{it.name}_total" if it.type == "counter" else it.name: it for it in ours}
    return {name: {label for sample in it.samples for label in sample.labels} - {"le"} for name, it in names.items()}


def in_the_manual(heading: str) -> dict[str, str]:
    """Return the rows of the table under a heading by their first word."""
    text = MANUAL.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {row[1]: row[2] for row in re.finditer(r"^\| `(\w+)(?:\{\w+\})?` \| (.*)$", text, re.MULTILINE)}


async def test_manual_has_every_part_of_health_with_its_facts(report: dict[str, Any]) -> None:
    parts = {name: facts for name, facts in report.items() if isinstance(facts, dict)}
    rows = in_the_manual("/health")
    assert rows.keys() == parts.keys()
    for name, facts in parts.items():
        for fact in facts.keys() - {"ok", "error"}:
            assert f"`{fact}`" in rows[name], f"{name}.{fact}"


async def test_manual_has_every_metric_and_no_other(report: dict[str, Any]) -> None:
    assert in_the_manual("/metrics").keys() == told(report).keys()


async def test_names_follow_the_conventions_of_prometheus(report: dict[str, Any]) -> None:
    for name in told(report):
        assert re.fullmatch(r"callflow(_[a-z]+)+", name)
        assert not re.search(r"_(ms|milliseconds|kb|mb|percent)(_|$)", name)


async def test_alerts_name_only_what_the_service_tells(report: dict[str, Any]) -> None:
    known = {*told(report), *ANYWHERE, "callflow_decision_seconds_bucket", "callflow_event_loop_lag_seconds_bucket"}
    rules = YAML(typ="safe").load(RULES)["groups"][0]["rules"]
    assert len(rules) > 15
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        named = set(re.findall(r"\b(?:callflow_\w+|up)\b", re.sub(r'"[^"]*"', "", rule["expr"])))
        assert named, rule["alert"]
        assert named <= known, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]


async def test_alerts_ask_for_labels_that_there_are(report: dict[str, Any]) -> None:
    labels = told(report)
    parts = {name for name, facts in report.items() if isinstance(facts, dict)}
    for rule in YAML(typ="safe").load(RULES)["groups"][0]["rules"]:
        for name, label, _, values in re.findall(r'(callflow_\w+)\{(\w+)(=~|!~|=)"([^"]*)"\}', rule["expr"]):
            if label == "part":
                assert set(values.split("|")) <= parts, rule["alert"]
            if name in {"callflow_healthy", "callflow_connected", "callflow_policy_source"}:
                assert label in labels[name], rule["alert"]
