"""How many phones ring at once: Asterisk reads a dial of so many letters, and watches so many legs, and no more."""

from collections.abc import Collection

from callflow.policy.plan import Leg, LegKind

MOST_LETTERS = 3800
"""All legs of a dial together; Asterisk reads 4095 letters of a step and loses the rest, its time-out with it."""
FEWEST_LETTERS = 16
"""What each leg counts for at least: Dial has room for 255 to watch, and writes past its end with more."""

_AROUND = {LegKind.PHONE: 7, LegKind.TRUNK: 13}
_AROUND_CONFIRMING = 26
"""What stands around an address, as `callflow.asterisk.dial_strings` has it."""


def that_ring(legs: Collection[Leg], letters: int = MOST_LETTERS) -> tuple[Leg, ...]:
    """Return the legs that can ring together: phones of ours before numbers outside, each in order of address.

    A small group rings whole. Of a large one the mobiles are the first to be left out.
    """
    ringing = []
    for leg in sorted(legs, key=lambda leg: (leg.kind, leg.address, leg.confirm)):
        letters -= _letters(leg)
        if letters < 0:
            break
        ringing.append(leg)
    return tuple(ringing)


def _letters(leg: Leg) -> int:
    around = _AROUND_CONFIRMING if leg.confirm else _AROUND[leg.kind]
    return max(FEWEST_LETTERS, around + len(leg.address))
