"""The whole configuration in a real Asterisk: it loads without a complaint and takes in what the policy changes."""

import re
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from callflow.asterisk.configuration import AsteriskPaths, write_base
from callflow.asterisk.policy_files import modules_to_reload, opened, replica_path, write_policy
from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.service.ports import MailboxAccount, PhoneAccount, Snapshot
from tests.asterisks import shared_tools
from tests.builders import extension, mailbox, policy, unit
from tests.ports import free_port

MEANT = "maxsilence should be less than minsecs"
"""What Asterisk warns of, and is meant (asterisk-conf/voicemail.conf)."""
CONTEXTS = (
    "from-phone", "from-trunk", "callflow-emergency", "callflow-emergency-run", "callflow-run", "callflow-confirm",
    "callflow-confirm-ask", "callflow-fallback", "callflow-net", "callflow-net-other", "callflow-net-run",
    "callflow-transfer",
)  # fmt: skip


def snapshot(extensions: int) -> Snapshot:
    """Return a snapshot of so many extensions of a confidential unit, and one mailbox."""
    rows = [extension(row, mailbox_id=1) for row in range(1, extensions + 1)]
    return Snapshot(
        policy=policy(units=[unit(1, confidential=True)], extensions=rows, mailboxes=[mailbox(1, name="Åsa Öberg")]),
        phones=tuple(
            PhoneAccount(extension_id=row.id, username=row.sip_username or "", password="x;y") for row in rows
        ),
        mailboxes=(MailboxAccount(mailbox_id=1, pin="1234"),),
    )


@pytest.fixture
def changed(configured: EmbeddedAsterisk) -> Iterator[EmbeddedAsterisk]:
    """The same for a test that changes the policy: put back afterwards."""
    yield configured
    write_policy(snapshot(1), configured.settings)


@pytest.fixture(scope="module")
async def configured() -> AsyncIterator[EmbeddedAsterisk]:
    """An Asterisk with one phone, on ports of its own."""
    tools = shared_tools()
    home = Path(tempfile.mkdtemp(prefix="callflow-conf-", dir="/tmp"))
    settings = Settings(
        home=home,
        sip_port=free_port(socket.SOCK_DGRAM),
        http_port=free_port(),
        ami_port=free_port(),
        ari_password="ari;secret",
        ami_password="ami;secret",
    )
    write_base(settings, AsteriskPaths(modules=tools.modules_folder, data=tools.asterisk_share))
    write_policy(snapshot(1), settings)
    running = EmbeddedAsterisk(settings, tools)
    await running.start()
    opened(settings)
    yield running
    await running.stop()
    shutil.rmtree(home, ignore_errors=True)


def complaints(running: EmbeddedAsterisk) -> list[str]:
    log = running.settings.asterisk_folder / "log" / "messages.log"
    found = re.findall(r"^.*(?:ERROR|WARNING).*$", log.read_text(encoding="utf-8"), re.MULTILINE)
    return [line for line in found if MEANT not in line]


async def test_everything_loads_without_a_complaint(configured: EmbeddedAsterisk) -> None:
    assert complaints(configured) == []


async def test_every_context_is_there(configured: EmbeddedAsterisk) -> None:
    shown = await configured.console("dialplan show")
    assert [name for name in CONTEXTS if f"Context '{name}'" not in shown] == []


async def test_nothing_stands_before_the_emergency_number_of_a_phone(configured: EmbeddedAsterisk) -> None:
    shown = await configured.console("dialplan show from-phone")
    includes = re.findall(r"Include =>\s+'([\w-]+)'", shown)
    assert includes[0] == "callflow-emergency"
    assert re.findall(r"'([^']+)' =>", shown) == ["T"]


@pytest.mark.parametrize("number", ["112", "0112", "00112", "+46112", "0046112", "112#", "*112"])
async def test_the_emergency_number_is_matched_from_a_phone_and_never_from_the_trunk(
    configured: EmbeddedAsterisk, number: str
) -> None:
    assert "callflow-emergency" in await configured.console(f"dialplan show {number}@from-phone")
    assert "callflow-emergency" not in await configured.console(f"dialplan show {number}@from-trunk")


