"""What each finding of the policy check says to people, and what to do about it, in Swedish and English."""

from collections.abc import Callable
from itertools import groupby

from callflow.policy.checks.finding import Finding, Severity, Subject
from callflow.policy.checks.texts_answers import ANSWERS
from callflow.policy.checks.texts_numbers import NUMBERS
from callflow.policy.checks.wording import Wording
from callflow.policy.texts import WORDS

WORDINGS: dict[str, Wording] = {**ANSWERS, **NUMBERS}
"""Every code with its texts."""

_WEEKDAYS = (
    ("måndag", "Monday"),
    ("tisdag", "Tuesday"),
    ("onsdag", "Wednesday"),
    ("torsdag", "Thursday"),
    ("fredag", "Friday"),
    ("lördag", "Saturday"),
    ("söndag", "Sunday"),
)
_WORDS = {
    **WORDS,
    "sms_purchase": ("SMS-köp", "SMS purchases"),
    "data_purchase": ("köp av extra data", "purchases of extra data"),
}
_USES = {
    "diversion": ("vidarekopplingen", "the diversion"),
    "answering_place": ("svarsplats", "answering place"),
    "duty_phone": ("jourtelefonen", "the duty phone"),
    "duty_level": ("journivå", "duty level"),
    "referral": ("frånvarons hänvisning", "the absence's referral"),
}
_SUBJECTS = {
    "organisation": ("organisation", "organisation"),
    "unit": ("enhet", "unit"),
    "ring_group": ("svarsgrupp", "ring group"),
    "duty_roster": ("jourlista", "duty roster"),
    "schedule": ("schema", "schedule"),
    "extension": ("anknytning", "extension"),
    "person": ("person", "person"),
    "number_class": ("nummerklass", "number class"),
}
_SEVERITIES = {Severity.ERROR: ("FEL", "ERROR"), Severity.WARNING: ("VARNING", "WARNING")}
_UNTIL_CANCELLED = ("tills vidare", "until cancelled")
_UNTIL = ("till", "until")


def finding_text(finding: Finding, language: str) -> str:
    """Return what is wrong, in a language (`sv`, `en`; any other reads as English)."""
    wording = WORDINGS[finding.code]
    values = {name: _in_words(name, value, language) for name, value in finding.values.items()}
    return _in(language, (wording.sv, wording.en)).format_map(values)


def what_to_do(finding: Finding, language: str) -> str:
    """Return what to do about a finding, in a language."""
    wording = WORDINGS[finding.code]
    return _in(language, (wording.do_sv, wording.do_en))


def subject_text(subject: Subject, language: str) -> str:
    """Return how people call what a finding is about: its kind and name."""
    return f"{_in(language, _SUBJECTS[subject.kind.value])} {subject.name}"


def severity_text(severity: Severity, language: str) -> str:
    """Return a severity in a language."""
    return _in(language, _SEVERITIES[severity])


def _in_words(name: str, value: str, language: str) -> str:
    """Return a value as people read it: the model's own words, hours and times; any other value as it is."""
    return _READERS[name](value, language) if name in _READERS else value


def _words(value: str, language: str) -> str:
    return ", ".join(_in(language, _WORDS[word]) for word in value.split())


def _place(value: str, language: str) -> str:
    kind, _, name = value.partition(" ")
    return f"{_in(language, _WORDS[kind])} {name}"


def _use(value: str, language: str) -> str:
    what, space, which = value.partition(" ")
    rest = f"({_in(language, _WORDS[which])})" if what == "diversion" else which
    return _in(language, _USES[what]) + space + rest


def _until(value: str, language: str) -> str:
    return f"{_in(language, _UNTIL)} {_instant(value, language)}" if value else _in(language, _UNTIL_CANCELLED)


def _instant(value: str, _language: str) -> str:
    return value[: len("2026-11-24T10:00")].replace("T", " ")


def _hours(value: str, language: str) -> str:
    """Return `1 08:00-09:00;2 08:00-09:00` as “måndag–tisdag 08:00–09:00”: days in a row with equal hours as one."""
    days = [(int(day[0]), day[2:]) for day in value.split(";")]
    told = []
    for (_, hours), run in groupby(enumerate(days), key=lambda row: (row[1][0] - row[0], row[1][1])):
        names = [_in(language, _WEEKDAYS[day - 1]) for _, (day, _) in run]
        told.append(f"{'–'.join(dict.fromkeys((names[0], names[-1])))} {_clock(hours)}")
    return "; ".join(told)


def _clock(times: str) -> str:
    return times.replace("-", "–").replace(",", ", ")


def _in(language: str, texts: tuple[str, str]) -> str:
    return texts[0] if language == "sv" else texts[1]


_READERS: dict[str, Callable[[str, str], str]] = {
    "hours": _hours,
    "starts": _instant,
    "ends": _instant,
    "ends_at": _instant,
    "since": _instant,
    "until": _until,
    "category": _words,
    "condition": _words,
    "use": _use,
    "place": _place,
    "answers": _place,
}
"""How each value is read that is not told as it is, by its name."""
