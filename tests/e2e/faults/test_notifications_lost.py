"""Notifications of the database are lost without a word: a change of the policy is still live in time (R23)."""

from callflow.storage.changes import CHANNEL
from tests.e2e.faults.cut_wire import Change, Towards
from tests.e2e.faults.wires import LISTENING, Wires, decided_call, talking
from tests.e2e.town import Town

MACHINE_SECONDS = 1.0
"""What the machine may add to the interval in which a change is found by asking (`callflow/storage/changes.py`)."""
TO_EVA = """
    INSERT INTO diversion (extension_id, condition, to_extension_id)
    SELECT a.id, 'all', b.id FROM extension AS a, extension AS b
    WHERE a.sip_username = '61100' AND b.sip_username = '61104'
"""
BACK = "DELETE FROM diversion WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61100')"
NOTIFICATION = b"A"
"""The type of PostgreSQL's NotificationResponse."""


async def test_a_connection_that_listens_and_died_without_a_word_is_found_by_asking(town: Town, wires: Wires) -> None:
    eva, log, made = await town.phone("61104"), town.service_log(), wires.database.made
    within = await polled_seconds(wires)
    wires.database.go_half_open(LISTENING)
    await wires.sql_unseen(TO_EVA)
    await town.until_current(within)
    await talking((await town.call_from_outside("+4690161100"), await eva.incoming()))
    assert wires.database.made > made
    assert len(log.lines("policy_feed_lost")) == 1
    await wires.until_whole("database")


async def test_where_notifications_do_not_come_asking_finds_the_change_and_health_says_so(
    town: Town, wires: Wires
) -> None:
    anna, eva = await town.phone("61100"), await town.phone("61104")
    assert (await wires.part("database"))["notified"]
    found, within = await wires.metric("callflow_policy_found_by_asking_total"), await polled_seconds(wires)
    wires.database.change_next(Towards.CLIENT, without_notifications)
    await wires.sql_unseen(TO_EVA)
    await town.until_current(within)
    await talking((await town.call_from_outside("+4690161100"), await eva.incoming()))
    part = await wires.part("database")
    assert part["ok"]
    assert not part["notified"]
    assert await wires.metric("callflow_policy_found_by_asking_total") > found
    wires.heal()
    await town.sql(BACK)
    assert (await wires.part("database"))["notified"]
    await decided_call(town, anna)


async def polled_seconds(wires: Wires) -> float:
    """Return within how many seconds health says that a change is found without a notification."""
    return float((await wires.part("database"))["poll_seconds"]) + MACHINE_SECONDS


def without_notifications(data: bytes) -> Change | None:
    size = 1 + int.from_bytes(data[1:5])
    if not (data.startswith(NOTIFICATION) and CHANNEL.encode() in data[:size]):
        return None
    return Change(data[size:], and_the_next=True)


async def test_a_database_out_of_reach_without_a_word_hurts_no_call_and_what_was_changed_meanwhile_comes(
    town: Town, wires: Wires
) -> None:
    anna, eva, log = await town.phone("61100"), await town.phone("61104"), town.service_log()
    wires.database.go_half_open()
    await wires.sql_unseen(TO_EVA)
    await wires.until_wrong("database")
    await decided_call(town, anna)
    assert await wires.ready()
    assert len(log.lines("policy_feed_lost")) == 1
    wires.heal()
    await town.until_current(await polled_seconds(wires))
    await wires.until_whole()
    await talking((await town.call_from_outside("+4690161100"), await eva.incoming()))
