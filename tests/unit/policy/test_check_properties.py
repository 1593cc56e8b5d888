"""What holds of the policy check for every policy and moment: an answer, in words, that agrees with the decision."""

from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callflow.policy.barrings import Barring, Category, Exemption, NumberClass
from callflow.policy.check import check
from callflow.policy.check_report import as_text
from callflow.policy.decision import Call, Outcome
from callflow.policy.evaluate import decide
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Policy, Target, TargetKind
from callflow.policy.overrides import as_planned
from callflow.policy.plan import Dial, Menu, Plan, Say
from callflow.policy.texts import LANGUAGES
from tests.unit.policy.test_properties import BASE, moments, policy_of, rows, tables, thorough

categories = st.sampled_from(Category)
one_scope = st.sampled_from(["organisation_id", "unit_id", "extension_id"])
rights = st.fixed_dictionaries(
    {
        "number_classes": rows(
            NumberClass, prefix=st.sampled_from(["0900", "+46", "+4670", "118", "95", "+4712345678901234"]),
            category=categories,
        ),
        "barrings": st.lists(st.tuples(one_scope, st.integers(1, 6), categories), max_size=4).map(
            lambda made: [
                Barring(id=number, category=category, **{scope: row_id})
                for number, (scope, row_id, category) in enumerate(made, start=1)
            ]
        ),
        "exemptions": rows(
            Exemption, extension_id=st.integers(1, 6), category=categories, approver_id=st.integers(1, 6),
            starts_at=st.just(BASE), ends_at=moments,
        ),
        "feature_codes": rows(
            FeatureCode, organisation_id=st.integers(1, 6), code=st.sampled_from(["*21*", "*23*"]),
            action=st.sampled_from(["divert_all", "absence"]),
        ),
    }
)  # fmt: skip


@thorough
@given(made=tables, more=rights, now=moments)
def test_every_policy_is_checked_and_told_in_words(
    made: dict[str, list[Any]], more: dict[str, list[Any]], now: datetime
) -> None:
    policy = policy_of({**made, **more})
    findings = check(policy, now)
    backwards = policy_of({name: list(reversed(table)) for name, table in {**made, **more}.items()})
    assert check(backwards, now) == findings
    for language in LANGUAGES:
        assert "{" not in as_text(findings, policy, language)


@thorough
@given(made=tables, now=moments)
def test_an_open_unit_where_nothing_rings_is_found(made: dict[str, list[Any]], now: datetime) -> None:
    policy = policy_of(made)
    planned = as_planned(policy)
    silent = {unit_id for unit_id in planned.units if is_silent(planned, unit_id, now)}
    codes = {"nobody_answers", "only_voicemail_answers", "answering_place_never_reached"}
    """The last where a voicemail stands before the place that would ring."""
    assert silent <= {row.subject.id for row in check(policy, now) if row.code in codes}


def is_silent(policy: Policy, unit_id: int, now: datetime) -> bool:
    """Tell whether a caller who presses nothing rings nothing at the unit, though it is open."""
    number = policy.units[unit_id].number
    if number is None or policy.numbers[number] != Target(TargetKind.UNIT, unit_id):
        return False
    decision = decide(policy, Call(called_number=number), now)
    return decision.outcome is Outcome.UNIT_OPEN and not rings(decision.plan)


def rings(plan: Plan) -> bool:
    step = plan.steps[0]
    while isinstance(step, Say | Menu):
        step = plan.steps[step.next_step if isinstance(step, Say) else step.no_choice]
    return isinstance(step, Dial)
