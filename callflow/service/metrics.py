"""The counters of `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

CALLS = Counter("callflow_calls", "Calls that came into our hands.")
DECISIONS = Counter("callflow_decisions", "Calls that were given their plan.", ["outcome"])
DECISION_SECONDS = Histogram(
    "callflow_decision_seconds",
    "Time to decide one call.",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25),
)
FALLBACKS = Counter("callflow_fallbacks", "Calls that were let go to the dialplan's fallback.")
RINGING_ENDED = Counter("callflow_ringing_ended", "Ringings ended because the last ring had sounded.")
MAIL_SENT = Counter("callflow_mail_sent", "Mails handed to the mail server.")
MAIL_WAITING = Gauge("callflow_mail_waiting", "Mails that wait for the mail server.")
TASKS = Gauge("callflow_tasks", "Tasks of the event loop; more and more of them is a leak.")
