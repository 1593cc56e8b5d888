"""What each feature code does, in a line with an example for the employees' card.

In the texts and in what is dialled, `{number}` and `{other}` stand for extensions, `{unit}` for a unit's number,
`{outside}` for a number outside, `{digit}` for the digit of a reason for absence.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from callflow.policy.feature_actions import FeatureAction as Action
from callflow.policy.model import DiversionCondition


class Section(Enum):
    """The card's sections in their order, with their headings."""

    DIVERSION = ("Vidarekoppla", "Divert")
    ABSENCE = ("Frånvaro", "Absence")
    VOICEMAIL = ("Röstbrevlåda", "Voicemail")
    DUTY = ("Jour", "Duty")
    UNIT = ("Enhetens tider", "The unit's hours")
    LOST = ("Tappad telefon", "Lost phone")
    PRESENTATION = ("Ditt nummer", "Your number")
    FOR_ANOTHER = (
        "Åt en kollega: för chefer, telefonkontakter och telefonister",
        "For a colleague: managers, telephone contacts and operators",
    )


class Line(NamedTuple):
    """An example of an action: what is dialled after its code, and what it does."""

    action: Action
    dialled: str
    swedish: str
    english: str


_CALLS = {
    DiversionCondition.ALL: ("alla samtal", "all calls"),
    DiversionCondition.NO_ANSWER: ("samtal som ingen svarar på", "calls that nobody answers"),
    DiversionCondition.BUSY: ("samtal när det är upptaget", "calls while the line is busy"),
    DiversionCondition.UNREACHABLE: ("samtal när telefonen inte kan nås", "calls while no phone can be reached"),
}
_DIVERSIONS = (
    ("", "{number}", "Koppla {calls} till {number}", "Send {calls} to {number}"),
    ("_voicemail", "", "Koppla {calls} till din röstbrevlåda", "Send {calls} to your voicemail"),
    ("_cancel", "", "Sluta koppla {calls}", "Stop diverting {calls}"),
    ("_ask", "", "Hör vart {calls} kopplas", "Hear where {calls} go"),
)
_DIVERSIONS_FOR_ANOTHER = (
    (
        "_for_another", "{other}*{number}", "Koppla {calls} hos {other} till {number}",
        "Send {calls} for {other} to {number}",
    ),
    ("_for_another_cancel", "{other}", "Sluta koppla {calls} hos {other}", "Stop diverting {calls} for {other}"),
    ("_for_another_ask", "{other}", "Hör vart {calls} hos {other} kopplas", "Hear where {calls} for {other} go"),
)  # fmt: skip


def _diversions(verbs: tuple[tuple[str, str, str, str], ...]) -> tuple[Line, ...]:
    return tuple(
        Line(
            Action(f"divert_{condition.value}{suffix}"),
            dialled,
            swedish.replace("{calls}", swedish_calls),
            english.replace("{calls}", english_calls),
        )
        for condition, (swedish_calls, english_calls) in _CALLS.items()
        for suffix, dialled, swedish, english in verbs
    )


