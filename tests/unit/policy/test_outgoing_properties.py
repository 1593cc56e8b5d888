"""What holds for every policy, call and moment of calls that leave: nothing barred is reached, nothing hidden shown.

The oracle here is written by itself, row by row, and shares nothing with `callflow.policy.outgoing` but the kinds of
numbers.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callflow.asterisk.plan_variables import plan_variables
from callflow.policy.barrings import Barring, Category, Exemption, NumberClass
from callflow.policy.decision import Call
from callflow.policy.evaluate import decide
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Extension, Organisation, Policy, Target, TargetKind, Unit
from callflow.policy.numbering_plan import categories_of
from callflow.policy.numbers import normalise
from callflow.policy.plan import Dial, LegKind
from tests.unit.policy.test_properties import (
    FEW,
    OUTSIDE,
    ids,
    maybe_id,
    moments,
    numbers,
    policy_of,
    rows,
    tables,
    thorough,
)

SHUT_FOR_ALL = {
    "international", "premium", "mass_call", "directory", "satellite", "operator_prefix", "unclassified",
}  # fmt: skip
Mover = Extension | Unit | Organisation | None
ABROAD = ["+4722334455", "+19005551234", "+870773111632", "0900123456", "0991234567", "118118", "95470701740606"]
kinds = st.sampled_from(Category)
more = st.fixed_dictionaries(
    {
        "barrings": rows(
            Barring, category=kinds, organisation_id=st.none() | ids, unit_id=st.none() | ids,
            extension_id=st.none() | ids,
        ).map(lambda made: [one_scope(row) for row in made]),
        "exemptions": rows(
            Exemption, extension_id=ids, category=kinds, approver_id=ids, starts_at=moments, ends_at=moments
        ),
        "number_classes": rows(
            NumberClass, prefix=st.sampled_from(["+46701", "+47", "+4690", "118"]), category=kinds
        ),
        "feature_codes": st.just(
            [
                FeatureCode(id=number, organisation_id=number, code="#31#", action="hide_number_once")
                for number in range(1, FEW + 2)
            ]
        ),
    }
)  # fmt: skip
dialled = st.sampled_from([*OUTSIDE, *ABROAD, *(f"#31#{number}" for number in OUTSIDE[:2])]) | numbers
calls = st.builds(
    Call, called_number=dialled, caller_number=st.none() | st.just("+46701740605"), caller_extension_id=maybe_id,
    mover_extension_id=maybe_id,
)  # fmt: skip
every_outgoing_call = given(made=tables, more=more, call=calls, now=moments)


def one_scope(row: Barring) -> Barring:
    """Return a barring of one scope, as the database has it."""
    if row.organisation_id is not None:
        return replace(row, unit_id=None, extension_id=None)
    if row.unit_id is not None:
        return replace(row, extension_id=None)
    return row if row.extension_id is not None else replace(row, organisation_id=1)


@thorough
@every_outgoing_call
def test_no_plan_reaches_what_is_barred_for_whoever_moves_the_call_there(
    made: dict[str, list[Any]], more: dict[str, list[Any]], call: Call, now: datetime
) -> None:
    policy = policy_of({**made, **more})
    for step in decide(policy, call, now).plan.steps:
        for leg in step.legs if isinstance(step, Dial) else ():
            if leg.kind is LegKind.TRUNK:
                movers = list(movers_to(policy, call, leg.address))
                assert any(may(policy, mover, leg.address, now) for mover in movers), (leg, movers)


def movers_to(policy: Policy, call: Call, number: str) -> Iterator[Mover]:
    """Yield all who may be the reason that a call goes to a number outside; None for an organisation not there."""
    actor_id = (call.caller_extension_id if call.mover_extension_id is None else call.mover_extension_id) or 0
    if actor_id in policy.extensions and leads_to(
        Target(TargetKind.NUMBER, number=call.called_number), policy, number
    ):
        yield policy.extensions[actor_id]
    for extension in policy.extensions.values():
        targets = [row.target for row in extension.diversions]
        if person := policy.people.get(extension.person_id or 0):
            targets += [row.referral for row in person.absences if row.referral is not None]
        if extension.mobile_number == number or any(leads_to(target, policy, number) for target in targets):
            yield extension
    for unit in policy.units.values():
        if any(leads_to(place.target, policy, number) for place in unit.answering_places):
            yield unit
        if unit.duty_phone is not None and leads_to(unit.duty_phone, policy, number):
            yield from policy.units.values()
    for roster in policy.duty_rosters.values():
        standing = [level.standing for level in roster.levels if level.standing is not None]
        targets = [*standing, *(shift.target for shift in roster.shifts)]
        if any(leads_to(target, policy, number) for target in targets):
            yield policy.organisations.get(roster.organisation_id)


def leads_to(target: Target, policy: Policy, number: str) -> bool:
    wanted = (target.number or "").removeprefix("#31#")
    return target.kind is TargetKind.NUMBER and normalise(wanted, policy, internal=True).number == number


def may(policy: Policy, mover: Mover, number: str, now: datetime) -> bool:
    """Tell whether every kind that a number is of is free or exempted for the mover, by going through all rows."""
    return all(free(policy, mover, kind.value, now) for kind in categories_of(number, policy.classes))


def free(policy: Policy, mover: Mover, kind: str, now: datetime) -> bool:
    exempted = [
        row
        for row in policy.exemptions.values()
        if mover is not None
        and row.extension_id == mover.id
        and row.category.value == kind
        and row.starts_at <= now < row.ends_at
    ]
    if exempted and isinstance(mover, Extension) and kind != "unclassified":
        return True
    return kind not in SHUT_FOR_ALL and not any(
        row.category.value == kind and covers(policy, row, mover) for row in policy.barrings.values()
    )


def covers(policy: Policy, row: Barring, mover: Mover) -> bool:
    if mover is None:
        return False
    if isinstance(mover, Organisation):
        return row.organisation_id == mover.id
    unit_id = mover.unit_id if isinstance(mover, Extension) else mover.id
    return (
        row.organisation_id == mover.organisation_id
        or (row.unit_id is not None and row.unit_id in units_above(policy, unit_id))
        or (isinstance(mover, Extension) and row.extension_id == mover.id)
    )


def units_above(policy: Policy, unit_id: int) -> set[int]:
    found: set[int] = set()
    above: int | None = unit_id
    while above is not None and above in policy.units and above not in found:
        found.add(above)
        above = policy.units[above].parent_id
    return found


@thorough
@every_outgoing_call
def test_no_plan_shows_the_number_or_name_of_a_confidential_caller(
    made: dict[str, list[Any]], more: dict[str, list[Any]], call: Call, now: datetime
) -> None:
    hidden = [replace(row, confidential=True) for row in made["units"]]
    named = [replace(row, name="HEMLIG") for row in made["extensions"]]
    policy = policy_of({**made, **more, "units": hidden, "extensions": named})
    caller = policy.extensions.get(call.caller_extension_id or 0)
    if caller is None:
        return
    plan = decide(policy, call, now).plan
    [text] = plan_variables(plan, lambda *_: "policy/name", "").values()
    _, number, name, hidden_inside, _, *steps = text.split("|")
    if steps[0].startswith("emergency"):
        return
    assert (number, name, hidden_inside) == ("hidden", "", "1")
    assert "HEMLIG" not in text
    if caller.number[-5:] not in call.called_number:
        assert not any(caller.number in step for step in steps if "Local" not in step)


@thorough
@every_outgoing_call
def test_hiding_for_one_call_hides_whatever_the_unit_shows(
    made: dict[str, list[Any]], more: dict[str, list[Any]], call: Call, now: datetime
) -> None:
    policy = policy_of({**made, **more})
    plan = decide(policy, replace(call, called_number="#31#+46701740606", mover_extension_id=None), now).plan
    if plan.presentation is not None:
        assert plan.presentation.number is None
        assert plan.presentation.hidden_inside