async def test_a_secret_with_a_semicolon_is_the_secret(configured: EmbeddedAsterisk) -> None:
    shown = await configured.console("pjsip show auth 61001")
    assert re.search(r"^\s*password\s*:\s*x;y\s*$", shown, re.MULTILINE)


async def test_a_confidential_units_endpoint_hides_its_number(configured: EmbeddedAsterisk) -> None:
    shown = await configured.console("pjsip show endpoint 61001")
    assert re.search(r"callerid_privacy\s*:\s*prohib", shown)
    assert re.search(r"send_diversion\s*:\s*false", shown)


async def test_the_trunk_shows_no_number_that_is_suppressed(configured: EmbeddedAsterisk) -> None:
    shown = await configured.console("pjsip show endpoint trunk")
    for option in ("send_diversion", "send_history_info", "send_connected_line", "trust_id_outbound", "send_rpid"):
        assert re.search(rf"{option}\s*:\s*(false|no)\b", shown), option
    assert re.search(r"from_user\s*:\s*$", shown, re.MULTILINE)


async def test_a_changed_policy_is_known_at_once_with_nothing_reloaded(changed: EmbeddedAsterisk) -> None:
    given = snapshot(2)
    written = write_policy(given, changed.settings)
    assert (written.rows, modules_to_reload(written)) == (2, [])
    assert "+4690161002" in await changed.console("pjsip show endpoint 61002")
    moved = tuple(replace(row, password="another") for row in given.phones)
    write_policy(replace(given, phones=moved), changed.settings)
    assert re.search(r"password\s*:\s*another", await changed.console("pjsip show auth 61002"))
    write_policy(snapshot(1), changed.settings)
    assert "Unable to find" in await changed.console("pjsip show auth 61002")
    assert complaints(changed) == []


async def test_a_mailbox_is_known_at_once(changed: EmbeddedAsterisk) -> None:
    given = snapshot(1)
    renamed = replace(given.policy.mailboxes[1], name="Åsa Ny")
    write_policy(replace(given, policy=replace(given.policy, mailboxes={1: renamed})), changed.settings)
    shown = await changed.console("voicemail show users for callflow")
    assert "Åsa Ny" in shown, shown


async def test_the_trunk_moves_by_the_modules_that_are_reloaded(changed: EmbeddedAsterisk) -> None:
    for host in ("127.0.0.9", "127.0.0.2"):
        moved = changed.settings.model_copy(update={"trunk_host": host})
        for module in modules_to_reload(write_policy(snapshot(1), moved)):
            await changed.console(f"module reload {module}")
        assert f"sip:{host}:" in await changed.console("pjsip show aor trunk")
        assert f"{host}/32" in await changed.console("pjsip show identifies")
    assert complaints(changed) == []


async def test_a_replica_that_was_damaged_is_opened_anew(changed: EmbeddedAsterisk) -> None:
    replica_path(changed.settings).write_bytes(b"no database")
    for module in modules_to_reload(write_policy(snapshot(2), changed.settings)):
        await changed.console(f"module reload {module}")
    opened(changed.settings)
    assert "+4690161002" in await changed.console("pjsip show endpoint 61002")


async def test_a_replica_that_was_gone_twice_before_asterisk_was_told_is_opened_anew(
    changed: EmbeddedAsterisk,
) -> None:
    for _ in range(2):
        replica_path(changed.settings).unlink()
        written = write_policy(snapshot(2), changed.settings)
    for module in modules_to_reload(written):
        await changed.console(f"module reload {module}")
    opened(changed.settings)
    assert modules_to_reload(write_policy(snapshot(3), changed.settings)) == []
    assert "+4690161003" in await changed.console("pjsip show endpoint 61003")


def test_no_phone_forwards_past_its_barrings() -> None:
    """A phone's 302 would enter the dialplan anew by the caller's context: every Dial to a phone ignores it (`i`)."""
    dialplan = AsteriskPaths(modules=Path(), data=Path()).dialplan
    text = "".join((dialplan / name).read_text(encoding="utf-8") for name in ("interpreter.conf", "fallback.conf"))
    dials = re.findall(r",Dial\(.*,(\S+?)\)$", text, re.MULTILINE)
    assert dials
    assert [options for options in dials if not options.startswith("i")] == []
