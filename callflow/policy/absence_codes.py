"""Absence by feature code (R10): `*23*reason#`, `*23*reason*return#`, `#23#`, `*#23#`, or as it is called there."""

import re
from dataclasses import replace

from callflow.policy.absence_words import told_absence
from callflow.policy.absences import absence_at, back_at, person_of, reason_of_digit
from callflow.policy.builder import Node
from callflow.policy.decision import AbsenceChange
from callflow.policy.dialled_times import TIME_REFUSED, TimeRefusal, read_return
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.feature_words import sorry, told
from callflow.policy.model import Absence, Extension, Person
from callflow.policy.plan import Phrase
from callflow.policy.route import Route
from callflow.policy.schedule import zone_of
from callflow.policy.spoken import prompt

ACTIONS = frozenset((FeatureAction.ABSENCE, FeatureAction.ABSENCE_CANCEL, FeatureAction.ABSENCE_ASK))

_DIALLED = re.compile(r"([0-9])(?:\*([0-9]{4}))?")

Done = tuple[Node, AbsenceChange | None]


def carry_out(route: Route, extension: Extension, action: FeatureAction, rest: str) -> Done:
    """Return the first step of the plan that tells what was done, and the change that has to be stored before it."""
    person = person_of(route.policy, extension)
    if person is None:
        return _refused(route, extension, "phone_is_nobodys", prompt("phone-is-nobodys"))
    if action is FeatureAction.ABSENCE:
        return _set(route, extension, person, rest)
    absence = absence_at(person, route.now)
    if absence is None:
        route.note("R10", False, "absence_asked_none", extension=extension.number)
        return told(route, extension, (prompt("not-absent"),)), None
    if action is FeatureAction.ABSENCE_ASK:
        return _told(route, extension, person, absence, asked=True), None
    route.note("R10", True, "absence_ended", extension=extension.number)
    return told(route, extension, (prompt("no-longer-absent"),)), _change(route, extension, person, None)


def _set(route: Route, extension: Extension, person: Person, rest: str) -> Done:
    policy = route.policy
    organisation = policy.organisations.get(person.organisation_id, route.organisation)
    dialled = _DIALLED.fullmatch(rest)
    if dialled is None:
        return _refused(route, extension, "absence_unreadable", prompt("absence-not-understood"))
    digit, digits = dialled.groups()
    reason = reason_of_digit(policy, organisation.id, digit)
    if reason is None:
        return _refused(route, extension, "absence_reason_unknown", prompt("absence-reason-unknown"))
    returns_at = None
    if digits is not None:
        back = read_return(digits, reason, organisation, route.now.astimezone(zone_of(policy, organisation.id)))
        if isinstance(back, TimeRefusal):
            return _refused(route, extension, back.value, prompt(TIME_REFUSED[back]))
        returns_at = back
    absence = Absence(id=0, reason_id=reason.id, starts_at=route.now, returns_at=returns_at)
    still_to_come = tuple(row for row in person.absences if row.starts_at > route.now)
    node = _told(route, extension, replace(person, absences=still_to_come), absence, asked=False)
    return node, _change(route, extension, person, absence)


def _told(route: Route, extension: Extension, person: Person, absence: Absence, *, asked: bool) -> Node:
    """Read an absence back as a colleague hears it."""
    back = back_at(route.policy, person, absence)
    until = f"{back:%Y-%m-%d %H:%M}" if back is not None else "–"
    route.note("R10", True, "absence_asked" if asked else "absence_set", extension=extension.number, back=until)
    reason = route.policy.absence_reasons.get(absence.reason_id)
    everybody = reason is not None and reason.tell_external
    hear = prompt("callers-hear" if everybody else "colleagues-hear")
    return told(route, extension, (hear, *told_absence(route, extension, absence, back)))


def _refused(route: Route, extension: Extension, why: str, *words: Phrase) -> Done:
    route.note("R10", False, "absence_refused", extension=extension.number, why=why)
    return told(route, extension, (prompt("absence-not-set"), *words)), None


def _change(route: Route, extension: Extension, person: Person, absence: Absence | None) -> AbsenceChange:
    return AbsenceChange(
        extension_id=extension.id,
        person_id=person.id,
        at=route.now,
        absence=absence,
        if_not_saved=sorry(route, "change-not-saved"),
        if_not_known=sorry(route, "change-not-known"),
    )
