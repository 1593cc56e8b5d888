"""The legs of a dial as Asterisk's Dial takes them."""

from collections.abc import Iterable

from callflow.asterisk.conf_text import account_name, telephone_number
from callflow.policy.plan import Leg, LegKind

PHONE_PROGRESS_S = 5
"""A phone that has not rung after this many seconds is registered and dead; what rings with it goes on."""

TRUNK_PROGRESS_S = 10
"""A mobile network may need this many seconds before the first ringing."""


def dial_string(leg: Leg) -> str:
    """Return one leg; raise `ConfigurationError` when its address could be more than an address.

    A leg that must confirm goes through a Local channel (`callflow-confirm` in dialplan/interpreter.conf), so that
    the other legs ring on until the digit was pressed.
    """
    if leg.kind is LegKind.PHONE:
        return f"PJSIP/{account_name(leg.address)}"
    number = telephone_number(leg.address)
    return f"Local/{number}@callflow-confirm/n" if leg.confirm else f"PJSIP/{number}@trunk"


def dial_strings(legs: Iterable[Leg]) -> str:
    """Return all `legs`, which ring together, each once."""
    return "&".join(dict.fromkeys(dial_string(leg) for leg in legs))


def progress_seconds(legs: Iterable[Leg]) -> int:
    """Return how many seconds may pass without any ringing before `legs` count as unreachable."""
    return TRUNK_PROGRESS_S if any(leg.kind is LegKind.TRUNK for leg in legs) else PHONE_PROGRESS_S
