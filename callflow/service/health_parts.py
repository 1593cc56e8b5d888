"""The parts of `/health`, each a few facts with `ok` and, where something is wrong, `error` in words.

`ok` speaks of now: what has happened and is over is counted (`metrics.py`), and does not make a part wrong.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from callflow.service.calendar_problems import problem_words
from callflow.service.calendars import CalendarReader
from callflow.service.calls import MOST_TASKS, CallControl
from callflow.service.clock import now
from callflow.service.mail import MailSpool
from callflow.service.messages import MessageFollowUp
from callflow.service.outbox import OutboxDelivery
from callflow.service.pin_changes import PinChanges
from callflow.service.policy_holder import PolicyHolder, PolicySource
from callflow.service.running import Parts

BEHIND_SECONDS = 5.0
"""How long a newer revision of the database may wait to be taken in, beside the polling interval."""
TOLD_ROWS = 5
LATE_SECONDS = 600.0
"""How long a calendar that is due may wait for a reader."""

Facts = dict[str, Any]
ConnectionState = Callable[[], tuple[bool, str | None]]
"""Tell whether a connection is up, and what was wrong last."""


def connection_facts(state: ConnectionState) -> Facts:
    """Tell whether a connection is up, and if not why."""
    up, error = state()
    return {"ok": up, "error": None if up else error or "not connected"}


def database_facts(policy: PolicyHolder) -> Facts:
    """Tell whether the database answers and notifies, which revision it has and when it was asked.

    `notified`: the last change was told by notification; otherwise it was found by asking, `poll_seconds` apart.
    """
    feed, asked = policy.feed, policy.feed.asked_at
    error = policy.database_error or feed.error
    return {
        "ok": error is None,
        "error": error,
        "revision": feed.revision,
        "asked_seconds_ago": None if asked is None else round(time.monotonic() - asked, 1),
        "poll_seconds": feed.poll_seconds,
        "notified": feed.error is None and feed.told,
    }


def policy_facts(policy: PolicyHolder) -> Facts:
    """Tell which revision calls are decided by, from where, how old, and who could not follow it."""
    held, errors = policy.held, dict(policy.follower_errors)
    if held is None:
        source, revision, age = PolicySource.NONE, None, None
        file = f" (snapshot file: {policy.file_error})" if policy.file_error else ""
        error: str | None = f"no policy is loaded: calls go by the dialplan's fallback{file}"
    else:
        source, revision = held.source, held.policy.revision
        age, error = max(round((now() - held.loaded_at).total_seconds(), 1), 0.0), None
    behind = _behind_seconds(policy)
    if source is PolicySource.FILE:
        error = "the policy is from the snapshot file, the database has not been read"
    elif held is not None and behind > BEHIND_SECONDS + policy.feed.poll_seconds:
        error = f"the database has had revision {policy.feed.revision} for {behind:.0f} s"
    elif errors:
        error = "; ".join(f"{name}: {reason}" for name, reason in errors.items())
    return {
        "ok": error is None,
        "error": error,
        "source": source.value,
        "revision": revision,
        "age_seconds": age,
        "behind_seconds": round(behind, 1),
        "errors": errors,
    }


def _behind_seconds(policy: PolicyHolder) -> float:
    feed, held = policy.feed, policy.held
    if held is None or feed.revision is None or held.policy.revision >= feed.revision:
        return 0.0
    return time.monotonic() - feed.revised_at


def rows_facts(left_out: Mapping[str, str]) -> Facts:
    """Tell which rows of the policy cannot stand in what Asterisk looks up, and why."""
    told = [f"{row}: {reason}" for row, reason in sorted(left_out.items())[:TOLD_ROWS]]
    return {"ok": not left_out, "error": "; ".join(told) or None, "left_out": len(left_out)}


def mail_facts(mail: MailSpool) -> Facts:
    """Tell what waits for the mail server and what no server will ever take."""
    stuck = mail.folder_error or (mail.last_error if mail.waiting else None)
    return {"ok": stuck is None, "error": stuck, "waiting": mail.waiting, "refused": mail.refused}


def pins_facts(pins: PinChanges) -> Facts:
    """Tell how many PINs that were changed by phone wait for the database; wrong while one was not taken."""
    return {"ok": pins.error is None, "error": pins.error, "waiting": pins.waiting}


def messages_facts(messages: MessageFollowUp) -> Facts:
    """Tell how many voice messages nobody has answered, and the age of the oldest; wrong while none is followed."""
    state, error = messages.state, messages.error
    return {
        "ok": error is None,
        "error": error,
        "open": state.open,
        "unheard": state.unheard,
        "oldest_seconds": round(state.oldest_seconds, 1),
    }


def outbox_facts(outbox: OutboxDelivery) -> Facts:
    """Tell how many orders wait, for how long the oldest has, and how many were refused; wrong while tries fail.

    An order for which no receiver is set waits to be handed over by hand, and nothing is wrong with that.
    """
    state, error = outbox.state, outbox.error or outbox.state.reason
    return {
        "ok": error is None,
        "error": error,
        "waiting": state.waiting,
        "oldest_seconds": round(state.oldest_seconds, 1),
        "refused": state.refused,
    }


def calendars_facts(calendars: CalendarReader) -> Facts:
    """Tell which calendars cannot be read and why, and how long the one most overdue has waited."""
    state = calendars.state
    told = [f"feed {feed}: {problem_words(problem, 'en')}" for feed, problem in state.problems]
    if state.failing > len(told):
        told.append(f"{state.failing - len(told)} more")
    if state.late_seconds > LATE_SECONDS:
        told.append(f"a calendar has waited {state.late_seconds:.0f} s for its turn")
    return {
        "ok": not told,
        "error": "; ".join(told) or None,
        "feeds": state.feeds,
        "failing": state.failing,
        "late_seconds": round(state.late_seconds, 1),
    }


def calls_facts(control: CallControl) -> Facts:
    """Tell how much is in hand."""
    full = "too much in hand: arriving calls are left to others" if control.in_hand >= MOST_TASKS else None
    error = "stopping: no more calls are claimed" if control.stopping else full
    return {"ok": error is None, "error": error, "in_hand": control.in_hand}


def parts_facts(parts: Parts) -> Facts:
    """Tell which parts of the service failed a moment ago."""
    failing = parts.failing()
    return {"ok": not failing, "error": "; ".join(f"{name}: {why}" for name, why in failing.items()) or None}
