"""What the policy makes of phones, mailboxes, numbers and trunks for Asterisk."""

import stat
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callflow.asterisk.conf_text import ConfigurationError
from callflow.asterisk.configuration import AsteriskPaths, write_base
from callflow.asterisk.policy_files import (
    FORMER,
    REPLICA_MODULE,
    TRUNK_MODULES,
    make_policy_files,
    modules_to_reload,
    opened,
    replica_path,
    write_policy,
)
from callflow.asterisk.replica import MailboxRow, PhoneRow, ReplicaRows, write_replica
from callflow.asterisk.replica_rows import MadeRows, replica_rows
from callflow.asterisk.trunks import trunk_conf
from callflow.config import Settings
from callflow.service.ports import MailboxAccount, PhoneAccount, Snapshot, Trunk
from tests.builders import extension, group, mailbox, organisation, person, policy, to_extension, unit


def snapshot(*, password: str = "hemligt", pin: str = "1234", **tables: Any) -> Snapshot:
    """Return a snapshot where each extension with a SIP account and each mailbox has its secret."""
    rows = policy(**tables)
    phones = [PhoneAccount(extension_id=row.id, username=row.sip_username, password=password)
              for row in rows.extensions.values() if row.sip_username is not None]  # fmt: skip
    boxes = [MailboxAccount(mailbox_id=row.id, pin=pin) for row in rows.mailboxes.values()]
    return Snapshot(policy=rows, phones=tuple(phones), mailboxes=tuple(boxes))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, ari_password="ari", ami_password="ami")


def phones(given: Snapshot) -> Mapping[str, PhoneRow]:
    return {row.username: row for row in replica_rows(given, MadeRows()).phones}


def mailboxes(given: Snapshot) -> Mapping[str, MailboxRow]:
    return {row.number: row for row in replica_rows(given, MadeRows()).mailboxes}


def test_a_phone_calls_with_its_own_number_whatever_it_says() -> None:
    row = phones(snapshot(people=[person(1)], extensions=[extension(1, name=None, person_id=1)]))["61001"]
    assert (row.number, row.callerid) == ("+4690161001", '"Åsa Öberg 1" <+4690161001>')


def test_an_extension_with_a_name_of_its_own_calls_by_that() -> None:
    own = extension(1, name="Receptionen", person_id=1)
    assert phones(snapshot(people=[person(1)], extensions=[own]))["61001"].callerid == '"Receptionen" <+4690161001>'


def test_a_confidential_units_phone_asks_for_privacy() -> None:
    confidential = [unit(1, confidential=True), unit(2)]
    rows = phones(snapshot(units=confidential, extensions=[extension(1), extension(2, unit_id=2)]))
    assert (rows["61001"].privacy, rows["61002"].privacy) == ("prohib", "allowed")


def test_a_unit_below_a_confidential_one_is_confidential_too() -> None:
    units = [unit(1, confidential=True), unit(2, parent_id=1), unit(3, parent_id=2)]
    assert phones(snapshot(units=units, extensions=[extension(1, unit_id=3)]))["61001"].privacy == "prohib"


def test_a_phone_of_a_missing_unit_asks_for_privacy() -> None:
    assert phones(snapshot(units=[], extensions=[extension(1)]))["61001"].privacy == "prohib"


def test_a_phone_reported_lost_stays_barred_without_a_service() -> None:
    rows = phones(snapshot(extensions=[extension(1, locked=True), extension(2)]))
    assert (rows["61001"].locked, rows["61002"].locked) == (1, 0)


def test_a_phone_shows_its_mailboxs_light() -> None:
    given = snapshot(extensions=[extension(1, mailbox_id=1), extension(2)], mailboxes=[mailbox(1)])
    assert (phones(given)["61001"].mailbox, phones(given)["61002"].mailbox) == ("70001@callflow", None)


def test_a_password_is_kept_as_it_is() -> None:
    assert phones(snapshot(extensions=[extension(1)], password="a;b'\""))["61001"].password == "a;b'\""


@pytest.mark.parametrize("password", ["a\nb", "a\r[x]", " a", "a\x00"])
def test_an_odd_password_leaves_that_phone_out_alone(password: str) -> None:
    given = snapshot(extensions=[extension(1), extension(2)])
    bad = tuple(replace(row, password=password) if row.extension_id == 1 else row for row in given.phones)
    assert set(phones(replace(given, phones=bad))) == {"61002"}


@pytest.mark.parametrize("name", ["trunk", "Trunk", "trunk-1", "global", "a](phone)", "a b", "å"])
def test_an_account_may_not_take_a_name_of_the_systems(name: str) -> None:
    assert phones(snapshot(extensions=[extension(1, sip_username=name)])) == {}


