"""What the commands about calls out share: kinds of numbers in words, why they are barred, and what opens them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from callflow.commands.rights_texts import TEXTS
from callflow.commands.shared import database_url, in_language
from callflow.errors import CallflowError
from callflow.policy.barrings import BARRED_BY_DEFAULT, NEVER_OPENED, Barring, Category, Exemption
from callflow.policy.extensions import extension_name
from callflow.policy.model import Extension, Organisation, Person, Policy, Unit
from callflow.policy.numbers import national
from callflow.policy.outgoing import Mover, nearest_manager, scopes_of
from callflow.policy.schedule import zone_of
from callflow.policy.texts import WORDS
from callflow.storage.connection import FAILED, connected, unavailable
from callflow.storage.snapshot import read_all


class UnknownCategoryError(CallflowError):
    """A word that is no kind of number."""

    code = "unknown_category"


@dataclass(frozen=True, slots=True)
class Rights:
    """The policy, and by id the reasons of its barrings and exemptions, which no decision depends on."""

    policy: Policy
    barring_reasons: Mapping[int, str]
    exemption_reasons: Mapping[int, str]


async def read_rights() -> Rights:
    """Return what the database has at one moment; raise `DatabaseUnavailableError` if it cannot be read."""
    try:
        async with (
            connected(database_url()) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            policy = (await read_all(connection)).policy
            barrings = await connection.fetch("SELECT id, reason FROM barring")
            exemptions = await connection.fetch("SELECT id, reason FROM exemption")
    except FAILED as error:
        raise unavailable(error) from error
    return Rights(
        policy, {row["id"]: row["reason"] for row in barrings}, {row["id"]: row["reason"] for row in exemptions}
    )


def say(word: str, **values: object) -> str:
    """Return a text of `rights_texts` in the language that is set."""
    return in_language(TEXTS)[word].format_map(values)


def read_category(text: str) -> Category:
    """Return the kind that a word means, the database's or people's word; raise `UnknownCategoryError`."""
    wanted = text.strip().casefold()
    for category in Category:
        if wanted in {category.value, *(word.casefold() for word in WORDS[category])}:
            return category
    raise UnknownCategoryError(say("unknown_category", text=text, categories=", ".join(map(in_words, Category))))


def in_words(category: Category) -> str:
    """Return a kind of number for people, with the word that the database and the commands have for it."""
    swedish, english = WORDS[category]
    return f"{in_language({'sv': swedish, 'en': english})} ({category.value})"


def name_of(row: Mover | Person, policy: Policy) -> str:
    """Return how people know an extension, a unit, an organisation or a person."""
    if isinstance(row, Unit | Organisation):
        return row.name
    if isinstance(row, Person):
        return row.full_name
    return f"{national(row.number)} {extension_name(policy, row) or ''}".strip()


def where_of(barring: Barring, policy: Policy) -> str:
    """Return whom a row bars."""
    if barring.extension_id is not None:
        return say("where_extension", name=name_of(policy.extensions[barring.extension_id], policy))
    if barring.unit_id is not None:
        return say("where_unit", name=policy.units[barring.unit_id].name)
    return say("where_organisation", name=policy.organisations[barring.organisation_id or 0].name)


def reasons_of(rights: Rights, mover: Mover | None, category: Category) -> list[str]:
    """Return why a category is barred for a mover, nearest row first; for nobody in particular, by every row."""
    found = [say("by_default")] if category in BARRED_BY_DEFAULT else []
    return found + [
        say("by_row", where=where_of(row, rights.policy), reason=rights.barring_reasons[row.id])
        for row in rows_of(rights.policy, mover)
        if row.category is category
    ]


def rows_of(policy: Policy, mover: Mover | None) -> list[Barring]:
    """Return the rows that bar anything for a mover, nearest first; for nobody in particular every row."""
    rows = [policy.barrings[row_id] for row_id in sorted(policy.barrings)]
    if mover is None:
        return rows
    scopes = scopes_of(policy, mover)
    return sorted((row for row in rows if row.scope in scopes), key=lambda row: scopes.index(row.scope))


def what_opens(policy: Policy, mover: Mover | None, category: Category) -> str:
    """Return what opens a category that is barred."""
    if category in NEVER_OPENED:
        return say("never_opened")
    extension = mover if isinstance(mover, Extension) else None
    manager = nearest_manager(policy, extension) if extension is not None else None
    if extension is not None and manager is None:
        return say("no_manager", number=national(extension.number))
    return say(
        "opens",
        manager=f" ({manager.full_name})" if manager is not None else "",
        number=national(extension.number) if extension is not None else say("number_option"),
        category=category.value,
    )


def exemption_line(rights: Rights, row: Exemption, now: datetime) -> str:
    """Return an exemption in words: whether it counts at `now`, of what, when, by whom and why."""
    policy = rights.policy
    approver = policy.people.get(row.approver_id)
    state = "to_come" if now < row.starts_at else "in_force" if now < row.ends_at else "over"
    return say(
        "exemption",
        state=say(state),
        category=in_words(row.category),
        time=_time(row, zone_of(policy, policy.extensions[row.extension_id].organisation_id)),
        approver=approver.full_name if approver is not None else row.approver_id,
        reason=rights.exemption_reasons[row.id],
    )


def in_force(rows: Iterable[Exemption], now: datetime) -> list[Exemption]:
    """Return the exemptions that count at `now`."""
    return [row for row in rows if row.in_force(now)]


def _time(row: Exemption, local: tzinfo) -> str:
    starts, ends = row.starts_at.astimezone(local), row.ends_at.astimezone(local)
    if ends.time() == ends.min.time():
        return say("from_through", starts=_moment(starts), ends=(ends - timedelta(days=1)).date().isoformat())
    return say("from_to", starts=_moment(starts), ends=_moment(ends))


def _moment(local: datetime) -> str:
    whole_day = local.time() == local.min.time()
    return local.date().isoformat() if whole_day else f"{local:%Y-%m-%d %H:%M}"
