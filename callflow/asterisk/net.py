"""`generated/net.conf`: what Asterisk does by itself while no service answers (the net under it all)."""

from collections.abc import Iterable, Iterator

from callflow.asterisk.conf_text import asterisk_language, seconds, telephone_number
from callflow.asterisk.dial_strings import dial_strings, progress_seconds
from callflow.asterisk.plan_variables import voicemail_box
from callflow.policy.model import MOST_RINGS, Extension, NumberRange, Organisation, Policy, Target, TargetKind, Unit
from callflow.policy.plan import Leg, LegKind

HEADER = "[callflow-net-numbers]\n"


def render_number(number: str, target: Target, policy: Policy) -> str:
    """Return the line of one number of ours; raise `ConfigurationError` when a value cannot stand there."""
    owner = _owner(target, policy)
    match owner:
        case Extension():
            organisation = policy.organisations[owner.organisation_id]
            legs = list(_extension_legs(owner))
            mailbox_id = owner.mailbox_id
        case Unit():
            organisation = policy.organisations[owner.organisation_id]
            legs = list(_first_place(owner, policy))
            mailbox_id = None if organisation.operator_group_id is not None else owner.mailbox_id
        case Organisation():
            return _line(number, owner, list(_operators(owner, policy)), owner.mailbox_id, [], policy)
        case None:
            return ""
    return _line(number, organisation, legs, mailbox_id, list(_operators(organisation, policy)), policy)


def render_range(numbers: NumberRange) -> str:
    """Return the line that makes short numbers of a range whole."""
    stem = telephone_number(numbers.first_number[: -numbers.short_digits])
    pattern = f"_{telephone_number(numbers.short_prefix)}{'X' * numbers.short_digits}"
    return f"exten => {pattern},1,Goto(callflow-net,{stem}${{EXTEN:-{numbers.short_digits}}},1)\n"


def _owner(target: Target, policy: Policy) -> Extension | Unit | Organisation | None:
    if target.id is None:
        return None
    match target.kind:
        case TargetKind.EXTENSION:
            return policy.extensions.get(target.id)
        case TargetKind.UNIT:
            return policy.units.get(target.id)
        case TargetKind.SWITCHBOARD:
            return policy.organisations.get(target.id)
        case _:
            return None


def _line(  # noqa: PLR0913, PLR0917 - the arguments of callflow-net-run
    number: str,
    organisation: Organisation,
    legs: list[Leg],
    mailbox_id: int | None,
    operators: list[Leg],
    policy: Policy,
) -> str:
    mailbox = policy.mailboxes.get(mailbox_id) if mailbox_id is not None else None
    arguments = (
        dial_strings(legs),
        _time(organisation, legs),
        voicemail_box(mailbox.number) if mailbox else "",
        dial_strings(operators),
        _time(organisation, operators),
        asterisk_language(organisation.language),
    )
    return f"exten => {telephone_number(number)},1,Gosub(callflow-net-run,ring,1({','.join(arguments)}))\n"


def _time(organisation: Organisation, legs: list[Leg]) -> str:
    """Return four rings (R8) from the Dial: nobody watches for the first ringing, so no mobile gets more time."""
    ring_ms = organisation.ring_tone_ms + organisation.ring_pause_ms
    return f"{seconds(MOST_RINGS * ring_ms)}^{progress_seconds(legs)}"


def _extension_legs(extension: Extension) -> Iterator[Leg]:
    """Yield what rings: nothing for a phone reported lost (R21)."""
    if extension.locked:
        return
    if extension.sip_username is not None:
        yield Leg(LegKind.PHONE, extension.sip_username)
    if extension.mobile_number is not None:
        yield Leg(LegKind.TRUNK, extension.mobile_number, confirm=extension.mobile_confirms)


def _members(group_id: int | None, policy: Policy) -> Iterator[Leg]:
    group = policy.ring_groups.get(group_id) if group_id is not None else None
    for extension_id in group.member_extension_ids if group else ():
        if extension_id in policy.extensions:
            yield from _extension_legs(policy.extensions[extension_id])


def _operators(organisation: Organisation, policy: Policy) -> Iterator[Leg]:
    return _members(organisation.operator_group_id, policy)


def _first_place(unit: Unit, policy: Policy) -> Iterable[Leg]:
    """Return what rings at the first answering place that has phones of ours."""
    for place in sorted(unit.answering_places, key=lambda place: place.position):
        match place.target:
            case Target(kind=TargetKind.EXTENSION, id=int(extension_id)) if extension_id in policy.extensions:
                legs = list(_extension_legs(policy.extensions[extension_id]))
            case Target(kind=TargetKind.RING_GROUP, id=group_id):
                legs = list(_members(group_id, policy))
            case _:
                legs = []
        if legs:
            return legs
    return ()