def test_a_name_cannot_write_sip_headers() -> None:
    evil = replace(person(1), given_name='A"<sip:x>', family_name="b;\n[x]")
    row = phones(snapshot(people=[evil], extensions=[extension(1, name=None, person_id=1)]))["61001"]
    assert row.callerid == '"A sip:x b x" <+4690161001>'


def test_a_mailbox_has_its_address_and_language() -> None:
    given = snapshot(mailboxes=[mailbox(1, name="Öberg, Åsa", email="asa@example.se", language="en")])
    assert mailboxes(given)["70001"] == ("70001", "1234", "Öberg Åsa", "asa@example.se", "en")


def test_an_apostrophe_in_an_address_is_common() -> None:
    assert mailboxes(snapshot(mailboxes=[mailbox(1, email="pat.o'brien@example.se")]))["70001"].email is not None


def test_a_mailbox_with_an_odd_address_is_left_out() -> None:
    assert set(mailboxes(snapshot(mailboxes=[mailbox(1, email="a@b|attach=no"), mailbox(2)]))) == {"70002"}


OPERATED = organisation(operator_group_id=1, mailbox_id=2)
OPERATOR = [group(1, 9)]
BOXES = [mailbox(1), mailbox(2)]


def test_rows_that_are_kept_are_those_that_would_be_made() -> None:
    """Each change of something that a row is made of is seen by who made the rows of the snapshot before."""
    rows = [extension(1, mailbox_id=1, person_id=1), extension(2, unit_id=2), extension(9)]
    tables: dict[str, Any] = {
        "organisations": [OPERATED],
        "units": [unit(1), unit(2, to_extension(1), parent_id=1, presents="unit")],
        "people": [person(1)],
        "extensions": rows,
        "ring_groups": OPERATOR,
        "mailboxes": BOXES,
    }
    changes: list[dict[str, Any]] = [
        {"extensions": [replace(rows[0], locked=True), *rows[1:]]},
        {"extensions": [replace(rows[0], number="+4690161500"), *rows[1:]]},
        {"extensions": rows[1:]},
        {"extensions": [*rows[:2], replace(rows[2], sip_username="61009-b")]},
        {"people": [replace(person(1), given_name="Ny")]},
        {"mailboxes": [replace(BOXES[0], number="70009"), BOXES[1]]},
        {"organisations": [replace(OPERATED, language="en")]},
        {"organisations": [replace(OPERATED, operator_group_id=None)]},
        {"organisations": [replace(OPERATED, main_number="+4690161009")]},
        {"organisations": [replace(OPERATED, name="Bjurholms kommun")]},
        {"units": [unit(1, confidential=True), unit(2, to_extension(1), parent_id=1)]},
        {"units": [unit(1, presents="hidden"), tables["units"][1]]},
        {"units": [unit(1), replace(tables["units"][1], presents="own")]},
        {"units": [unit(1), replace(tables["units"][1], number="+4690161950")]},
        {"units": [unit(1), replace(tables["units"][1], name="Nytt namn")]},
        {"units": [unit(1, presents="organisation"), tables["units"][1]]},
        {"units": [unit(1), unit(2, to_extension(9), parent_id=1)]},
    ]
    for change in changes:
        made = MadeRows()
        replica_rows(snapshot(**tables), made)
        after = snapshot(**(tables | change))
        assert replica_rows(after, made) == replica_rows(after, MadeRows()), change
        assert replica_rows(snapshot(**tables), made) == replica_rows(snapshot(**tables), MadeRows()), change


def test_the_trunk_calls_out_to_the_first_address_and_takes_calls_from_all() -> None:
    text = trunk_conf([("192.0.2.1", 5060), ("192.0.2.2", 5062), ("192.0.2.1", 5064)])
    assert [line for line in text.splitlines() if line.startswith(("contact", "match"))] == [
        "contact = sip:192.0.2.1:5060",
        "match = 192.0.2.1",
        "match = 192.0.2.2",
    ]


def test_trunks_of_the_policy_stand_before_the_setting(settings: Settings) -> None:
    path = settings.generated_folder / "trunk.conf"
    make_policy_files(settings)
    assert f"sip:{settings.trunk_host}:" in path.read_text()
    given = replace(snapshot(), trunks=(Trunk(position=1, host="192.0.2.1"), Trunk(position=2, host="192.0.2.2")))
    assert write_policy(given, settings).trunks
    assert path.read_text() == trunk_conf([("192.0.2.1", 5060), ("192.0.2.2", 5060)])
    make_policy_files(settings)
    assert "192.0.2.2" in path.read_text()


def test_the_trunk_may_have_an_address_of_ipv6() -> None:
    text = trunk_conf([("2001:db8::1", 5060)])
    assert "contact = sip:[2001:db8::1]:5060" in text
    assert "set_var = __CF_TRUNK=\n" in text


