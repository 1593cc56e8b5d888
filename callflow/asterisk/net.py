"""What Asterisk does by itself with each number while no service answers: the net under it all.

A number's arguments are those of `callflow-net-run` (dialplan/fallback.conf), as Gosub takes them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from callflow.asterisk.conf_text import asterisk_language, seconds
from callflow.asterisk.dial_strings import dial_strings, progress_seconds
from callflow.asterisk.plan_variables import voicemail_box
from callflow.policy.model import (
    MOST_RINGS,
    Extension,
    ExtensionKind,
    Mailbox,
    Organisation,
    Policy,
    Target,
    TargetKind,
    Unit,
)
from callflow.policy.numbering_plan import categories_of
from callflow.policy.numbers import range_of
from callflow.policy.outgoing import barred_for
from callflow.policy.plan import Leg, LegKind
from callflow.policy.together import MOST_LETTERS, that_ring

MOST_LETTERS_OF_OPERATORS = MOST_LETTERS // 2
"""Their legs stand behind a number's own, and Asterisk reads both in one piece."""


def net_arguments(target: Target, operators: Mapping[int, str], policy: Policy) -> str | None:
    """Return what is done with the number of a unit or a switchboard, None for nothing.

    `operators` is what `operator_calls` returns. Raises `ConfigurationError` for an odd value.
    """
    match _owner(target, policy):
        case Unit() as unit:
            organisation = policy.organisations[unit.organisation_id]
            legs, last = list(_first_place(unit, policy)), operators[organisation.id]
            mailbox_id = None if organisation.operator_group_id is not None else unit.mailbox_id
        case Organisation() as organisation:
            legs, mailbox_id = list(_operators(organisation, policy)), organisation.mailbox_id
            last = _call(organisation, [], MOST_LETTERS_OF_OPERATORS)
        case _:
            return None
    mailbox = policy.mailboxes.get(mailbox_id) if mailbox_id is not None else None
    return _arguments(organisation, legs, mailbox, last)


def extension_arguments(
    extension: Extension, mailbox: Mailbox | None, organisation: Organisation, operators: str
) -> str:
    """Return what is done with an extension's number; raise `ConfigurationError` for an odd value."""
    return _arguments(organisation, list(_extension_legs(extension)), mailbox, operators)


def operator_calls(policy: Policy) -> dict[int, str]:
    """Return how each organisation's operators are called, legs and time; raise `ConfigurationError`."""
    return {
        row.id: _call(row, list(_operators(row, policy)), MOST_LETTERS_OF_OPERATORS)
        for row in policy.organisations.values()
    }


def short_numbers(policy: Policy) -> dict[str, str]:
    """Return the short number of each number of ours that has one.

    Where two have the same, `callflow.policy.numbers.normalise` decides whose it is: the shorter prefix, then the
    lower number.
    """
    owners: dict[str, tuple[int, int, str]] = {}
    for number in policy.numbers:
        numbers = range_of(number, policy)
        if numbers is not None:
            short = f"{numbers.short_prefix}{number[-numbers.short_digits :]}"
            owner = (len(numbers.short_prefix), len(number), number)
            owners[short] = min(owners.get(short, owner), owner)
    return {number: short for short, (_, _, number) in owners.items()}


def _owner(target: Target, policy: Policy) -> Unit | Organisation | None:
    if target.id is None:
        return None
    match target.kind:
        case TargetKind.UNIT:
            return policy.units.get(target.id)
        case TargetKind.SWITCHBOARD:
            return policy.organisations.get(target.id)
        case _:
            return None


def _arguments(organisation: Organisation, legs: list[Leg], mailbox: Mailbox | None, last: str) -> str:
    box = voicemail_box(mailbox.number) if mailbox else ""
    own = _call(organisation, legs, MOST_LETTERS - len(last))
    return f"{own},{box},{last},{asterisk_language(organisation.language)}"


def _call(organisation: Organisation, legs: list[Leg], letters: int) -> str:
    """Return legs and time: four rings (R8) from the Dial, with no more for a mobile since nobody sees it ring.

    No more legs than have room in so many letters.
    """
    ringing, ring_ms = that_ring(legs, letters), organisation.ring_tone_ms + organisation.ring_pause_ms
    return f"{dial_strings(ringing)},{seconds(MOST_RINGS * ring_ms)}^{progress_seconds(ringing)}"


def _extension_legs(extension: Extension) -> Iterator[Leg]:
    """Yield what rings: nothing for a phone reported lost (R21)."""
    if extension.locked:
        return
    if extension.sip_username is not None:
        yield Leg(LegKind.PHONE, extension.sip_username)
    if extension.mobile_number is not None:
        yield Leg(LegKind.TRUNK, extension.mobile_number, confirm=extension.mobile_confirms)


def as_the_net_rings_it(extension: Extension, policy: Policy) -> Extension:
    """Return an extension without its mobile where that does not ring along, or is barred (R18).

    In the net no exemption opens anything.
    """
    number = extension.mobile_number
    if number is None:
        return extension
    rings = extension.kind is not ExtensionKind.DESK
    if rings and barred_for(policy, extension).isdisjoint(categories_of(number, policy.classes)):
        return extension
    return replace(extension, mobile_number=None)


def _members(group_id: int | None, policy: Policy) -> Iterator[Leg]:
    group = policy.ring_groups.get(group_id) if group_id is not None else None
    for extension_id in group.member_extension_ids if group else ():
        if extension_id in policy.extensions:
            yield from _extension_legs(as_the_net_rings_it(policy.extensions[extension_id], policy))


def _operators(organisation: Organisation, policy: Policy) -> Iterator[Leg]:
    return _members(organisation.operator_group_id, policy)


def _first_place(unit: Unit, policy: Policy) -> Iterable[Leg]:
    """Return what rings at the first answering place that has phones of ours."""
    for place in sorted(unit.answering_places, key=lambda place: place.position):
        match place.target:
            case Target(kind=TargetKind.EXTENSION, id=int(extension_id)) if extension_id in policy.extensions:
                legs = list(_extension_legs(as_the_net_rings_it(policy.extensions[extension_id], policy)))
            case Target(kind=TargetKind.RING_GROUP, id=group_id):
                legs = list(_members(group_id, policy))
            case _:
                legs = []
        if legs:
            return legs
    return ()
