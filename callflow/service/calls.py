"""Call control: each call is claimed, decided and given its plan by a task of its own.

Nothing here waits on another call, nor on the database, except a feature code for its own change, and not for long.
Whatever goes wrong with one call is told with its traceback and the call goes on by the dialplan's fallback, at once.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from callflow.errors import CallflowError
from callflow.policy.decision import Call, Decision
from callflow.policy.lost_codes import without_pin
from callflow.policy.model import Policy
from callflow.service.clock import BadTimeError, now, read_instant
from callflow.service.feature_changes import Settle
from callflow.service.left_over import left_over_calls
from callflow.service.metrics import CALLS, DECISION_SECONDS, DECISIONS, FALLBACKS, NOT_CLAIMED
from callflow.service.policy_holder import Held, PolicyInUse
from callflow.service.telephony import (
    CallArrived,
    CallEntered,
    CallGoneError,
    Switch,
    SwitchConnected,
    SwitchEvent,
    WaitingCall,
)

log = structlog.get_logger(__name__)

MOST_TASKS = 2000
"""With so much in hand, arriving calls are left to another instance or to the dialplan's fallback."""
FEW_TASKS = 4
"""With more in hand, nothing is decided ahead: the claims of a crowd go first, each has half a second only."""
ENTER_SECONDS = 1.0
"""How long a claimed call may take to come in: one that has not by then was hung up meanwhile."""
BETWEEN_LOOKS_SECONDS = 0.01
FINISH_SECONDS = 3.0
"""How long a stop waits for the calls in hand."""

NOBODYS_ID = 0
"""The id of no extension: who transferred a call when nobody of ours did."""

_OUTSIDE = frozenset({"trunk", ""})
"""Endpoints that are no phone of ours; any other without an extension is one of ours that cannot be told (R17)."""

