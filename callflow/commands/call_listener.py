"""What a caller hears, line by line: from the phone's own events and from what the dialplan reports."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from callflow.phone.client import PhoneCall
from callflow.phone.events import Event
from callflow.policy.decision import Decision
from callflow.policy.explain import spoken_text
from callflow.policy.extensions import extension_name
from callflow.policy.model import Policy
from callflow.policy.plan import (
    WHY,
    Dial,
    Hangup,
    Leg,
    LegKind,
    Menu,
    Phrase,
    PhraseKind,
    Say,
    Step,
    Voicemail,
)

PRESS_AFTER_SECONDS = 1.0
USUAL_RING_SECONDS = 6.0
MESSAGE_SECONDS = 20.0
TALK_SECONDS = 6.0
PAUSE = ","


@dataclass(slots=True)
class Listener:
    """Writes what the caller hears with the seconds since the call began, and presses digits at each menu.

    `done` is set when there is nothing more to hear: a message was left, a conversation was had, the call ended.
    """

    call: PhoneCall
    decision: Decision
    policy: Policy
    prompts: Mapping[str, str]
    words: Mapping[str, str]
    write: Callable[[str], None]
    press: str = ""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float = field(default_factory=time.monotonic)
    _answered: bool = False
    _dialled: Dial | None = None
    _ringing: asyncio.Task[None] | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, text: str) -> None:
        """Write a line."""
        seconds = f"{time.monotonic() - self._began:6.1f} s"
        self.write(f"{seconds.replace('.', ',') if self.words['and'] == ' och ' else seconds}  {text}")

    def phone_event(self, event: Event) -> None:
        """Take in an event of the phone's call."""
        match event.name:
            case "ringing" if not self._answered:
                self._start_ringing()
            case "connected":
                self._stop_ringing()
                self._answered = True
                self.tell(self.words["answered"])
            case "disconnected":
                self._stop_ringing()
                cause = "".join(f" ({value})" for value in event.fields["cause"])
                code, reason = event.fields["code"], event.fields["reason"]
                self.tell(self.words["ended"].format(code=code, reason=reason, cause=cause))
                self.done.set()

    def reported(self, name: str, fields: Mapping[str, str]) -> None:
        """Take in what the dialplan reports of this call."""
        match name:
            case "CallflowStep":
                self._step(int(fields["Step"]), fields["Why"])
            case "CallflowEmergency":
                words = self.words["emergency_test" if fields["Status"] == "TEST" else "emergency"]
                self.tell(words.format(number=fields["Number"], status=fields["Status"]))
            case "CallflowFallback":
                self.tell(self.words["fallback"].format(reason=fields["Reason"]))

    def leg_answered(self, channel: str) -> None:
        """Take in that one of the legs has answered; ends the listening after some talk."""
        self._stop_ringing()
        self.tell(self.words["answered_by"].format(who=channel.rpartition("-")[0].removeprefix("PJSIP/")))
        self._later(TALK_SECONDS, self.done.set)

    def close(self) -> None:
        """Stop what runs."""
        self._stop_ringing()
        for task in self._tasks:
            task.cancel()

    def _step(self, number: int, why: str) -> None:
        self._stop_ringing()
        if number >= len(self.decision.plan.steps):
            return
        step = self.decision.plan.steps[number]
        self.tell(self._described(step, Phrase(PhraseKind.PROMPT, why)))
        self._dialled = step if isinstance(step, Dial) else None
        match step:
            case Menu() if self.press:
                self._press_next()
            case Dial() if self._answered:
                self._start_ringing()
            case Voicemail():
                self._later(MESSAGE_SECONDS, self.done.set)

    def _press_next(self) -> None:
        pauses = len(self.press) - len(self.press.lstrip(PAUSE))
        digit, self.press = self.press[pauses : pauses + 1], self.press[pauses + 1 :]

        async def press() -> None:
            await asyncio.sleep(PRESS_AFTER_SECONDS * (1 + pauses))
            self.tell(self.words["presses"].format(digits=digit))
            await self.call.send_digits(digit)

        if digit:
            self._keep(asyncio.create_task(press()))

    def _start_ringing(self) -> None:
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._count_rings())

    def _stop_ringing(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None

    async def _count_rings(self) -> None:
        """Tell of each ring; none is begun in the instant in which those that the plan allows have ended."""
        dialled = self._dialled
        numbers = range(1, dialled.rings + 1) if dialled else itertools.count(1)
        for number in numbers:
            self.tell(self.words["ring"].format(number=number))
            await asyncio.sleep(dialled.ring_ms / 1000 if dialled else USUAL_RING_SECONDS)

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            do()

        self._keep(asyncio.create_task(wait()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _described(self, step: Step, why: Phrase) -> str:
        match step:
            case Say(phrases=phrases):
                return self.words["say"].format(text=self._text(phrases, why))
            case Menu(phrases=phrases, choices=choices):
                digits = ", ".join(digit for digit, _ in choices)
                return self.words["menu"].format(text=self._text(phrases, why), digits=digits)
            case Dial(legs=legs, rings=rings):
                return self.words["dial"].format(who=self.words["and"].join(map(self._who, legs)), rings=rings)
            case Voicemail():
                return self.words[step.use].format(mailbox=step.mailbox)
            case Hangup():
                return self.words["hangup"]
            case _:
                return type(step).__name__

    def _text(self, phrases: tuple[Phrase, ...], why: Phrase) -> str:
        return spoken_text(tuple(why if phrase is WHY else phrase for phrase in phrases), self.prompts)

    def _who(self, leg: Leg) -> str:
        if leg.kind is LegKind.TRUNK:
            return leg.address
        found = next((row for row in self.policy.extensions.values() if row.sip_username == leg.address), None)
        name = extension_name(self.policy, found) if found else None
        return f"{name} ({leg.address})" if name else leg.address
