"""`callflow lost` and `callflow outbox` on the sample region (R21)."""

import csv
import re
from pathlib import Path

from callflow.commands.outbox import as_csv
from callflow.storage.connection import connected
from callflow.storage.outbox_orders import read_orders
from tests.command_line import CommandLine

ERIK = "61101"
LINE = re.compile(r" +\d+  \d{4}-\d\d-\d\d \d\d:\d\d  (.*)")


def lines(told: str) -> list[str]:
    """Return the orders in what a command prints, without their numbers and times."""
    return [found[1] for line in told.splitlines() if (found := LINE.fullmatch(line))]


def test_lost_phone_is_locked_shown_and_unlocked(callflow: CommandLine) -> None:
    assert callflow.shows("lost") == "Ingen telefon är spärrad som förlorad.\n"
    told = callflow.shows("lost", ERIK)
    assert told.startswith("090161101 Erik Johansson är spärrad sedan 20")
    assert " av cli:" in told.splitlines()[0]
    waits = "väntar: ingen mottagare är satt (outbox_recipient), callflow outbox --csv lämnar över den"
    assert lines(told) == [
        f"spärra abonnemanget, 090161101, 0701740610: {waits}",
        f"stöldanmälan, 090161101, 0701740610: {waits}",
    ]
    assert callflow.shows("lost") == told
    assert len(lines(callflow.shows("lost", ERIK))) == 2
    found = callflow.shows("lost", ERIK, "--found")
    assert found.startswith("090161101 Erik Johansson är inte spärrad sedan 20")
    assert lines(found)[2] == f"öppna abonnemanget, 090161101, 0701740610: {waits}"
    assert lines(callflow.shows("outbox")) == lines(found)


async def test_audit_names_who_unlocked(callflow: CommandLine, sample_database_url: str) -> None:
    callflow.shows("lost", ERIK)
    callflow.shows("lost", ERIK, "--found")
    async with connected(sample_database_url) as connection:
        actor, locked = await connection.fetchrow(
            "SELECT actor, new ->> 'locked' FROM audit ORDER BY id DESC LIMIT 1"
        )
    assert actor.startswith("cli:")
    assert locked == "false"


async def test_wrong_pins_are_shown(callflow: CommandLine, sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute("SELECT policy_lock_lost(id, '0') FROM extension WHERE sip_username = $1", ERIK)
    assert "Fel pinkod vid spärr från telefon den senaste timmen: 1 gånger." in callflow.shows("lost", ERIK)


def test_what_cannot_be_is_refused(callflow: CommandLine) -> None:
    assert "är ingen anknytning" in callflow.refuses("lost", "99999")
    assert "vilken anknytning" in callflow.refuses("lost", "--found", code=2)
    assert "ingen beställning 404" in callflow.refuses("outbox", "--again", "404")
    assert "inte båda" in callflow.refuses("outbox", "--again", "1", "--csv", "x.csv", code=2)
    assert callflow.shows("outbox") == "Inga beställningar.\n"


def test_words_are_english_where_that_is_set(callflow: CommandLine) -> None:
    callflow.environment["CALLFLOW_LANGUAGE"] = "en"
    told = callflow.shows("lost", ERIK)
    assert "is locked since 20" in told
    assert lines(told)[1].startswith("theft report, 090161101, 0701740610: waits: no receiver is set")


async def test_state_of_each_order_is_told_with_why(callflow: CommandLine, sample_database_url: str) -> None:
    callflow.shows("lost", ERIK)
    callflow.shows("lost", ERIK, "--found")
    async with connected(sample_database_url) as connection:
        await connection.execute(
            "INSERT INTO outbox_recipient (name, webhook_url) VALUES ('Operatören', 'https://operator.example/')"
        )
        for order, change in enumerate(
            (
                "state = 'delivered', receipt = '200 Ärende 4711', delivered_at = '2026-11-24 09:00Z'",
                "state = 'refused', reason = '410 upphört'",
                "attempts = 3, reason = '500 ojdå', next_attempt_at = '2026-11-24 10:00Z'",
            ),
            start=1,
        ):
            await connection.execute(f"UPDATE outbox_order SET {change} WHERE id = {order}")
    fates = [line.partition(": ")[2] for line in lines(callflow.shows("outbox"))]
    assert fates == [
        "levererad 2026-11-24 10:00 till Operatören, som svarade ”200 Ärende 4711”",
        "nekad av Operatören: 410 upphört",
        "väntar på Operatören, 3 försök, nästa 2026-11-24 11:00: 500 ojdå",
    ]
    assert "skickas igen" in callflow.shows("outbox", "--again", "2")
    again = lines(callflow.shows("outbox"))[1]
    assert again.endswith("väntar på Operatören, 0 försök, nästa " + again.partition("nästa ")[2])


def test_lock_that_an_unlock_has_followed_is_not_sent_again(callflow: CommandLine) -> None:
    callflow.shows("lost", ERIK)
    callflow.shows("lost", ERIK, "--found")
    assert "har en senare om samma abonnemang gjort den gammal" in callflow.refuses("outbox", "--again", "1")
    assert "skickas igen" in callflow.shows("outbox", "--again", "3")


async def test_file_has_what_is_not_delivered_and_is_written_once(
    callflow: CommandLine, sample_database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "beställningar.csv"
    assert "Inget att lämna över" in callflow.shows("outbox", "--csv", str(path))
    assert not path.exists()
    callflow.shows("lost", ERIK)
    assert "2 beställningar är överlämnade" in callflow.shows("outbox", "--csv", str(path))
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert [row["Beställning"] for row in rows] == ["spärra abonnemanget", "stöldanmälan"]
    assert rows[0]["Mobil"] == "'+46701740610"
    assert rows[0]["Innehavare"] == "Erik Johansson"
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(" överlämnad i fil 20" in line for line in lines(callflow.shows("outbox")))
    assert "Inget att lämna över" in callflow.shows("outbox", "--csv", str(tmp_path / "b.csv"))
    callflow.shows("lost", ERIK, "--found")
    assert "finns redan" in callflow.refuses("outbox", "--csv", str(path))
    assert "ingenting är överlämnat" in callflow.refuses("outbox", "--csv", str(tmp_path / "nowhere" / "c.csv"))
    assert path.read_bytes() == data
    async with connected(sample_database_url) as connection:
        states = [row["state"] for row in await connection.fetch("SELECT state FROM outbox_order ORDER BY id")]
    assert states == ["handed_over", "handed_over", "waiting"]


async def test_no_cell_of_the_file_is_a_formula(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute(
            "UPDATE person SET given_name = '=HYPERLINK(1)' WHERE id = "
            "(SELECT person_id FROM extension WHERE sip_username = $1)",
            ERIK,
        )
        await connection.execute("UPDATE extension SET locked = true WHERE sip_username = $1", ERIK)
        rows = await read_orders(connection)
    cells = [cell for row in csv.reader(as_csv(rows).decode("utf-8-sig").splitlines(), delimiter=";") for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
