"""Phones for those that a call would ring and that have none connected, so that a newcomer sees every rule."""

import asyncio
from collections.abc import Iterator

from callflow.asterisk.ami_connection import AmiConnection
from callflow.phone.client import Phone, PhoneCall
from callflow.phone.events import Event
from callflow.policy.decision import Decision
from callflow.policy.plan import Dial, LegKind
from callflow.service.ports import PhoneAccount, Snapshot

ANSWER_AFTER_RINGS = 1.5
USUAL_RING_MS = 6000


class SamplePhones:
    """Rings for each account that it is given; the one named `answers` takes the call in the second ring."""

    def __init__(self, phone: Phone, answers: str, decision: Decision) -> None:
        self._phone = phone
        self._answers = answers
        ring_ms = next((step.ring_ms for step in decision.plan.steps if isinstance(step, Dial)), USUAL_RING_MS)
        self._answer_after = ANSWER_AFTER_RINGS * ring_ms / 1000
        self._tasks: set[asyncio.Task[None]] = set()
        phone.listen(self._event)

    def _event(self, event: Event) -> None:
        if event.name == "incoming":
            task = asyncio.create_task(self._ring(self._phone.calls[event.fields["call"]], event.fields["account"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ring(self, call: PhoneCall, username: str) -> None:
        await call.ring()
        if username == self._answers:
            await asyncio.sleep(self._answer_after)
            if not call.ended:
                await call.answer()

    def close(self) -> None:
        """Stop answering."""
        for task in self._tasks:
            task.cancel()


def wanted(snapshot: Snapshot, decision: Decision) -> Iterator[PhoneAccount]:
    """Yield the accounts of people that the plan may ring; a phone that belongs to nobody is not stood in for."""
    names = {
        leg.address
        for step in decision.plan.steps
        if isinstance(step, Dial)
        for leg in step.legs
        if leg.kind is LegKind.PHONE
    }
    for account in snapshot.phones:
        extension = snapshot.policy.extensions.get(account.extension_id)
        if account.username in names and extension is not None and extension.person_id is not None:
            yield account


async def without_phone(connection: AmiConnection, accounts: Iterator[PhoneAccount]) -> list[PhoneAccount]:
    """Return those that have no phone registered."""
    found = []
    for account in accounts:
        variable = {"Variable": f"PJSIP_AOR({account.username},contact)"}
        answer = await connection.action("Getvar", variable)
        if not answer.get("Value"):
            found.append(account)
    return found
