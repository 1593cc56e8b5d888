"""`callflow messages` on the sample region (R11)."""

from datetime import timedelta

from callflow.storage.connection import connected
from tests.command_line import CommandLine

ANNA, WITHOUT = "61100", "61103"
PUT = """
    INSERT INTO voicemail_message
        (mailbox_id, spool, key, caller_number, left_at, seconds, urgent, state, ended_by, owner_reminded_at)
    SELECT id, 's', clock_timestamp()::text, $2, clock_timestamp() - $3::interval, 34, $4, $5, $6,
        '2026-11-26 17:00Z'::timestamptz
    FROM mailbox WHERE number = $1 RETURNING id
"""


async def put(url: str, age: timedelta, mailbox: str = ANNA, caller: str | None = "+46701740605", **told: str) -> int:
    """Store a message and return its number."""
    state = told.get("state", "unheard")
    async with connected(url) as connection:
        values = (mailbox, caller, age, "urgent" in told, state, told.get("by"))
        return int(await connection.fetchval(PUT, *values))


def said(told: str) -> list[str]:
    """Return the lines that a command prints, without the number and the time."""
    return [line.split("  ", 2)[-1].split("  ")[-1] for line in told.splitlines()]


async def test_messages_that_wait_are_shown_oldest_first(callflow: CommandLine, sample_database_url: str) -> None:
    assert callflow.shows("messages") == "Inga röstmeddelanden väntar på svar.\n"
    reminded = "; den som har brevlådan påmind 2026-11-26 18:00"
    await put(sample_database_url, timedelta(minutes=12, seconds=1), caller=None, urgent="yes")
    await put(sample_database_url, timedelta(hours=3, minutes=5), state="heard")
    await put(sample_database_url, timedelta(days=2, hours=4, minutes=1), mailbox="61101")
    assert said(callflow.shows("messages")) == [
        f"Erik Johansson (61101): från 0701740605, 34 s, inte avlyssnat, väntar sedan 2 dygn 4 tim{reminded}",
        f"Anna Lindgren (61100): från 0701740605, 34 s, avlyssnat, väntar på svar sedan 3 tim 5 min{reminded}",
        f"Anna Lindgren (61100): brådskande från dolt nummer, 34 s, inte avlyssnat, väntar sedan 12 min{reminded}",
    ]
    assert said(callflow.shows("messages", "090-16 11 01")) == said(callflow.shows("messages", "61101"))
    assert len(said(callflow.shows("messages", ANNA))) == 2


async def test_message_is_closed_by_hand_and_still_shown_with_all(
    callflow: CommandLine, sample_database_url: str
) -> None:
    message = await put(sample_database_url, timedelta(minutes=1))
    await put(sample_database_url, timedelta(minutes=2), state="answered", by="phone:+4690161100")
    assert callflow.shows("messages", "--close", str(message)).startswith(f"Röstmeddelande {message} är stängt.")
    assert callflow.shows("messages") == "Inga röstmeddelanden väntar på svar.\n"
    answered, closed = said(callflow.shows("messages", "--all"))
    assert ", 34 s, besvarat 20" in answered
    assert " av phone:+4690161100;" in answered
    assert ", 34 s, stängt 20" in closed
    assert " av cli:" in closed
    assert callflow.shows("messages", "--reopen", str(message)) == f"Röstmeddelande {message} väntar på svar igen.\n"
    [again] = said(callflow.shows("messages"))
    assert ", 34 s, inte avlyssnat, väntar sedan 1 min" in again


async def test_what_cannot_be_is_refused(callflow: CommandLine, sample_database_url: str) -> None:
    message = await put(sample_database_url, timedelta(minutes=1), state="closed")
    assert f"Inget röstmeddelande {message} väntar" in callflow.refuses("messages", "--close", str(message))
    assert "Inget röstmeddelande 404 väntar" in callflow.refuses("messages", "--close", "404")
    assert "Inget röstmeddelande 404 är" in callflow.refuses("messages", "--reopen", "404")
    assert "är ingen anknytning" in callflow.refuses("messages", "99999")
    assert f"{WITHOUT} har ingen röstbrevlåda" in callflow.refuses("messages", WITHOUT)
    assert "inte flera" in callflow.refuses("messages", ANNA, "--close", "1", code=2)


async def test_words_are_english_where_that_is_set(callflow: CommandLine, sample_database_url: str) -> None:
    callflow.environment["CALLFLOW_LANGUAGE"] = "en"
    assert callflow.shows("messages", "--all") == "No voice messages.\n"
    await put(sample_database_url, timedelta(hours=1, minutes=2))
    [line] = said(callflow.shows("messages"))
    assert line.startswith("Anna Lindgren (61100): from 0701740605, 34 s, not heard, has waited 1 h 2 min; whose")
