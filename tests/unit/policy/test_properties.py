"""What holds for every policy, call and moment: an end in an answer or words, no loop, four rings at most (R8)."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from callflow.policy.builder import check_plan, successors
from callflow.policy.decision import Call, Decision, Outcome
from callflow.policy.evaluate import MOST_RINGS_OUTSIDE, decide
from callflow.policy.explain import as_json, as_text
from callflow.policy.model import (
    Absence,
    AbsenceReason,
    AnsweringPlace,
    Diversion,
    DiversionCondition,
    DutyLevel,
    DutyRoster,
    DutyShift,
    Extension,
    ExtensionKind,
    Holiday,
    HolidayCalendar,
    Hours,
    Mailbox,
    NumberRange,
    Organisation,
    Person,
    Policy,
    RingGroup,
    Schedule,
    ScheduleException,
    Target,
    TargetKind,
    Unit,
    UnitOverride,
    WeeklyHours,
    build_policy,
)
from callflow.policy.plan import Dial, Emergency, Hangup, LegKind, Menu, Plan, Say, Step, Voicemail
from callflow.policy.policy_texts import policy_texts
from callflow.policy.texts import LANGUAGES
from callflow.storage.generated_rights import feature_codes
from tests.builders import organisation

FEW = 5
ids = st.integers(1, FEW + 1)
"""Ids of rows 1 to 5, and 6, which is never there."""
maybe_id = st.none() | ids
OUTSIDE = ["+46701740606", "+4790000000", "0900123456", "112", "hej", "+4690161003", "61002", "+4690161777"]
targets = st.one_of(
    st.builds(Target, st.sampled_from([kind for kind in TargetKind if kind is not TargetKind.NUMBER]), ids),
    st.builds(Target, st.just(TargetKind.NUMBER), number=st.sampled_from(OUTSIDE)),
)
CODES_DIALLED = [
    "*27*0700#", "*27*61003*03290700#", "#27#", "*#27#", "*28*0*1400#", "*28*61003*1*0800#", "#28#", "*#28*61003#",
    "*23*1*1300#", "*21*61003#", "*#21#", "*99#",
]  # fmt: skip
BASE = datetime(2026, 3, 27, tzinfo=UTC)
"""A Friday before a night in which clocks go forward; the holidays and exceptions generated lie around it."""
moments = st.integers(0, 4 * 24 * 60).map(lambda minutes: BASE + timedelta(minutes=minutes))
dates = st.integers(0, 4).map(lambda days: (BASE + timedelta(days=days)).date())
rings = st.integers(0, 6)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    opens = draw(st.integers(0, 1439))
    return Hours(opens=opens, closes=draw(st.integers(opens + 1, 1440)))


@st.composite
def weekly(draw: st.DrawFn) -> WeeklyHours:
    row = draw(hours())
    return WeeklyHours(weekday=draw(st.integers(1, 7)), opens=row.opens, closes=row.closes)


@st.composite
def exceptions(draw: st.DrawFn) -> ScheduleException:
    first, last = sorted((draw(dates), draw(dates)))
    some = tuple(draw(st.lists(hours(), max_size=2)))
    return ScheduleException(first_date=first, last_date=last, name=draw(st.sampled_from("ab")), hours=some)


def tuples(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def rows(build: Any, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Generate up to five rows with the ids 1 to 5."""
    made = st.lists(st.fixed_dictionaries(columns), max_size=FEW)
    return made.map(lambda values: [build(id=number, **row) for number, row in enumerate(values, start=1)])


diversions = st.builds(
    Diversion, condition=st.sampled_from(DiversionCondition), target=targets, rings=st.none() | rings,
    ends_at=st.none() | moments,
)  # fmt: skip
places = st.builds(AnsweringPlace, position=st.integers(1, 3), target=targets, ring_limit=rings)
shifts = st.builds(
    DutyShift, level=st.integers(1, 3), starts_at=moments, ends_at=moments, target=targets, taken_over=st.booleans()
)
overrides = st.builds(UnitOverride, is_open=st.booleans(), starts_at=moments, ends_at=moments)
levels = st.builds(DutyLevel, level=st.integers(1, 3), standing=st.none() | targets, ring_limit=rings)
absences = st.builds(
    Absence, id=ids, reason_id=ids, starts_at=moments, returns_at=st.none() | moments, referral=st.none() | targets
)
numbers = st.integers(1, 9).map(lambda number: f"+469016100{number}")