def test_callers_from_the_trunk_bring_where_it_is() -> None:
    assert "[trunk](+type=endpoint)\nset_var = __CF_TRUNK=sip:192.0.2.1:5060\n" in trunk_conf([("192.0.2.1", 5060)])


def test_a_trunk_that_would_begin_a_line_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="host"):
        trunk_conf([("192.0.2.1\n[phone]", 5060)])


def test_a_changed_phone_asks_asterisk_to_reload_nothing(settings: Settings) -> None:
    make_policy_files(settings)
    opened(settings)
    assert modules_to_reload(write_policy(snapshot(extensions=[extension(1)]), settings)) == []
    moved = settings.model_copy(update={"trunk_host": "192.0.2.1"})
    assert modules_to_reload(write_policy(snapshot(extensions=[extension(1)]), moved)) == [*TRUNK_MODULES]
    assert modules_to_reload(write_policy(snapshot(extensions=[extension(1)]), moved)) == []


def test_only_what_changes_the_replica_counts_as_a_write(settings: Settings) -> None:
    made = MadeRows()
    for count in (1, 1):
        write_policy(snapshot(extensions=[extension(1)]), settings, made)
        assert made.writes == count
    write_policy(snapshot(extensions=[extension(1), extension(2)]), settings, made)
    assert made.writes == 2


def test_a_replica_that_was_gone_is_to_be_opened_until_it_is(settings: Settings) -> None:
    make_policy_files(settings)
    opened(settings)
    with replica_path(settings).open("rb"):
        replica_path(settings).unlink()
        for _ in range(2):
            assert modules_to_reload(write_policy(snapshot(), settings)) == [REPLICA_MODULE]
        opened(settings)
        assert modules_to_reload(write_policy(snapshot(), settings)) == []


def test_each_file_that_asterisk_may_have_open_has_a_name_of_its_own_and_all_lead_to_the_replica(
    settings: Settings,
) -> None:
    make_policy_files(settings)
    names = []
    with ExitStack() as asterisks:
        for _ in range(5):
            opened(settings)
            names.append((settings.generated_folder / "replica.conf").read_text().split("=> ")[1].strip())
            assert Path(names[-1]).samefile(replica_path(settings))
            asterisks.enter_context(replica_path(settings).open("rb"))
            replica_path(settings).unlink()
            make_policy_files(settings)
    assert len(set(names)) == 5


def test_a_replica_that_is_another_since_it_was_told_is_still_to_be_opened(settings: Settings) -> None:
    make_policy_files(settings)
    with replica_path(settings).open("rb"):
        replica_path(settings).unlink()
        write_replica(replica_path(settings), ReplicaRows())
        opened(settings)
        assert REPLICA_MODULE in modules_to_reload(write_policy(snapshot(), settings))


def test_files_of_earlier_versions_go_since_they_hold_passwords(settings: Settings) -> None:
    settings.generated_folder.mkdir(parents=True)
    for name in FORMER:
        (settings.generated_folder / name).write_text("password=hemligt")
    make_policy_files(settings)
    left = {path.name for path in settings.generated_folder.iterdir()}
    assert left == {"replica.conf", "replica.sqlite3", "trunk.conf"}


@pytest.mark.parametrize(("tryout", "filters"), [(True, 2), (False, 1)])
def test_every_end_of_a_dial_is_told_only_where_calls_are_tried_out(
    settings: Settings, tmp_path: Path, tryout: bool, filters: int
) -> None:
    chosen = settings.model_copy(update={"tryout": tryout})
    write_base(chosen, AsteriskPaths(modules=tmp_path / "modules", data=tmp_path / "data"))
    assert (chosen.asterisk_folder / "etc" / "manager.conf").read_text().count("name(DialEnd)") == filters


def test_the_base_keeps_its_secrets_to_the_owner(settings: Settings, tmp_path: Path) -> None:
    write_base(settings, AsteriskPaths(modules=tmp_path / "modules", data=tmp_path / "data"))
    folder = settings.asterisk_folder / "etc"
    files = [path for path in folder.iterdir() if path.is_file()]
    assert "password = ari" in (folder / "ari.conf").read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} <= {0o600, 0o700}
    assert [path.name for path in files if "@ETC@" in path.read_text() or "@GENERATED@" in path.read_text()] == []


def test_there_is_no_start_without_secrets(settings: Settings, tmp_path: Path) -> None:
    bare = settings.model_copy(update={"ari_password": Settings(home=tmp_path).ari_password})
    with pytest.raises(ConfigurationError, match="CALLFLOW_ARI_PASSWORD"):
        write_base(bare, AsteriskPaths(modules=tmp_path, data=tmp_path))


def test_a_home_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    deep = Settings(home=tmp_path / ("x" * 100), ari_password="a", ami_password="b")
    with pytest.raises(ConfigurationError, match="CALLFLOW_HOME"):
        write_base(deep, AsteriskPaths(modules=tmp_path, data=tmp_path))
