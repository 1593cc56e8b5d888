"""Building plans back to front."""

from callflow.policy.builder import PlanBuilder, check_plan, keep_end
from callflow.policy.plan import Dial, Hangup, HangupCause, Leg, LegKind, Menu, Phrase, PhraseKind, Say, Voicemail

PHONE = (Leg(LegKind.PHONE, "61001"),)


def words(value: str) -> tuple[Phrase, ...]:
    return (Phrase(PhraseKind.TEXT, value),)


def test_steps_are_numbered_from_the_front_and_lead_only_forward() -> None:
    builder = PlanBuilder()
    end = builder.hang_up()
    message = builder.voicemail("1", end)
    menu = builder.menu((), (("1", message),), end)
    spoken = builder.say((), menu)
    first = builder.dial(PHONE, 4, 6000, (spoken, menu, end))
    plan = builder.finish(first, "sv")
    check_plan(plan)
    assert plan.steps == (
        Dial(legs=PHONE, rings=4, ring_ms=6000, no_answer=1, busy=2, unreachable=4),
        Say(phrases=(), next_step=2),
        Menu(phrases=(), choices=(("1", 3),), no_choice=4),
        Voicemail(mailbox="1", next_step=4),
        Hangup(),
    )


def test_equal_steps_are_one_and_steps_that_nothing_leads_to_are_left_out() -> None:
    builder = PlanBuilder()
    end = builder.hang_up()
    assert builder.hang_up() is end
    nowhere = builder.hang_up(HangupCause.BUSY)
    builder.say((), nowhere)
    first = builder.say((), end)
    assert builder.finish(first, "sv").steps == (Say(phrases=(), next_step=1), Hangup())


def test_steps_of_an_end_that_is_kept_are_the_same_in_every_plan_of_that_length() -> None:
    builder = PlanBuilder()
    shared = keep_end(builder.say(words("b"), builder.say(words("c"), builder.hang_up())))
    plans = [builder.finish(builder.say(words(first), shared), "sv") for first in ("a", "z")]
    assert [plan.steps[0] for plan in plans] == [Say(phrases=words(first), next_step=1) for first in ("a", "z")]
    assert plans[0].steps[1:] == (
        Say(phrases=words("b"), next_step=2),
        Say(phrases=words("c"), next_step=3),
        Hangup(),
    )
    assert plans[0].steps[2] is plans[1].steps[2]


def test_end_that_is_kept_is_numbered_for_any_length_of_plan() -> None:
    builder = PlanBuilder()
    node = keep_end(builder.say(words("end"), builder.hang_up()))
    for length in range(2, 20):
        plan = builder.finish(node, "sv")
        check_plan(plan)
        assert len(plan.steps) == length
        node = builder.say(words(str(length)), node)


def test_step_made_for_one_call_alone_is_the_one_that_is_kept_when_it_comes_again() -> None:
    kept: dict[object, object] = {}
    builder = PlanBuilder(kept)  # type: ignore[arg-type]
    own = builder.hang_up()
    assert not kept
    builder.keeping = True
    assert builder.hang_up() is own
    assert PlanBuilder(kept).hang_up() is own  # type: ignore[arg-type]