_ABSENCE = (
    Line(
        Action.ABSENCE, "{digit}", "Frånvarande tills vidare; siffran är orsaken", "Absent for now; the digit is why"
    ),
    Line(Action.ABSENCE, "{digit}*1330", "Frånvarande till klockan 13.30", "Absent until 13.30"),
    Line(Action.ABSENCE_CANCEL, "", "Åter: frånvaron tas bort", "Back: the absence is ended"),
    Line(Action.ABSENCE_ASK, "", "Hör vad den som ringer får höra", "Hear what callers hear"),
)
_VOICEMAIL = (
    Line(Action.VOICEMAIL, "", "Lyssna av din röstbrevlåda, med dess PIN", "Listen to your voicemail, with its PIN"),
    Line(
        Action.VOICEMAIL_OF_ANOTHER, "{other}", "Lyssna av röstbrevlådan hos {other}, med dess PIN",
        "Listen to the voicemail of {other}, with its PIN",
    ),
)  # fmt: skip
_DUTY = (
    Line(Action.DUTY_TAKE, "0700", "Ta över din enhets jour till klockan 7", "Take over your unit's duty until 7"),
    Line(Action.DUTY_TAKE, "{unit}*0700", "Ta över jouren för enheten {unit}", "Take over the duty of unit {unit}"),
    Line(Action.DUTY_BACK, "", "Lämna tillbaka jour som du har tagit över", "Hand back duty you have taken over"),
    Line(Action.DUTY_ASK, "", "Hör vem som har jouren nu, och till när", "Hear who has duty now, and until when"),
    Line(
        Action.DUTY_ASK_ELSEWHERE, "{unit}", "Hör vem som har jouren för enheten {unit}",
        "Hear who has the duty of unit {unit}",
    ),
)  # fmt: skip
_UNIT = (
    Line(Action.UNIT_HOURS, "0*1400", "Stäng din enhet till klockan 14", "Close your unit until 14"),
    Line(Action.UNIT_HOURS, "1*1800", "Håll din enhet öppen till klockan 18", "Keep your unit open until 18"),
    Line(Action.UNIT_HOURS, "{unit}*0*1400", "Stäng enheten {unit} till klockan 14", "Close unit {unit} until 14"),
    Line(
        Action.UNIT_HOURS_CANCEL, "", "Låt din enhet följa sina vanliga tider",
        "Have your unit follow its usual hours",
    ),
    Line(
        Action.UNIT_HOURS_ASK, "", "Hör om din enhet är satt stängd eller öppen",
        "Hear if your unit is forced closed or open",
    ),
    Line(
        Action.UNIT_HOURS_CANCEL_ELSEWHERE, "{unit}", "Låt enheten {unit} följa sina vanliga tider",
        "Have unit {unit} follow its usual hours",
    ),
    Line(
        Action.UNIT_HOURS_ASK_ELSEWHERE, "{unit}", "Hör om enheten {unit} är satt stängd eller öppen",
        "Hear if unit {unit} is forced closed or open",
    ),
)  # fmt: skip
_LOST = (
    Line(
        Action.LOCK_LOST, "{other}*4711", "Spärra den tappade telefonen {other}, med röstbrevlådans PIN (här 4711)",
        "Lock the lost phone {other}, with the PIN of its voicemail (here 4711)",
    ),
)  # fmt: skip
_PRESENTATION = (
    Line(Action.HIDE_NUMBER_ONCE, "{outside}", "Ring {outside} och dölj ditt nummer", "Call and hide your number"),
    Line(Action.SHOW_NUMBER_ONCE, "{outside}", "Ring {outside} och visa ditt nummer", "Call and show your number"),
)
_FOR_ANOTHER = (
    Line(
        Action.ABSENCE_FOR_ANOTHER, "{other}*{digit}*1330", "{other} är frånvarande till klockan 13.30",
        "{other} is absent until 13.30",
    ),
    Line(Action.ABSENCE_FOR_ANOTHER_CANCEL, "{other}", "{other} är åter", "{other} is back"),
    Line(
        Action.ABSENCE_FOR_ANOTHER_ASK, "{other}", "Hör vad den som ringer {other} får höra",
        "Hear what callers to {other} hear",
    ),
    *_diversions(_DIVERSIONS_FOR_ANOTHER),
)  # fmt: skip

LINES: Mapping[Section, tuple[Line, ...]] = MappingProxyType(
    {
        Section.DIVERSION: (
            *_diversions(_DIVERSIONS),
            Line(Action.DIVERT_CANCEL_ALL, "", "Ta bort alla vidarekopplingar", "Cancel all diversions"),
        ),
        Section.ABSENCE: _ABSENCE,
        Section.VOICEMAIL: _VOICEMAIL,
        Section.DUTY: _DUTY,
        Section.UNIT: _UNIT,
        Section.LOST: _LOST,
        Section.PRESENTATION: _PRESENTATION,
        Section.FOR_ANOTHER: _FOR_ANOTHER,
    }
)
"""The lines of each section in their order; a test holds that no action lacks one."""
