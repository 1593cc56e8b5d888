"""Building plans back to front."""

from callflow.policy.builder import PlanBuilder, check_plan
from callflow.policy.plan import Dial, Hangup, HangupCause, Leg, LegKind, Menu, Say, Voicemail

PHONE = (Leg(LegKind.PHONE, "61001"),)


def test_steps_are_numbered_from_the_front_and_lead_only_forward() -> None:
    builder = PlanBuilder()
    end = builder.add(Hangup())
    message = builder.add(Voicemail(mailbox="1", next_step=end))
    menu = builder.add(Menu(phrases=(), choices=(("1", message),), no_choice=end))
    words = builder.add(Say(phrases=(), next_step=menu))
    first = builder.add(Dial(legs=PHONE, rings=4, ring_ms=6000, no_answer=words, busy=menu, unreachable=end))
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
    end = builder.add(Hangup())
    assert builder.add(Hangup()) == end
    nowhere = builder.add(Hangup(cause=HangupCause.BUSY))
    builder.add(Say(phrases=(), next_step=nowhere))
    first = builder.add(Say(phrases=(), next_step=end))
    assert builder.finish(first, "sv").steps == (Say(phrases=(), next_step=1), Hangup())
