"""Hours, times and names as phrases: prompts by name, and texts of the policy.

Vocabulary: `hour-0` to `hour-24` and `minute-1` to `minute-59` after `clock`; `weekday-1` (Monday) to
`weekday-7`; `day-1` to `day-31` and `month-1` to `month-12` for dates; `after-ring-1` to `after-ring-4` for how long
a phone rings; the rest is in `PROMPTS`.
"""

from datetime import date, datetime
from functools import lru_cache
from itertools import groupby

from callflow.policy.model import MOST_RINGS, Hours, WeeklyHours
from callflow.policy.plan import Phrase, PhraseKind

_WORDS = (
    "welcome-to", "switchboard-is-closed", "is-closed", "telephone-is-closed", "hours-today", "closed-today",
    "hours-are", "opens-again", "urgent-press-1", "message-press-2", "switchboard-press-0", "call-again",
    "nobody-can-answer", "all-operators-busy", "please-wait", "the-one-you-seek", "does-not-answer", "is-busy",
    "cannot-be-reached", "transfer-to", "transfer-on", "transfer-to-switchboard", "number-not-in-use",
    "number-not-understood", "phone-locked", "goodbye", "around-the-clock", "and", "to", "clock",
    "today", "tomorrow", "the", "barred-international", "barred-premium", "barred-mass-call", "barred-directory",
    "barred-satellite", "barred-operator-prefix", "barred-unclassified", "barred-national", "barred-mobile",
    "barred-freephone", "barred-shared-cost", "barred-service", "barred-outside-diversion", "ask-nearest-manager",
    "ask-a-manager", "ask-telephone-contact", "cannot-be-transferred", "transfer-back",
    "calls-all", "calls-no-answer", "calls-busy", "calls-unreachable", "are-diverted-to", "no-longer-diverted",
    "not-diverted", "all-diversions-cancelled", "your-voicemail", "a-voicemail", "the-switchboard-of",
    "nobody-any-more", "until-and-with", "diversion-not-set", "target-not-understood",
    "target-not-in-use", "target-is-emergency", "target-is-own", "target-loops", "target-loops-later",
    "target-missing", "seconds-not-understood", "no-voicemail", "change-not-saved", "change-not-known",
    "nothing-changed", "code-ends-here", "is-away", "and-is-back", "on-weekday", "on-date", "referral-to", "press-1",
    "referral-press-1", "callers-hear", "colleagues-hear", "not-absent", "no-longer-absent", "absence-not-set",
    "absence-not-understood", "absence-reason-unknown", "return-has-passed", "return-not-understood",
    "phone-is-nobodys", "it-is-about", "no-such-extension", "may-not-act-for",
    "someone-else", "our-switchboard", "the-extension-dialled", "phone-is-locked-now", "lock-refused",
    "until", "until-clock", "no-such-code", "has-closed", "it-is-closed", "duty-is-yours", "duty-was-taken-by",
    "duty-is-handed-back", "duty-not-taken-over", "duty-is-with", "nobody-has-duty", "no-duty-here",
    "duty-not-understood", "no-such-unit", "may-not-act-for-unit", "forced-closed", "forced-open",
    "follows-its-hours", "unit-hours-not-understood", "the-unit",
)  # fmt: skip

PROMPTS = frozenset(
    (
        *_WORDS,
        *(f"hour-{hour}" for hour in range(25)),
        *(f"minute-{minute}" for minute in range(1, 60)),
        *(f"weekday-{day}" for day in range(1, 8)),
        *(f"day-{day}" for day in range(1, 32)),
        *(f"month-{month}" for month in range(1, 13)),
        *(f"after-ring-{rings}" for rings in range(1, MOST_RINGS + 1)),
    )
)
"""Every prompt that a plan may speak; `prompts/<language>.txt` has each of them as `policy/<name>`."""

_PROMPT_PHRASES = {name: Phrase(PhraseKind.PROMPT, f"policy/{name}") for name in PROMPTS}
_WHOLE_DAY = (Hours(opens=0, closes=1440),)
_DAYS_OF_A_WEEK = 7


def prompt(name: str) -> Phrase:
    """Return a prompt by its name in `prompts/<language>.txt`."""
    return _PROMPT_PHRASES[name]


@lru_cache(maxsize=4096)
def text(value: str, stand_in: str | None = "the-one-you-seek", mailbox: str | None = None) -> Phrase:
    """Return a text of the policy, such as a name, and the prompt that serves while it has no speech, if any does.

    `mailbox` is the number of the one whose owner may have recorded that name.
    """
    return Phrase(PhraseKind.TEXT, value, prompt(stand_in).value if stand_in is not None else None, mailbox)