Decide = Callable[[Policy, Call, datetime], Decision]
PlanVariables = Callable[[Decision, str], Mapping[str, str]]
"""Make the channel variables of a decision and its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedCall:
    """A call with what was decided for it, for the call log; a PIN that was dialled stands in its change alone."""

    decision_id: str
    call: Call
    at: datetime
    decision: Decision
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ahead:
    """What was decided for a call while it was claimed, and the variables of its plan."""

    waiting: WaitingCall
    decided: DecidedCall
    variables: Mapping[str, str]


Decided = Callable[[DecidedCall], None]
"""Is told of each decided call; must not block."""


class CallControl:
    """Takes calls from the switch and gives each its plan."""

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        *,
        switch: Switch,
        policy: PolicyInUse,
        decide: Decide,
        settle: Settle,
        plan_variables: PlanVariables,
        decided: Decided,
        tryout: bool = False,
    ) -> None:
        self._switch = switch
        self._policy = policy
        self._decide = decide
        self._settle = settle
        self._plan_variables = plan_variables
        self._decided = decided
        self._tryout = tryout
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()
        self._claimed: set[str] = set()
        self._ahead: dict[str, _Ahead] = {}
        self.stopping = False

    @property
    def in_hand(self) -> int:
        """How many calls are between claim and plan, or are being claimed."""
        return len(self._tasks) + len(self._claimed)

    async def run(self) -> None:
        """Take calls until cancelled."""
        async for event in self._switch.events():
            self._take(event)

    async def stop(self) -> None:
        """Claim nothing more and finish what is in hand, also what is claimed and yet to come in.

        It takes at most `FINISH_SECONDS`; `run` must go on meanwhile.
        """
        self.stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                while self.in_hand:  # noqa: ASYNC110 - tasks and claims come and go from many places
                    await asyncio.sleep(BETWEEN_LOOKS_SECONDS)

    def _take(self, event: SwitchEvent) -> None:
        match event:
            case CallArrived(call):
                if self.stopping or len(self._tasks) >= MOST_TASKS:
                    self._leave(call, "stopping" if self.stopping else "too busy")
                else:
                    self._start(self._claim(call), call.channel_id)
            case CallEntered(call):
                self._claimed.discard(call.channel_id)
                self._start(self._carry_out(call), call.channel_id)
            case SwitchConnected():
                self._start(self._adopt_left_over(), "")

    def _start(self, work: Coroutine[Any, Any, None], call_id: str) -> None:
        task = asyncio.create_task(self._at_the_edge(work, call_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _at_the_edge(self, work: Coroutine[Any, Any, None], call_id: str) -> None:
        with structlog.contextvars.bound_contextvars(call_id=call_id):
            try:
                await work
            except CallflowError as error:
                log.warning("call_not_handled", code=error.code, reason=str(error))
            except Exception:
                log.exception("call_task_failed")

    async def _claim(self, call: WaitingCall) -> None:
        if self._policy.held is None:
            self._leave(call, "no policy")
            return
        self._claimed.add(call.channel_id)
        asyncio.get_running_loop().call_later(ENTER_SECONDS, self._does_not_come_in, call.channel_id)
        won = False
        try:
            claiming = asyncio.ensure_future(self._switch.claim(call.channel_id))
            await asyncio.sleep(0)  # so that it is under way
            if len(self._tasks) <= FEW_TASKS:
                self._decide_ahead(call)
            won = await claiming
        finally:
            if not won:
                self._does_not_come_in(call.channel_id)
        log.info("call_claimed" if won else "call_claimed_by_another")

    def _does_not_come_in(self, channel_id: str) -> None:
        self._claimed.discard(channel_id)
        self._ahead.pop(channel_id, None)

    def _decide_ahead(self, call: WaitingCall) -> None:
        """Decide while the switch is busy with the claim. Whatever goes wrong is told when the call has come in."""
        with suppress(Exception):
            decided = self._decided_call(call)
            if decided.decision.change is None:
                variables = self._plan_variables(decided.decision, decided.decision_id)
                self._ahead[call.channel_id] = _Ahead(waiting=call, decided=decided, variables=variables)

    def _leave(self, call: WaitingCall, reason: str) -> None:
        NOT_CLAIMED.labels(reason=reason).inc()
        log.warning("call_not_claimed", call_id=call.channel_id, reason=reason)

    async def _adopt_left_over(self) -> None:
        async for call in left_over_calls(self._switch, self._in_hand, self._changes):
            log.info("call_left_over", call_id=call.channel_id)
            self._start(self._carry_out(call), call.channel_id)

    def _changes(self, call: WaitingCall) -> bool:
        """Tell whether a call would change something. Whatever goes wrong is told when it is carried out."""
        with suppress(Exception):
            return self._decided_call(call).decision.change is not None
        return False

    async def _carry_out(self, call: WaitingCall) -> None:
        if call.channel_id in self._in_hand:
            return
        self._in_hand.add(call.channel_id)
        CALLS.inc()
        try:
            await self._decide_and_start(call)
        except CallGoneError as error:
            log.info("caller_gone", reason=str(error))
        except Exception as error:
            FALLBACKS.inc()
            log.exception("call_falls_back", reason=str(error), sip_call_id=call.sip_call_id or None)
            await self._switch.let_fall_back(call.channel_id)
        finally:
            self._in_hand.discard(call.channel_id)

    async def _decide_and_start(self, waiting: WaitingCall) -> None:
        ahead = self._ahead.pop(waiting.channel_id, None)
        known = ahead if ahead is not None and ahead.waiting == waiting else None
        decided = known.decided if known else self._decided_call(waiting)
        with structlog.contextvars.bound_contextvars(decision_id=decided.decision_id):
            if known:
                variables = known.variables
            else:
                settled = await self._settle(decided.decision, decided.call, decided.policy, decided.decision_id)
                decided = replace(decided, decision=settled)
                variables = self._plan_variables(settled, decided.decision_id)
            await self._switch.start_plan(waiting.channel_id, variables)
            DECISIONS.labels(outcome=decided.decision.outcome.value).inc()
            try:
                self._tell(waiting, decided)
            except Exception:  # the call has its plan: that must not be taken from it because it could not be told
                log.exception("call_not_told")

    def _decided_call(self, waiting: WaitingCall) -> DecidedCall:
        """Decide, and store nothing yet."""
        held = self._policy.held
        if held is None:
            raise NoPolicyError("no policy is loaded: the database is away and no snapshot was kept")
        call, at = call_of(waiting, held), self._instant(waiting)
        began = time.perf_counter()
        decision = self._decide(held.policy, call, at)
        DECISION_SECONDS.observe(time.perf_counter() - began)
        return DecidedCall(
            decision_id=secrets.token_hex(6),
            call=without_pin(call, held.policy),
            at=at,
            decision=decision,
            policy=held.policy,
        )

    def _tell(self, waiting: WaitingCall, decided: DecidedCall) -> None:
        """Tell of a decided call; its line has every id by which the others of the call can be found."""
        decision = decided.decision
        log.info(
            "call_decided",
            sip_call_id=waiting.sip_call_id or None,
            outcome=decision.outcome.value,
            policy_revision=decision.policy_revision,
            caller_number=decided.call.caller_number,
            called_number=decided.call.called_number,
            rules=" ".join(dict.fromkeys(line.rule for line in decision.trace if line.matched)),
        )
        if any(line.reason == "number_unclassified" for line in decision.trace):
            log.warning(
                "number_unclassified", called_number=decided.call.called_number, what_now="a row in number_class"
            )
        self._decided(decided)

    def _instant(self, waiting: WaitingCall) -> datetime:
        """Return now; in a try-out system the time that the call carries, if any."""
        if self._tryout and waiting.at:
            try:
                return read_instant(waiting.at)
            except BadTimeError as error:
                log.warning("call_time_ignored", reason=str(error))
        return now()


class NoPolicyError(CallflowError):
    """There is no policy to decide by."""

    code = "no_policy"


def call_of(waiting: WaitingCall, held: Held) -> Call:
    """Return the call as the policy sees it: internal only by its authenticated account."""
    accounts = held.policy.accounts
    return Call(
        called_number=waiting.called_number,
        caller_number=waiting.caller_number,
        caller_extension_id=(None if waiting.endpoint in _OUTSIDE else accounts.get(waiting.endpoint, NOBODYS_ID)),
        mover_extension_id=None if waiting.mover is None else accounts.get(waiting.mover, NOBODYS_ID),
    )
