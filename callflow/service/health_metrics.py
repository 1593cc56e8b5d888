"""The gauges of `/metrics`: what `/health` tells, in numbers, made anew each time Prometheus asks."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from callflow.service.policy_holder import PolicySource

CONNECTIONS = ("ari", "ami", "reloading", "database")
"""The parts of health that are connections."""


@dataclass(frozen=True, slots=True)
class _Gauge:
    """A gauge, and the part and fact of health that it tells; a fact that is not known has no sample."""

    name: str
    help: str
    part: str
    fact: str


_GAUGES = (
    _Gauge("callflow_policy_revision", "Revision that calls are decided by.", "policy", "revision"),
    _Gauge("callflow_policy_age_seconds", "Since when it is held.", "policy", "age_seconds"),
    _Gauge(
        "callflow_policy_behind_seconds", "How long the database has had a newer one.", "policy", "behind_seconds"
    ),
    _Gauge("callflow_database_revision", "Revision of the database, as it told last.", "database", "revision"),
    _Gauge("callflow_database_asked_seconds", "How long ago it was asked.", "database", "asked_seconds_ago"),
    _Gauge("callflow_database_poll_seconds", "How often it is asked, notified or not.", "database", "poll_seconds"),
    _Gauge("callflow_database_notified", "1 if the last change came by notification.", "database", "notified"),
    _Gauge("callflow_rows_left_out", "Rows that cannot stand in what Asterisk looks up.", "rows", "left_out"),
    _Gauge("callflow_mail_waiting", "Mails that wait for the mail server.", "mail", "waiting"),
    _Gauge("callflow_mail_refused", "Mails that no mail server will ever take.", "mail", "refused"),
    _Gauge("callflow_messages_open", "Voice messages that nobody has answered.", "messages", "open"),
    _Gauge("callflow_messages_unheard", "Those that nobody has heard.", "messages", "unheard"),
    _Gauge("callflow_messages_oldest_seconds", "How old the oldest of them is.", "messages", "oldest_seconds"),
    _Gauge("callflow_outbox_waiting", "Orders that wait for their receivers.", "outbox", "waiting"),
    _Gauge("callflow_outbox_oldest_seconds", "For how long the oldest has.", "outbox", "oldest_seconds"),
    _Gauge("callflow_outbox_refused", "Orders that their receivers refused.", "outbox", "refused"),
    _Gauge("callflow_calendar_feeds", "Calendars that are read.", "calendars", "feeds"),
    _Gauge("callflow_calendar_feeds_failing", "Those that something is wrong with.", "calendars", "failing"),
    _Gauge("callflow_calendar_late_seconds", "How long one that is due has waited.", "calendars", "late_seconds"),
    _Gauge("callflow_calls_in_hand", "Calls between claim and plan.", "calls", "in_hand"),
    _Gauge("callflow_disk_free_bytes", "Room on the disk of the home folder.", "disk", "free_bytes"),
    _Gauge("callflow_open_files", "File descriptors that are open.", "files", "open"),
    _Gauge("callflow_open_files_limit", "File descriptors that may be open.", "files", "limit"),
    _Gauge("callflow_event_loop_longest_lag_seconds", "Longest lag in ten seconds.", "loop", "lag_seconds"),
    _Gauge("callflow_clock_last_jump_seconds", "By how much the clock was set last.", "clock", "last_jump_seconds"),
)


class HealthMetrics(Collector):
    """Turns a report of health into gauges."""

    def __init__(self, report: Callable[[], dict[str, Any]]) -> None:
        self._report = report

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Make every gauge from the present report."""
        report = self._report()
        parts = {name: facts for name, facts in report.items() if isinstance(facts, dict)}
        yield _labelled("callflow_healthy", "1 for a part of /health that is well.", "part", _well(parts, parts))
        connected = _well(parts, CONNECTIONS)
        yield _labelled("callflow_connected", "1 for a connection that is up.", "part", connected)
        policy = parts["policy"]
        source = {one.value: float(policy.get("source") == one.value) for one in PolicySource}
        yield _labelled("callflow_policy_source", "1 for where the policy held comes from.", "source", source)
        failing = {one: float(one in policy.get("errors", ())) for one in ("asterisk", "speech", "snapshot_file")}
        yield _labelled("callflow_follower_failing", "1 for what could not follow the policy.", "follower", failing)
        for gauge in _GAUGES:
            value = parts.get(gauge.part, {}).get(gauge.fact)
            yield _single(gauge.name, gauge.help, value)
        yield _single("callflow_tasks", "Tasks of the event loop; ever more is a leak.", len(asyncio.all_tasks()))


def _well(parts: dict[str, dict[str, Any]], names: Any) -> dict[str, float]:  # noqa: ANN401 - any names
    return {name: float(parts[name]["ok"]) for name in names if name in parts}


def _labelled(name: str, told: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _single(name: str, told: str, value: float | None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told)
    if value is not None:
        family.add_metric([], float(value))
    return family
