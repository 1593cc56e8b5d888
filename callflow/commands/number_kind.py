"""What kind of number a number is, whether somebody may call it, and what opens it (R18)."""

import typer

from callflow.commands.rights import Rights, in_words, name_of, reasons_of, say, what_opens
from callflow.commands.shared import BadNumberError, require_diallable
from callflow.policy.barrings import Category
from callflow.policy.model import Extension, Policy, Target, TargetKind
from callflow.policy.numbers import NotOurs, leads_to
from callflow.policy.outgoing import Mover, may_call, may_divert
from callflow.service.clock import now


def tell_number(rights: Rights, mover: Mover | None, dialled: str) -> None:
    """Write what a number is and whether `mover`, None for anybody, may call it; raise `BadNumberError` for none."""
    policy = rights.policy
    match leads_to(require_diallable(dialled), policy):
        case NotOurs.UNREADABLE, _:
            raise BadNumberError(say("unreadable", number=dialled))
        case NotOurs.EMERGENCY, number:
            typer.echo(say("is_emergency", number=number))
        case Target() as target, number:
            typer.echo(say("is_ours", number=number, name=_name(policy, target)))
        case NotOurs.UNUSED, number:
            typer.echo(say("is_unused", number=number))
        case _, number:
            _tell_outside(rights, mover, number)


def _tell_outside(rights: Rights, mover: Mover | None, number: str) -> None:
    instant = now()
    called = may_call(rights.policy, mover, number, instant)
    typer.echo(say("is", number=number, categories=", ".join(map(in_words, called.categories))))
    if mover is None:
        typer.echo(say("may_default" if called.allowed else "may_not_default"))
        _why(rights, None, called.barred)
        return
    who = name_of(mover, rights.policy)
    if isinstance(mover, Extension) and mover.locked:
        typer.echo(say("locked", who=who))
        return
    typer.echo(say("may" if called.allowed else "may_not", who=who))
    _why(rights, mover, called.barred)
    diverted = may_divert(rights.policy, mover, number, instant)
    if called.allowed and not diverted.allowed:
        typer.echo(say("may_not_divert", who=who))
        _why(rights, mover, diverted.barred)


def _why(rights: Rights, mover: Mover | None, barred: tuple[Category, ...]) -> None:
    for category in barred:
        reasons = "; ".join(reasons_of(rights, mover, category)) if mover is not None else say("by_default")
        typer.echo(f"  {say('barred', category=in_words(category))} {reasons}")
        typer.echo("  " + what_opens(rights.policy, mover, category).replace("\n", "\n  "))


def _name(policy: Policy, target: Target) -> str:
    row_id = target.id or 0
    if target.kind is TargetKind.EXTENSION:
        return name_of(policy.extensions[row_id], policy)
    return name_of(policy.units[row_id] if target.kind is TargetKind.UNIT else policy.organisations[row_id], policy)
