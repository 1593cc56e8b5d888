"""The counters of `/metrics`: what happened. What is so now stands in the gauges of `health_metrics.py`."""

from collections.abc import Mapping

from prometheus_client import Counter, Histogram

CALLS = Counter("callflow_calls", "Calls that came into our hands.")
DECISIONS = Counter("callflow_decisions", "Calls that were given their plan.", ["outcome"])
DECISION_SECONDS = Histogram(
    "callflow_decision_seconds",
    "Time to decide one call.",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25),
)
FALLBACKS = Counter("callflow_fallbacks", "Calls that were let go to the dialplan's fallback.")
NOT_CLAIMED = Counter("callflow_calls_not_claimed", "Calls that arrived and were left to others.", ["reason"])
CARRIED_BY_NET = Counter("callflow_net_calls", "Calls that the dialplan carried without a plan of ours.", ["reason"])
EMERGENCY_CALLS = Counter("callflow_emergency_calls", "Emergency calls, and tests of the way there.", ["status"])
RINGING_ENDED = Counter("callflow_ringing_ended", "Ringings ended because the last ring had sounded.")
CHANGES = Counter("callflow_changes", "What phones changed by feature code.", ["outcome"])
LOST_CALLS_ENDED = Counter("callflow_lost_calls_ended", "Legs of calls ended because their phone is lost.")
ORDERS = Counter("callflow_orders", "Tries to hand an order to its receiver.", ["outcome"])
CALENDAR_READINGS = Counter("callflow_calendar_readings", "Calendars read.", ["outcome"])
MESSAGES_ANSWERED = Counter("callflow_messages_answered", "Voice messages answered by a call back.")
MESSAGES_REMINDED = Counter("callflow_messages_reminded", "Voice messages that somebody was reminded of.", ["to"])
MAIL_SENT = Counter("callflow_mail_sent", "Mails handed to the mail server.")
EVENTS_DROPPED = Counter("callflow_events_dropped", "Events of Asterisk that found the queue full.", ["part"])
MESSAGES_SKIPPED = Counter("callflow_messages_skipped", "Messages of Asterisk that could not be read.", ["part"])
PART_FAILURES = Counter(
    "callflow_part_failures", "Parts of the service that failed and were started again.", ["part"]
)
FEED_LOSSES = Counter("callflow_policy_feed_losses", "Times that the connection for notifications was lost.")
FOUND_BY_ASKING = Counter(
    "callflow_policy_found_by_asking", "Revisions found by asking before a notification had told of them."
)
CLOCK_JUMPS = Counter("callflow_clock_jumps", "Times that the clock was set by more than a second.")
LOOP_LAG_SECONDS = Histogram(
    "callflow_event_loop_lag_seconds",
    "How late the event loop was, asked every half second.",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0),
)

_NET_REASONS = {
    "DEADMAN": "deadman",
    "TIMEOUT": "unclaimed",
    "FAILED": "unclaimed",
    "SUCCESS": "let_go",
    "UNKNOWN_STEP": "unknown_step",
}
"""What the dialplan tells in `Reason`: STASISSTATUS, or what else gave it a call without a plan that it can run."""
_STATUSES = frozenset({"answer", "busy", "noanswer", "cancel", "congestion", "chanunavail", "test"})


def count_report(event: str, fields: Mapping[str, str]) -> None:
    """Count what the dialplan reports of a call that had no plan of ours."""
    if event == "call_fell_back":
        CARRIED_BY_NET.labels(reason=_NET_REASONS.get(fields.get("reason", ""), "other")).inc()
    elif event == "emergency_call":
        status = fields.get("status", "").lower()
        EMERGENCY_CALLS.labels(status=status if status in _STATUSES else "other").inc()
