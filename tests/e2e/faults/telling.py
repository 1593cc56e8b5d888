"""What the service tells of a fault, in all three places where somebody may look."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from callflow.service.health_metrics import CONNECTIONS
from tests.e2e.helpers import eventually
from tests.e2e.town import Town


async def told_everywhere(town: Town, *, ready: bool, source: str, **well: bool) -> None:
    """Wait until `/health`, `/ready` and `/metrics` agree: are calls taken, by what policy, which parts are well.

    Fails with what is told otherwise.
    """
    wrong: list[str] = []

    async def is_told() -> bool:
        health = await town.health()
        is_ready, _ = await town.ask("ready")
        gauges = dict(_gauges((await town.ask("metrics"))[1]))
        expected = {"/ready": ready, "source": source, f"callflow_policy_source {source}": 1.0}
        seen = {"/ready": is_ready, "source": health["policy"]["source"]}
        for name, is_well in well.items():
            expected |= {name: is_well, f"callflow_healthy {name}": float(is_well)}
            if name in CONNECTIONS:
                expected[f"callflow_connected {name}"] = float(is_well)
            seen[name] = health[name]["ok"]
        seen = {**gauges, **seen}
        wrong[:] = [f"{name}: {seen.get(name)}, not {it}" for name, it in expected.items() if seen.get(name) != it]
        return not wrong

    try:
        await eventually(is_told, 5, "")
    except AssertionError:
        raise AssertionError(f"told otherwise: {wrong}") from None


def _gauges(text: str) -> Iterator[tuple[str, float]]:
    """Yield the gauges that have one label, by name and the label's value."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if len(sample.labels) == 1:
                yield f"{sample.name} {next(iter(sample.labels.values()))}", sample.value
