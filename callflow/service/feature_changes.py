"""What a feature code changes (R9) is stored before the caller hears that it was, or else the caller hears the truth.

Storing and the wait for the next decision to know it are bounded together, since the call waits meanwhile under the
dialplan's dead-man's switch of 2 s.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog

from callflow.errors import CallflowError
from callflow.policy.decision import Decision, DiversionChange, not_stored
from callflow.policy.model import Policy
from callflow.service.metrics import CHANGES

log = structlog.get_logger(__name__)

STORE_SECONDS = 1.0
"""How long a caller may wait for what was dialled to be stored and known."""


class ChangeNotStoredError(CallflowError):
    """The policy database refused a change or could not be reached; nothing is changed."""

    code = "change_not_stored"


class Changes(Protocol):
    """The policy database as phones change it."""

    async def store(self, change: DiversionChange, *, actor: str, decision_id: str) -> int:
        """Store a change whole, with its actor and decision in the audit; return the policy's revision that holds it.

        A cancelled call leaves nothing half set. Raise `ChangeNotStoredError` when nothing was stored.
        """
        ...


class KnowsRevision(Protocol):
    """Whoever holds the present policy."""

    async def wait_for_revision(self, revision: int) -> object:
        """Return as soon as the policy held is of this revision or newer."""
        ...


Settle = Callable[[Decision, Policy, str], Awaitable[Decision]]
"""Store what a decision by this policy, of this id, changes; return it with the plan that tells what came of it."""


def settle_by(changes: Changes, policy: KnowsRevision) -> Settle:
    """Return what stores by `changes`, and waits until `policy` knows it so that the next call goes by it."""

    async def settle(decision: Decision, by: Policy, decision_id: str) -> Decision:
        if decision.change is None:
            return decision
        deadline = asyncio.get_running_loop().time() + STORE_SECONDS
        try:
            async with asyncio.timeout_at(deadline):
                actor = _actor(decision.change, by)
                revision = await changes.store(decision.change, actor=actor, decision_id=decision_id)
        except (ChangeNotStoredError, TimeoutError) as error:
            reason = str(error) or f"the database gave no answer in {STORE_SECONDS} s"
            CHANGES.labels(outcome="not_stored").inc()
            log.warning("change_not_stored", reason=reason, extension_id=decision.change.extension_id)
            return not_stored(decision, decision.change)
        CHANGES.labels(outcome="stored").inc()
        log.info("change_stored", policy_revision=revision, extension_id=decision.change.extension_id)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await policy.wait_for_revision(revision)
        return decision

    return settle


def _actor(change: DiversionChange, policy: Policy) -> str:
    extension = policy.extensions.get(change.extension_id)
    return f"phone:{extension.number if extension is not None else change.extension_id}"
