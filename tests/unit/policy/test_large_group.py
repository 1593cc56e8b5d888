"""A ring group with more phones than can ring at once: as many ring as can, and the call goes on (R4, R8)."""

from collections.abc import Iterable

from callflow.policy.model import Extension, ExtensionKind, Policy
from callflow.policy.plan import Dial, Leg, LegKind
from callflow.policy.together import that_ring
from tests.builders import decided, extension, external, group, mobile, policy, to_group, unit
from tests.unit.policy.checked import UNIT, found, names, sound, values

OFFICE = "+4690161901"


def twins(size: int, *, confirms: bool = True) -> list[Extension]:
    return [
        mobile(at, kind=ExtensionKind.TWIN, sip_username=f"6{1000 + at}", mobile_confirms=confirms)
        for at in range(1, size + 1)
    ]


def crisis_group(members: list[Extension]) -> Policy:
    return policy(
        extensions=members,
        ring_groups=[group(1, *(row.id for row in members), name="Krisgruppen")],
        units=[unit(1, to_group(1))],
    )


def legs_of_group(members: list[Extension]) -> tuple[Leg, ...]:
    step = decided(crisis_group(members), external(OFFICE)).plan.steps[0]
    assert isinstance(step, Dial)
    return step.legs


def kinds(legs: Iterable[Leg]) -> tuple[int, int]:
    """Return how many phones of ours ring, and how many numbers outside."""
    found = [leg.kind for leg in legs]
    return found.count(LegKind.PHONE), found.count(LegKind.TRUNK)


def test_a_group_of_seventy_twins_rings_whole() -> None:
    assert kinds(legs_of_group(twins(70))) == (70, 70)


def test_of_a_larger_group_mobiles_are_left_out_and_every_fixed_phone_rings() -> None:
    phones, mobiles = kinds(legs_of_group(twins(120)))
    assert (phones, 40 < mobiles < 120) == (120, True)


def test_that_a_group_rings_in_part_stands_in_the_trace_and_in_its_words() -> None:
    rows = crisis_group(twins(120))
    decision = decided(rows, external(OFFICE))
    [line] = [line for line in decision.trace if line.reason == "group_rings_in_part"]
    ringing = len(legs_of_group(twins(120)))
    assert dict(line.values) == {"group": "Krisgruppen", "ringing": str(ringing), "phones": "240"}
    assert line.rule == "R4"
    assert not [line for line in decided(crisis_group(twins(70)), external(OFFICE)).trace if "part" in line.reason]


def test_no_more_ring_than_dial_watches_however_short_their_names_are() -> None:
    assert 200 < len(that_ring([Leg(LegKind.PHONE, str(at)) for at in range(1000)])) < 255


def test_who_is_left_out_is_the_same_at_every_call() -> None:
    legs = [Leg(LegKind.TRUNK, f"+4670174{at:04d}", confirm=bool(at % 2)) for at in range(200)]
    assert (
        that_ring(legs)
        == that_ring(legs[::-1])
        == tuple(sorted(legs, key=lambda leg: leg.address))[: len(that_ring(legs))]
    )


def test_nothing_rings_where_there_is_no_room() -> None:
    assert that_ring([Leg(LegKind.PHONE, "61001")], 10) == ()


def test_the_policy_check_tells_a_group_that_cannot_ring_whole() -> None:
    members = [*twins(120), extension(200)]
    rows = {"extensions": members, "units": [UNIT]}
    large = sound(**rows, ring_groups=[group(1, *(row.id for row in members), 777, name="Krisgruppen")])
    assert names(large, "ring_group_too_large") == ["Krisgruppen"]
    [told] = values(large, "ring_group_too_large")
    assert (told["phones"], int(told["ringing"]) < 241) == ("241", True)
    assert found(sound(**rows, ring_groups=[group(1, *range(1, 71))]), "ring_group_too_large") == []