tables = st.fixed_dictionaries(
    {
        "organisations": rows(
            Organisation, key=st.just("o"), name=st.sampled_from(["Umeå", "Vännäs"]), main_number=numbers,
            language=st.sampled_from(["sv", "en"]), operator_group_id=maybe_id, switchboard_schedule_id=maybe_id,
            time_zone=st.sampled_from(["Europe/Stockholm", "Mitt/Påhitt"]), duty_roster_id=maybe_id,
            mailbox_id=maybe_id, holiday_calendar_id=maybe_id,
        ),
        "number_ranges": st.just(
            [
                NumberRange(id=1, organisation_id=1, first_number="+4690161000", last_number="+4690161999",
                            short_prefix="6", short_digits=4),
            ]
        ),
        "units": rows(
            Unit, organisation_id=ids, name=st.sampled_from(["Bygg", "Social"]), parent_id=maybe_id,
            number=st.none() | numbers, confidential=st.booleans(), telephone_schedule_id=maybe_id,
            working_schedule_id=maybe_id, duty_phone=st.none() | targets, duty_roster_id=maybe_id,
            mailbox_id=maybe_id, answering_places=tuples(places), overrides=tuples(overrides),
        ),
        "people": rows(
            Person, organisation_id=ids, given_name=st.just("Åsa"), family_name=st.just("Ek"),
            absences=tuples(absences),
        ),
        "absence_reasons": rows(
            AbsenceReason, organisation_id=ids, digit=st.just("1"), text_sv=st.just("är på lunch"),
            text_en=st.just("is at lunch"), tell_external=st.booleans(), still_rings=st.booleans(),
        ),
        "extensions": rows(
            Extension, organisation_id=ids, unit_id=ids, number=numbers, kind=st.sampled_from(ExtensionKind),
            person_id=maybe_id, name=st.none() | st.just("Anna"), sip_username=st.none() | st.sampled_from("abc"),
            mobile_number=st.none() | st.sampled_from(["+46701740601", "+4790000000"]), ring_limit=rings,
            mailbox_id=maybe_id, locked=st.booleans(), diversions=tuples(diversions),
        ),
        "ring_groups": rows(
            RingGroup, organisation_id=ids, name=st.just("Växel"), member_extension_ids=tuples(ids)
        ),
        "mailboxes": rows(
            Mailbox, organisation_id=ids, number=st.sampled_from(["70001", "70002"]), name=st.just("x")
        ),
        "schedules": rows(
            Schedule, organisation_id=ids, name=st.just("t"), hours=tuples(weekly(), 6),
            exceptions=tuples(exceptions()),
            open_on_holidays=st.booleans(), half_day_closes=st.none() | st.integers(0, 1440),
        ),
        "holiday_calendars": rows(
            HolidayCalendar, name=st.just("k"),
            days=tuples(st.builds(Holiday, date=dates, name=st.sampled_from("cd"), half_day=st.booleans())),
        ),
        "duty_rosters": rows(
            DutyRoster, organisation_id=ids, name=st.just("Jour"), mailbox_id=ids, levels=tuples(levels),
            shifts=tuples(shifts),
        ),
        "feature_codes": st.just(feature_codes([organisation(row_id) for row_id in range(1, FEW + 1)])),
    }
)  # fmt: skip

calls = st.builds(
    Call,
    called_number=st.one_of(
        numbers, numbers.map(lambda number: "6" + number[-4:]),
        st.sampled_from([*OUTSIDE, "+46846500401", "", *CODES_DIALLED]),
    ),
    caller_number=st.none() | st.just("+46701740605"),
    caller_extension_id=maybe_id,
)  # fmt: skip


def policy_of(made: dict[str, list[Any]]) -> Policy:
    return build_policy(revision=1, **made)


every_call = given(made=tables, call=calls, now=moments)
thorough = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@every_call
def test_every_path_ends_in_an_answer_or_in_words(made: dict[str, list[Any]], call: Call, now: datetime) -> None:
    plan = decide(policy_of(made), call, now).plan
    check_plan(plan)
    silent = [True] * len(plan.steps)
    """Whether a caller may stand at a step having heard no voice at all."""
    assert not isinstance(plan.steps[0], Hangup)
    reached_silent = {0}
    for at, step in enumerate(plan.steps):
        silent[at] = at in reached_silent
        if isinstance(step, Dial) and silent[at]:
            reached_silent.update(successors(step))
        if isinstance(step, Hangup):
            assert not silent[at], "a caller is hung up on who has heard nothing"


@thorough
@every_call
def test_no_caller_hears_more_than_four_rings_before_a_voice(
    made: dict[str, list[Any]], call: Call, now: datetime
) -> None:
    decision = decide(policy_of(made), call, now)
    most = most_rings_in_a_row(decision.plan)
    if decision.outcome is Outcome.OUTSIDE:
        """An employee's own call out: the first step is the network's, and R8 is about those who call us."""
        assert most.pop(0) == MOST_RINGS_OUTSIDE
    assert max(most, default=0) <= 4


