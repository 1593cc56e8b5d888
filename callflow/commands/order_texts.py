"""Orders to others in words, as `callflow outbox` and `callflow lost` show them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from callflow.commands.shared import in_language
from callflow.policy.model import DEFAULT_TIME_ZONE
from callflow.policy.numbers import national
from callflow.storage.outbox_orders import OrderRow

_TEXTS = {
    "sv": {
        "lock_subscription": "spärra abonnemanget",
        "unlock_subscription": "öppna abonnemanget",
        "theft_report": "stöldanmälan",
        "line": "{id:>5}  {at}  {kind}, {about}: {fate}",
        "delivered": "levererad {when} till {recipient}{receipt}",
        "receipt": ", som svarade ”{receipt}”",
        "handed_over": "överlämnad i fil {when}",
        "refused": "nekad av {recipient}: {reason}",
        "waiting": "väntar på {recipient}",
        "no_recipient": "väntar: ingen mottagare är satt (outbox_recipient), callflow outbox --csv lämnar över den",
        "tried": "väntar på {recipient}, {attempts} försök, nästa {next}: {reason}",
        "nobody": "mottagaren",
    },
    "en": {
        "lock_subscription": "lock the subscription",
        "unlock_subscription": "unlock the subscription",
        "theft_report": "theft report",
        "line": "{id:>5}  {at}  {kind}, {about}: {fate}",
        "delivered": "delivered {when} to {recipient}{receipt}",
        "receipt": ", which answered “{receipt}”",
        "handed_over": "handed over in a file {when}",
        "refused": "refused by {recipient}: {reason}",
        "waiting": "waits for {recipient}",
        "no_recipient": "waits: no receiver is set (outbox_recipient), callflow outbox --csv hands it over",
        "tried": "waits for {recipient}, {attempts} tries, the next {next}: {reason}",
        "nobody": "the receiver",
    },
}


def order_line(row: OrderRow) -> str:
    """Return an order in one line: what it is about, its state and why."""
    words = in_language(_TEXTS)
    numbers = [row.data[name] for name in ("extension_number", "mobile_number") if row.data.get(name)]
    return words["line"].format(
        id=row.id,
        at=shown(row.created_at),
        kind=words[row.kind],
        about=", ".join(map(national, numbers)),
        fate=_fate(row),
    )


def kind_text(kind: str) -> str:
    """Return what a kind of order is called."""
    return in_language(_TEXTS)[kind]


def shown(instant: datetime) -> str:
    """Return a time as people read it here."""
    return f"{instant.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)):%Y-%m-%d %H:%M}"


def _fate(row: OrderRow) -> str:
    words = in_language(_TEXTS)
    word = row.state
    if word == "waiting" and row.recipient is None:
        word = "no_recipient"
    elif word == "waiting" and row.reason is not None:
        word = "tried"
    return words[word].format(
        recipient=row.recipient or words["nobody"],
        when=shown(row.delivered_at) if row.delivered_at is not None else "–",
        next=shown(row.next_attempt_at),
        attempts=row.attempts,
        reason=row.reason,
        receipt=words["receipt"].format(receipt=row.receipt) if row.receipt else "",
    )