@lru_cache(maxsize=1024)
def week(rows: tuple[WeeklyHours, ...]) -> tuple[Phrase, ...]:
    """Return weekly hours with like days in a row joined: "Monday to Friday, 9 to 11.30 and 13 to 15"."""
    by_day: dict[int, list[Hours]] = {}
    for row in sorted(rows):
        by_day.setdefault(row.weekday, []).append(Hours(opens=row.opens, closes=row.closes))
    phrases: list[Phrase] = []
    for (_, hours), run in groupby(enumerate(sorted(by_day)), key=lambda item: (item[1] - item[0], by_day[item[1]])):
        days = [day for _, day in run]
        phrases += [*_days(days), *spoken_hours(tuple(hours))]
    return tuple(phrases)


def spoken_hours(hours: tuple[Hours, ...]) -> tuple[Phrase, ...]:
    """Return the hours of a day: "9 to 11.30 and 13 to 15", or "around the clock"."""
    if hours == _WHOLE_DAY:
        return (prompt("around-the-clock"),)
    phrases: list[Phrase] = []
    for at, row in enumerate(hours):
        phrases.append(prompt("and" if at else "clock"))
        phrases += [*_time(row.opens), prompt("to"), *_time(row.closes)]
    return tuple(phrases)


def moment(at: datetime, now: datetime) -> tuple[Phrase, ...]:
    """Return a moment to come as one says it at `now`, both local: "tomorrow at 9", "Monday", "the third of May"."""
    days = (at.date() - now.date()).days
    if days == 0:
        day: tuple[Phrase, ...] = (prompt("today"),)
    elif days == 1:
        day = (prompt("tomorrow"),)
    elif days < _DAYS_OF_A_WEEK:
        day = (prompt(f"weekday-{at.isoweekday()}"),)
    else:
        day = (
            prompt(f"weekday-{at.isoweekday()}"),
            *spoken_date(at.date()),
        )
    return (*day, prompt("clock"), *_time(at.hour * 60 + at.minute))


def returning(at: datetime, now: datetime) -> tuple[Phrase, ...]:
    """Return when somebody is back as one says it at `now`, both local: "at 13", "tomorrow at 8", "on Monday".

    A return at midnight is one on that day, at no time that is known.
    """
    days = (at.date() - now.date()).days
    if days == 0:
        day: tuple[Phrase, ...] = ()
    elif days == 1:
        day = (prompt("tomorrow"),)
    elif days < _DAYS_OF_A_WEEK:
        day = (prompt("on-weekday"), prompt(f"weekday-{at.isoweekday()}"))
    else:
        day = (prompt("on-date"), prompt(f"day-{at.day}"), prompt(f"month-{at.month}"))
    minutes = at.hour * 60 + at.minute
    return (*day, prompt("clock"), *_time(minutes)) if minutes or not day else day


def until(at: datetime, now: datetime) -> tuple[Phrase, ...]:
    """Return until when as one says it at `now`, both local: "until 14", "until tomorrow at 7"."""
    if at.date() == now.date():
        return (prompt("until-clock"), *_time(at.hour * 60 + at.minute))
    return (prompt("until"), *moment(at, now))


def spoken_date(day: date) -> tuple[Phrase, ...]:
    """Return a date as one says it: "the third of May"."""
    return (prompt("the"), prompt(f"day-{day.day}"), prompt(f"month-{day.month}"))


def spoken_digits(number: str) -> tuple[Phrase, ...]:
    """Return the digits of a number one by one, by the sounds that Asterisk has for them; a plus is not spoken."""
    return tuple(Phrase(PhraseKind.PROMPT, f"digits/{digit}") for digit in number if digit.isdigit())


def _days(days: list[int]) -> tuple[Phrase, ...]:
    first, last = prompt(f"weekday-{days[0]}"), prompt(f"weekday-{days[-1]}")
    if len(days) == 1:
        return (first,)
    return (first, prompt("and" if len(days) == 2 else "to"), last)  # noqa: PLR2004 - "Monday and Tuesday"


def _time(minutes: int) -> tuple[Phrase, ...]:
    hour, minute = divmod(minutes, 60)
    return (prompt(f"hour-{hour}"), prompt(f"minute-{minute}")) if minute else (prompt(f"hour-{hour}"),)
