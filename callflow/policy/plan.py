"""A plan: the small program that Asterisk runs by itself for one call.

INVARIANT: every step's successors stand after it in the plan, so no plan can loop. Step 0 is the first.
`Say`, `Menu` and `Voicemail` answer the call if nothing has yet; whoever is dialled answers it by answering.
"""

from dataclasses import dataclass
from enum import StrEnum


class PhraseKind(StrEnum):
    """Where the sound of a phrase comes from."""

    PROMPT = "prompt"
    TEXT = "text"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something spoken: a PROMPT by its name in `prompts/<language>.txt`, a TEXT of the policy (a name), or a REASON.

    A REASON is why the dial just before was not answered, one of the prompts `REASONS` after each outcome: Asterisk
    knows it when it comes to speak, so that what follows a dial is one path, not three.
    `stand_in` is the prompt that serves while a TEXT has no speech, as with a broken engine; None leaves it out.
    `mailbox`: if its owner has recorded the own name, that is heard instead of speech.
    """

    kind: PhraseKind
    value: str
    stand_in: str | None = None
    mailbox: str | None = None

    def __hash__(self) -> int:
        """Hash by the words alone, which is much quicker; a plan's steps are looked up by their phrases."""
        return hash(self.value)


WHY = Phrase(PhraseKind.REASON, "policy/why")
REASONS = {"no_answer": "does-not-answer", "busy": "is-busy", "unreachable": "cannot-be-reached"}
"""The prompt that tells each outcome of a dial; dialplan/interpreter.conf has them too."""


class LegKind(StrEnum):
    """How a leg of a dial is reached."""

    PHONE = "phone"
    TRUNK = "trunk"


@dataclass(frozen=True, slots=True)
class Leg:
    """One thing that rings: a SIP account by name, or a number through the trunk.

    `confirm`: the one who answers must press a digit before the caller is connected.
    """

    kind: LegKind
    address: str
    confirm: bool = False

    def __hash__(self) -> int:
        """Hash by the address alone, which is much quicker; a plan's steps are looked up by their legs."""
        return hash(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Ring all `legs` for at most `rings` rings of `ring_ms` each, counted from the first ringing (R8).

    Each outcome names the step that follows; answered ends the plan when the conversation does.
    """

    legs: tuple[Leg, ...]
    rings: int
    ring_ms: int
    no_answer: int
    busy: int
    unreachable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak `phrases`, then go on to `next_step`."""

    phrases: tuple[Phrase, ...]
    next_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Speak `phrases` and wait `wait_ms` for one digit, up to `times` times; with no valid one go to `no_choice`."""

    phrases: tuple[Phrase, ...]
    choices: tuple[tuple[str, int], ...]
    no_choice: int
    wait_ms: int = 5000
    times: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """Let the caller leave a message in `mailbox` (its number); `urgent` marks one that somebody must act on now.

    `listen`: instead let who knows its PIN listen to its messages, and change its greetings and PIN.
    """

    mailbox: str
    urgent: bool = False
    listen: bool = False
    next_step: int

    @property
    def use(self) -> str:
        """What it is used for, in one word: `listen`, `urgent` or `voicemail`."""
        return "listen" if self.listen else "urgent" if self.urgent else "voicemail"


class HangupCause(StrEnum):
    """Why a plan ends the call, as the network is told (ITU-T Q.850)."""

    NORMAL = "normal"
    UNALLOCATED = "unallocated"
    BUSY = "busy"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End the call."""

    cause: HangupCause = HangupCause.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Call the emergency number through the trunk with the caller's number presented; nothing may stand before it.

    Only `explain` shows this step: the dialplan does it by itself, before any service is asked.
    """

    number: str


Step = Dial | Say | Menu | Voicemail | Hangup | Emergency


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How a caller of ours is shown (R17): this number (E.164) and name to the outside, or nothing where it is None.

    `hidden_inside`: phones of ours show no number either.
    """

    number: str | None
    name: str | None = None
    hidden_inside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of a call, the language its prompts are spoken in, and how the caller is shown.

    `presentation` is None for a caller from outside, who is shown as the network gave it.
    """

    language: str
    steps: tuple[Step, ...]
    presentation: Presentation | None = None
