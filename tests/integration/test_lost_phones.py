"""A lost phone in the database: its orders, made by whatever hand, and the count of wrong PINs (R21)."""

import asyncio
import json

import asyncpg
import pytest

from callflow.policy.decision import LockChange
from callflow.policy.plan import Hangup, Plan
from callflow.service.feature_changes import LockRefusedError
from callflow.storage.connection import Connection, connected
from callflow.storage.phone_changes import PostgresChanges
from callflow.storage.store import PostgresPolicyStore

DESK, TWIN, MOBILE = "+4690161100", "+4690161101", "+46701740610"
LOCK = "UPDATE extension SET locked = $2 WHERE number = $1"
SORRY = Plan(language="sv", steps=(Hangup(),))


async def kinds(connection: Connection) -> list[str]:
    return [row["kind"] for row in await connection.fetch("SELECT kind FROM outbox_order ORDER BY id")]


async def test_lock_by_sql_makes_its_orders_once_and_tells_what_they_are_about(
    sample_database_url: str,
) -> None:
    async with connected(sample_database_url) as connection:
        async with connection.transaction():
            await connection.execute("SELECT set_config('callflow.actor', 'åsa.öberg', true)")
            await connection.execute(LOCK, TWIN, True)
        await connection.execute(LOCK, TWIN, True)
        await connection.execute("UPDATE extension SET ring_limit = 2 WHERE number = $1", TWIN)
        assert await kinds(connection) == ["lock_subscription", "theft_report"]
        data = json.loads(await connection.fetchval("SELECT data FROM outbox_order ORDER BY id LIMIT 1"))
    assert data == {
        "organisation": "umea",
        "organisation_name": "Umeå kommun",
        "extension_number": TWIN,
        "mobile_number": MOBILE,
        "holder": "Erik Johansson",
        "ordered_by": "åsa.öberg",
    }


