"""What each feature code does, in a line with an example for the employees' card.

In the texts and in what is dialled, `{number}` and `{other}` stand for extensions, `{unit}` for a unit's number,
`{outside}` for a number outside, `{digit}` and `{dated}` for the digits of reasons for absence dialled with a
time and with a date, `{date}` for a date.
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


class Example(NamedTuple):
    """An action and what is dialled after its code."""

    action: Action
    dialled: str = ""


class Line(NamedTuple):
    """What an action does, with how it is ended again and asked for where there is such a code."""

    does: Example
    swedish: str
    english: str
    ended: Example | None = None
    asked: Example | None = None

    @property
    def examples(self) -> tuple[Example, ...]:
        """All that the line tells of."""
        return tuple(filter(None, (self.does, self.ended, self.asked)))


_CALLS = {
    DiversionCondition.ALL: ("alla samtal", "all calls"),
    DiversionCondition.NO_ANSWER: ("samtal som ingen svarar på", "calls that nobody answers"),
    DiversionCondition.BUSY: ("samtal när det är upptaget", "calls while the line is busy"),
    DiversionCondition.UNREACHABLE: ("samtal när telefonen inte kan nås", "calls while no phone can be reached"),
}


def _divert(condition: DiversionCondition, ending: str, dialled: str = "") -> Example:
    return Example(Action(f"divert_{condition.value}{ending}"), dialled)


def _diversions(condition: DiversionCondition) -> tuple[Line, ...]:
    swedish, english = _CALLS[condition]
    ended, asked = _divert(condition, "_cancel"), _divert(condition, "_ask")
    return (
        Line(
            _divert(condition, "", "{number}"),
            f"Koppla {swedish} till {{number}}",
            f"Send {english} to {{number}}",
            ended,
            asked,
        ),
        Line(
            _divert(condition, "_voicemail"),
            f"Koppla {swedish} till din röstbrevlåda",
            f"Send {english} to your voicemail",
            ended,
            asked,
        ),
    )


def _diversion_for_another(condition: DiversionCondition) -> Line:
    swedish, english = _CALLS[condition]
    return Line(
        _divert(condition, "_for_another", "{other}*{number}"),
        f"Koppla {swedish} hos {{other}} till {{number}}",
        f"Send {english} for {{other}} to {{number}}",
        _divert(condition, "_for_another_cancel", "{other}"),
        _divert(condition, "_for_another_ask", "{other}"),
    )


_BACK, _HEARD = Example(Action.ABSENCE_CANCEL), Example(Action.ABSENCE_ASK)
_ABSENCE = (
    Line(
        Example(Action.ABSENCE, "{digit}"),
        "Frånvarande tills vidare; siffran är orsaken", "Absent for now; the digit is why", _BACK, _HEARD,
    ),
    Line(
        Example(Action.ABSENCE, "{digit}*1330"),
        "Frånvarande till klockan 13.30", "Absent until 13.30", _BACK, _HEARD,
    ),
    Line(
        Example(Action.ABSENCE, "{dated}*{date}"),
        "Frånvarande till julafton", "Absent until Christmas Eve", _BACK, _HEARD,
    ),
)  # fmt: skip
_VOICEMAIL = (
    Line(
        Example(Action.VOICEMAIL),
        "Lyssna av din röstbrevlåda, med dess PIN", "Listen to your voicemail, with its PIN",
    ),
    Line(
        Example(Action.VOICEMAIL_OF_ANOTHER, "{other}"),
        "Lyssna av röstbrevlådan hos {other}, med dess PIN", "Listen to the voicemail of {other}, with its PIN",
    ),
)  # fmt: skip
_DUTY = (
    Line(
        Example(Action.DUTY_TAKE, "0700"),
        "Ta över din enhets jour till klockan 7", "Take over your unit's duty until 7",
        Example(Action.DUTY_BACK), Example(Action.DUTY_ASK),
    ),
    Line(
        Example(Action.DUTY_TAKE, "{unit}*0700"),
        "Ta över jouren för enheten {unit}", "Take over the duty of unit {unit}",
        Example(Action.DUTY_BACK), Example(Action.DUTY_ASK_ELSEWHERE, "{unit}"),
    ),
)  # fmt: skip
_USUAL, _FORCED = Example(Action.UNIT_HOURS_CANCEL), Example(Action.UNIT_HOURS_ASK)
_UNIT = (
    Line(
        Example(Action.UNIT_HOURS, "0*1400"),
        "Stäng din enhet till klockan 14", "Close your unit until 14", _USUAL, _FORCED,
    ),
    Line(
        Example(Action.UNIT_HOURS, "1*1800"),
        "Håll din enhet öppen till klockan 18", "Keep your unit open until 18", _USUAL, _FORCED,
    ),
    Line(
        Example(Action.UNIT_HOURS, "{unit}*0*1400"),
        "Stäng enheten {unit} till klockan 14", "Close unit {unit} until 14",
        Example(Action.UNIT_HOURS_CANCEL_ELSEWHERE, "{unit}"), Example(Action.UNIT_HOURS_ASK_ELSEWHERE, "{unit}"),
    ),
)  # fmt: skip
_LOST = (
    Line(
        Example(Action.LOCK_LOST, "{other}*4711"),
        "Spärra den tappade telefonen {other}, med röstbrevlådans PIN (här 4711)",
        "Lock the lost phone {other}, with the PIN of its voicemail (here 4711)",
    ),
)
_PRESENTATION = (
    Line(
        Example(Action.HIDE_NUMBER_ONCE, "{outside}"),
        "Ring {outside} och dölj ditt nummer", "Call and hide your number",
    ),
    Line(
        Example(Action.SHOW_NUMBER_ONCE, "{outside}"),
        "Ring {outside} och visa ditt nummer", "Call and show your number",
    ),
)  # fmt: skip
_FOR_ANOTHER = (
    Line(
        Example(Action.ABSENCE_FOR_ANOTHER, "{other}*{digit}*1330"),
        "{other} är frånvarande till klockan 13.30", "{other} is absent until 13.30",
        Example(Action.ABSENCE_FOR_ANOTHER_CANCEL, "{other}"), Example(Action.ABSENCE_FOR_ANOTHER_ASK, "{other}"),
    ),
    *map(_diversion_for_another, DiversionCondition),
)  # fmt: skip

LINES: Mapping[Section, tuple[Line, ...]] = MappingProxyType(
    {
        Section.DIVERSION: (
            *(line for condition in DiversionCondition for line in _diversions(condition)),
            Line(Example(Action.DIVERT_CANCEL_ALL), "Ta bort alla vidarekopplingar", "Cancel all diversions"),
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
