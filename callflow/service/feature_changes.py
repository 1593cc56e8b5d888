"""What a feature code changes (R9, R10, R21) is stored before the caller hears that it was, or else the truth.

Storing and the wait for the next decision to know it are bounded together, since the call waits meanwhile under the
dialplan's dead-man's switch of 2 s.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog

from callflow.errors import CallflowError
from callflow.policy.decision import Call, Change, Decision, LockChange, not_known, not_stored, refused
from callflow.policy.model import Policy
from callflow.service.metrics import CHANGES

log = structlog.get_logger(__name__)

STORE_SECONDS = 1.0
"""How long a caller may wait for what was dialled to be stored and known."""


class ChangeNotStoredError(CallflowError):
    """The policy database refused a change, could not be reached or gave no answer; nothing is changed."""

    code = "change_not_stored"


class ChangeNotKnownError(CallflowError):
    """The policy database was lost in the middle of the commit: the change is stored whole, or not at all."""

    code = "change_not_known"


class LockRefusedError(CallflowError):
    """The policy database did not take a lock, for a reason that nobody on a phone is told; nothing is locked."""

    code = "lock_refused"


class Changes(Protocol):
    """The policy database as phones change it."""

    async def store(self, change: Change, *, actor: str, decision_id: str, deadline: float) -> int:
        """Store a change whole, with its actor and decision in the audit; return the policy's revision that holds it.

        It is given up at `deadline`, by the event loop's time. Nothing is ever half set, and nothing comes later.

        Raises:
            ChangeNotStoredError: nothing was stored.
            ChangeNotKnownError: nobody can tell now whether it was.
            LockRefusedError: a `LockChange` whose PIN is wrong, or that may not be tried now.
        """
        ...


class KnowsRevision(Protocol):
    """Whoever holds the present policy."""

    async def wait_for_revision(self, revision: int) -> object:
        """Return as soon as the policy held is of this revision or newer."""
        ...


Settle = Callable[[Decision, Call, Policy, str], Awaitable[Decision]]
"""Store what a decision about a call, by this policy, of this id, changes; return it with the plan that tells so."""


def settle_by(changes: Changes, policy: KnowsRevision) -> Settle:
    """Return what stores by `changes`, and waits until `policy` knows it so that the next call goes by it."""

    async def settle(decision: Decision, call: Call, by: Policy, decision_id: str) -> Decision:
        if decision.change is None:
            return decision
        deadline = asyncio.get_running_loop().time() + STORE_SECONDS
        about = {"extension_id": decision.change.extension_id}
        try:
            revision = await changes.store(
                decision.change, actor=_actor(call, by), decision_id=decision_id, deadline=deadline
            )
        except ChangeNotStoredError as error:
            CHANGES.labels(outcome="not_stored").inc()
            log.warning("change_not_stored", reason=str(error), **about)
            return not_stored(decision, decision.change)
        except ChangeNotKnownError as error:
            CHANGES.labels(outcome="not_known").inc()
            log.warning("change_not_known", reason=str(error), **about)
            return not_known(decision, decision.change)
        except LockRefusedError:
            CHANGES.labels(outcome="refused").inc()
            log.warning("lock_refused", **about)
            assert isinstance(decision.change, LockChange)
            return refused(decision, decision.change)
        CHANGES.labels(outcome="stored").inc()
        log.info("change_stored", policy_revision=revision, **about)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await policy.wait_for_revision(revision)
        return decision

    return settle


def _actor(call: Call, policy: Policy) -> str:
    """Return whose phone changes, which need not be the extension that is changed."""
    extension = policy.extensions.get(call.caller_extension_id or 0)
    return f"phone:{extension.number if extension is not None else call.caller_extension_id}"
