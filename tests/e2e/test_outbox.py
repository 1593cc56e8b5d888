"""Orders about a phone locked from another: sent to a receiver that fails at first, and by a file (R18, R21)."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from callflow.embedded.home import environment_of
from tests.e2e.helpers import callflow, connected, eventually
from tests.e2e.test_feature_codes import dial
from tests.e2e.test_lost_phone import MOBILE, OTHER, PIN, TWIN, TWIN_NUMBER, is_locked
from tests.e2e.town import Town
from tests.fakes.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
RECIPIENT = "INSERT INTO outbox_recipient (name, webhook_url, secret) VALUES ('Mobiloperatören', $1, $2)"
ORDERS = """
    SELECT kind, key::text, state, receipt, reason, attempts, delivered_at IS NOT NULL AS is_delivered
    FROM outbox_order ORDER BY id
"""
KINDS = ["lock_subscription", "theft_report"]
LINE = re.compile(r" +\d+  \d{4}-\d\d-\d\d \d\d:\d\d  (.*?): (.*)")
ABOUT = [f"{kind}, 090161101, 0701740610" for kind in ("spärra abonnemanget", "stöldanmälan")]
UNSET = "väntar: ingen mottagare är satt (outbox_recipient), callflow outbox --csv lämnar över den"


@pytest.fixture(autouse=True)
async def nothing_ordered(town: Town) -> None:
    """Wrong PINs and orders of other tests are no policy, and stand in no audit by which they would be undone."""
    async with connected(town.database_url) as connection:
        await connection.execute("DELETE FROM lock_attempt; DELETE FROM outbox_order")


async def is_locked_by_code(town: Town) -> None:
    """Lock the twin phone from another phone."""
    pin = await town.value(PIN, TWIN)
    await dial(town, await town.phone(OTHER), f"*29*{TWIN}*{pin}#", "phone-is-locked-now")
    assert await is_locked(town, TWIN)


async def orders(town: Town) -> list[dict[str, Any]]:
    async with connected(town.database_url) as connection:
        return [dict(row) for row in await connection.fetch(ORDERS)]


async def outbox(town: Town, *arguments: str) -> str:
    """Return what `callflow outbox` tells."""
    code, told = await callflow(environment_of(town.region.settings), "outbox", *arguments)
    assert code == 0, told
    return told


async def fates(town: Town) -> list[str]:
    """Return what `callflow outbox` tells of each order, once it is seen to be about the twin phone."""
    lines = [LINE.fullmatch(line) for line in (await outbox(town)).splitlines()]
    assert [line and line[1] for line in lines] == ABOUT
    return [line[2] for line in lines if line]


async def health_is(town: Town, *, ok: bool, waiting: int) -> dict[str, Any]:
    """Wait until the service says so of its outbox; return all that it says of it."""

    async def is_so() -> bool:
        facts = (await town.health())["outbox"]
        return bool((facts["ok"], facts["waiting"]) == (ok, waiting))

    await eventually(is_so, 20, f"the outbox never was ok={ok} with {waiting} orders")
    return dict((await town.health())["outbox"])


async def test_receiver_that_fails_at_first_gets_both_orders_under_the_keys_of_the_first_try(town: Town) -> None:
    async with Receiver(SECRET, status=500, body="Fel i tjänsten").running() as receiver:
        await town.sql(RECIPIENT, receiver.url, SECRET)
        await is_locked_by_code(town)
        await eventually(lambda: both_are_tried(town), 20, "the orders were never tried")
        facts = await health_is(town, ok=False, waiting=2)
        assert (facts["error"], facts["refused"]) == ("500 Fel i tjänsten", 0)
        for fate in await fates(town):
            assert re.fullmatch(r"väntar på Mobiloperatören, \d försök, nästa 20.*: 500 Fel i tjänsten", fate)
        first_tries = receiver.taken[:2]
        receiver.status, receiver.body = 200, "Ärende 4711"
        await health_is(town, ok=True, waiting=0)
    assert [body["type"] for _, body in first_tries] == KINDS
    for _, body in receiver.taken:
        data = body["data"]
        assert (data["extension_number"], data["mobile_number"]) == (TWIN_NUMBER, MOBILE)
        assert data["ordered_by"] == f"phone:+46901{OTHER}"
    rows = await orders(town)
    assert [(row["kind"], row["key"]) for row in rows] == [(body["type"], key) for key, body in first_tries]
    assert Counter(key for key, _ in receiver.taken) == {row["key"]: row["attempts"] for row in rows}
    for row in rows:
        assert (row["state"], row["receipt"], row["reason"]) == ("delivered", "200 Ärende 4711", None)
        assert row["is_delivered"]
        assert row["attempts"] > 1
    assert receiver.forged == 0
    for fate in await fates(town):
        assert re.fullmatch(r"levererad 20\S+ \S+ till Mobiloperatören, som svarade ”200 Ärende 4711”", fate)


async def both_are_tried(town: Town) -> bool:
    return [row["attempts"] > 0 for row in await orders(town)] == [True, True]


async def test_orders_are_handed_over_by_a_file_where_no_receiver_is_set(town: Town, tmp_path: Path) -> None:
    await is_locked_by_code(town)
    await health_is(town, ok=True, waiting=2)
    assert await fates(town) == [UNSET, UNSET]
    path = tmp_path / "beställningar.csv"
    assert "2 beställningar är överlämnade" in await outbox(town, "--csv", str(path))
    written = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    rows = await orders(town)
    assert [(row["kind"], row["state"], row["attempts"]) for row in rows] == [
        (kind, "handed_over", 0) for kind in KINDS
    ]
    assert [row["Nyckel"] for row in written] == [row["key"] for row in rows]
    assert [row["Beställning"] for row in written] == ["spärra abonnemanget", "stöldanmälan"]
    for row in written:
        assert (row["Mobil"], row["Innehavare"]) == (f"'{MOBILE}", "Erik Johansson")
        assert row["Av"] == f"phone:+46901{OTHER}"
    await health_is(town, ok=True, waiting=0)
    assert all(fate.startswith("överlämnad i fil 20") for fate in await fates(town))
    assert "Inget att lämna över" in await outbox(town, "--csv", str(tmp_path / "igen.csv"))