async def test_phone_without_a_mobile_has_only_its_theft_reported(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute(LOCK, DESK, True)
        await connection.execute(LOCK, DESK, False)
        assert await kinds(connection) == ["theft_report"]
        assert "mobile_number" not in await connection.fetchval("SELECT data FROM outbox_order")


async def test_phone_that_is_found_has_its_subscription_opened_again(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute(LOCK, TWIN, True)
        await connection.execute(LOCK, TWIN, False)
        assert await kinds(connection) == ["lock_subscription", "theft_report", "unlock_subscription"]


async def test_lock_that_is_taken_back_makes_no_order(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(LOCK, TWIN, True)
        assert len(await kinds(connection)) == 2
        await transaction.rollback()
        assert await kinds(connection) == []


async def test_many_locked_in_one_statement_make_orders_for_each(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        locked = await connection.fetch("UPDATE extension SET locked = true RETURNING mobile_number")
        mobiles = sum(row["mobile_number"] is not None for row in locked)
        assert len(await kinds(connection)) == len(locked) + mobiles


async def test_whoever_may_lock_makes_orders_without_rights_on_the_outbox(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute("CREATE ROLE guard")
        try:
            await connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guard")
            await connection.execute("GRANT UPDATE ON extension TO guard; SET ROLE guard")
            await connection.execute(LOCK, TWIN, True)
            await connection.execute("RESET ROLE")
            assert len(await kinds(connection)) == 2
        finally:
            await connection.execute("RESET ROLE; DROP OWNED BY guard; DROP ROLE guard")


async def test_secret_of_a_receiver_is_made_by_the_database_and_masked_in_the_audit(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        secret = await connection.fetchval(
            "INSERT INTO outbox_recipient (name, webhook_url) VALUES ('A', 'https://a.example/') RETURNING secret"
        )
        assert secret.startswith("whsec_")
        await connection.execute("UPDATE outbox_recipient SET secret = NULL")
        assert await connection.fetchval("SELECT secret FROM outbox_recipient") != secret
        rows = await connection.fetch("SELECT old::text, new::text FROM audit WHERE table_name = 'outbox_recipient'")
    assert len(rows) == 2
    assert "whsec_" not in repr(rows)
    assert '"secret": "***"' in repr(rows)


async def test_what_becomes_of_an_order_is_no_new_revision(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute(LOCK, TWIN, True)
        before = await connection.fetchrow("SELECT revision, (SELECT max(id) FROM audit) FROM policy_revision")
        await connection.execute("UPDATE outbox_order SET state = 'delivered'")
        assert before == await connection.fetchrow(
            "SELECT revision, (SELECT max(id) FROM audit) FROM policy_revision"
        )


# the PIN


async def lost_phone(connection: Connection) -> tuple[int, str]:
    row = await connection.fetchrow(
        "SELECT e.id, m.pin FROM extension AS e JOIN mailbox AS m ON m.id = e.mailbox_id WHERE e.number = $1", DESK
    )
    return row["id"], row["pin"]


async def dial(url: str, extension_id: int, pin: str) -> bool:
    """Dial the code as on a phone, by a service that has just started; return whether it locked."""
    changes = PostgresChanges(url)
    change = LockChange(extension_id=extension_id, pin=pin, if_refused=SORRY, if_not_saved=SORRY, if_not_known=SORRY)
    deadline = asyncio.get_running_loop().time() + 5
    try:
        await changes.store(change, actor="phone:+4690161104", decision_id="d1", deadline=deadline)
    except LockRefusedError:
        return False
    finally:
        changes.close()
    return True


async def test_wrong_pins_are_counted_over_restarts_and_for_an_hour(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        lost, pin = await lost_phone(connection)
        for _ in range(5):
            assert not await dial(sample_database_url, lost, "864209")
        assert not await dial(sample_database_url, lost, pin)
        await connection.execute("UPDATE lock_attempt SET at = at - interval '59 minutes'")
        assert not await dial(sample_database_url, lost, pin)
        await connection.execute("UPDATE lock_attempt SET at = at - interval '1 minute'")
        assert await dial(sample_database_url, lost, pin)


async def test_wrong_pins_at_once_are_counted_one_by_one(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        lost, _ = await lost_phone(connection)
        taken = await asyncio.gather(*(dial(sample_database_url, lost, "864209") for _ in range(12)))
        assert not any(taken)
        assert await connection.fetchval("SELECT count(*) FROM lock_attempt") == 5


async def test_tries_for_one_extension_leave_those_for_another(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        lost, pin = await lost_phone(connection)
        other = await connection.fetchval("SELECT id FROM extension WHERE number = $1", TWIN)
        for _ in range(5):
            assert not await dial(sample_database_url, other, "864209")
        assert await dial(sample_database_url, lost, pin)


async def test_wrong_pin_is_no_new_revision_and_stands_nowhere(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        lost, _ = await lost_phone(connection)
        before = await connection.fetchval("SELECT revision FROM policy_revision")
        assert not await dial(sample_database_url, lost, "864209")
        assert await connection.fetchval("SELECT revision FROM policy_revision") == before
        attempts = [dict(row) for row in await connection.fetch("SELECT * FROM lock_attempt")]
        assert [row["actor"] for row in attempts] == ["phone:+4690161104"]
        assert "864209" not in repr(attempts)
        assert await connection.fetchval("SELECT count(*) FROM audit WHERE audit::text LIKE '%864209%'") == 0


async def test_phone_unlocks_nothing_and_the_operating_organisation_does(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute(LOCK, DESK, True)
        await connection.execute("SET callflow.actor = 'phone:+4690161104'")
        with pytest.raises(asyncpg.PostgresError, match="går inte att låsa upp från en telefon"):
            await connection.execute(LOCK, DESK, False)
        await connection.execute("RESET callflow.actor")
        await connection.execute(LOCK, DESK, False)
    policy = (await PostgresPolicyStore(sample_database_url, 2).load()).policy
    assert not any(row.locked for row in policy.extensions.values())


async def test_one_phone_has_twenty_wrong_tries_an_hour_whatever_they_are_for(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute("SELECT set_config('callflow.actor', 'phone:+4690161100', false)")
        await connection.execute(
            "SELECT policy_lock_lost(id, '0') FROM (SELECT id FROM extension WHERE number <> $1 LIMIT 20) AS e", DESK
        )
        right = (
            "SELECT policy_lock_lost(e.id, m.pin) FROM extension AS e JOIN mailbox AS m ON m.id = e.mailbox_id"
            " WHERE e.number = $1"
        )
        assert await connection.fetchval(right, DESK) == "refused"
        await connection.execute("SELECT set_config('callflow.actor', 'phone:+4690161104', false)")
        assert await connection.fetchval(right, DESK) == "locked"