def most_rings_in_a_row(plan: Plan) -> list[int]:
    """Return for each step the most rings heard since the last voice when it is over, along any path."""
    before = [0] * len(plan.steps)
    for at, step in enumerate(plan.steps):
        heard = before[at] + step.rings if isinstance(step, Dial) else 0
        for to in successors(step):
            before[to] = max(before[to], heard)
        before[at] = heard
    return before


@thorough
@every_call
def test_outsider_leaves_by_the_trunk_only_from_a_number_of_ours(
    made: dict[str, list[Any]], call: Call, now: datetime
) -> None:
    rows_of_it = policy_of(made)
    decision = decide(rows_of_it, replace(call, caller_extension_id=None), now)
    if call.called_number not in rows_of_it.numbers and not called_ours(rows_of_it, call):
        assert not [leg for leg in legs(decision) if leg == LegKind.TRUNK]


def called_ours(policy: Policy, call: Call) -> bool:
    return call.called_number.startswith("+4690161") and bool(policy.number_ranges)


def legs(decision: Decision) -> list[LegKind]:
    return [leg.kind for step in decision.plan.steps if isinstance(step, Dial) for leg in step.legs]


@thorough
@every_call
def test_names_of_confidential_units_are_never_spoken_to_outsiders(
    made: dict[str, list[Any]], call: Call, now: datetime
) -> None:
    hidden = [replace(row, confidential=True, name="HEMLIG") for row in made["units"]]
    people = [replace(row, name="HEMLIG") for row in made["extensions"]]
    groups = [replace(row, name="GRUPP") for row in made["ring_groups"]]
    rows_of_it = policy_of({**made, "units": hidden, "extensions": people, "ring_groups": groups})
    decision = decide(rows_of_it, replace(call, caller_extension_id=None), now)
    known = {row.id for row in hidden}
    if all(row.unit_id in known for row in people):
        assert not {"HEMLIG", "GRUPP"} & spoken(decision)


def spoken(decision: Decision) -> set[str]:
    return {
        phrase.value
        for step in decision.plan.steps
        for phrase in (step.phrases if isinstance(step, Say | Menu) else ())
    }


@thorough
@given(made=tables, call=calls, now=moments, seed=st.integers(0, 9))
def test_nothing_depends_on_the_order_of_rows(
    made: dict[str, list[Any]], call: Call, now: datetime, seed: int
) -> None:
    order = random.Random(seed)
    assert decide(policy_of(shuffled(made, order)), call, now) == decide(policy_of(made), call, now)


def shuffled(made: dict[str, list[Any]], order: random.Random) -> dict[str, list[Any]]:
    """Return the tables with rows and everything in them that has no order of its own shuffled."""
    mixed = {name: order.sample(table, len(table)) for name, table in made.items()}
    for name, table in mixed.items():
        mixed[name] = [
            replace(
                row,
                **{
                    column: tuple(order.sample(values, len(values)))
                    for column in row.__dataclass_fields__
                    if isinstance(values := getattr(row, column), tuple)
                },
            )
            for row in table
        ]
    return mixed


@thorough
@every_call
@example(made={}, call=Call(called_number="112"), now=BASE)
def test_every_decision_can_be_explained_and_spoken(made: dict[str, list[Any]], call: Call, now: datetime) -> None:
    rows_of_it = policy_of(made)
    decision = decide(rows_of_it, call, now)
    assert as_json(decision, call, now)["steps"]
    for language in LANGUAGES:
        assert decision.outcome.value in as_text(decision, language)
    listed = {value for _, value in policy_texts(rows_of_it)}
    assert {value for value in spoken(decision) if not value.startswith("policy/")} <= listed


def test_the_checker_of_plans_finds_what_is_wrong() -> None:
    end = Hangup()
    assert fails(Plan(language="sv", steps=()))
    assert fails(Plan(language="sv", steps=(end,) * 61))
    assert fails(Plan(language="sv", steps=(Say(phrases=(), next_step=0), end)))
    assert fails(Plan(language="sv", steps=(Say(phrases=(), next_step=2), end)))
    assert fails(
        Plan(language="sv", steps=(Dial(legs=(), rings=4, ring_ms=1, no_answer=1, busy=1, unreachable=1), end))
    )
    assert not fails(Plan(language="sv", steps=(Voicemail(mailbox="1", next_step=1), end)))
    assert not fails(Plan(language="sv", steps=(Emergency(number="112"),)))


def fails(plan: Plan) -> bool:
    try:
        check_plan(plan)
    except AssertionError:
        return True
    return False


def test_the_counter_of_rings_adds_up_along_the_longest_path() -> None:
    def dial(rings: int, *to: int) -> Step:
        return Dial(legs=(), rings=rings, ring_ms=1, no_answer=to[0], busy=to[1], unreachable=to[0])

    plan = Plan(language="sv", steps=(dial(2, 1, 2), dial(3, 2, 2), Hangup()))
    assert max(most_rings_in_a_row(plan)) == 5
