"""What the policy makes of phones, mailboxes and the net."""

import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callflow.asterisk.conf_text import ConfigurationError
from callflow.asterisk.configuration import AsteriskPaths, modules_to_reload, write_base, write_policy
from callflow.config import Settings
from callflow.service.ports import MailboxAccount, PhoneAccount, Snapshot
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


def rendered(settings: Settings, name: str, given: Snapshot) -> str:
    write_policy(given, settings)
    return (settings.generated_folder / name).read_text(encoding="utf-8")


def phones(settings: Settings, given: Snapshot) -> str:
    return rendered(settings, "phones.conf", given)


def net_line(settings: Settings, number: str, given: Snapshot) -> str:
    lines = rendered(settings, "net.conf", given).splitlines()
    return next(line for line in lines if line.startswith(f"exten => {number},")).partition("ring,1")[2]


def test_a_phone_calls_with_its_own_number_whatever_it_says(settings: Settings) -> None:
    text = phones(settings, snapshot(people=[person(1)], extensions=[extension(1, person_id=1)]))
    assert 'callerid="Åsa Öberg 1" <+4690161001>' in text
    assert "set_var=CALLFLOW_NUMBER=+4690161001" in text


def test_a_confidential_units_phone_asks_for_privacy(settings: Settings) -> None:
    confidential = [unit(1, confidential=True), unit(2)]
    text = phones(settings, snapshot(units=confidential, extensions=[extension(1), extension(2, unit_id=2)]))
    first, second = text.split("[61002](phone)")
    assert "callerid_privacy=prohib" in first
    assert "callerid_privacy" not in second


def test_a_phone_reported_lost_stays_barred_without_a_service(settings: Settings) -> None:
    assert "set_var=CALLFLOW_LOCKED=1" in phones(settings, snapshot(extensions=[extension(1, locked=True)]))
    assert "CALLFLOW_LOCKED" not in phones(settings, snapshot(extensions=[extension(1)]))


def test_a_phone_shows_its_mailboxs_light(settings: Settings) -> None:
    given = snapshot(extensions=[extension(1, mailbox_id=1)], mailboxes=[mailbox(1)])
    assert "mailboxes=70001@callflow" in phones(settings, given)


def test_a_semicolon_in_a_password_does_not_begin_a_comment(settings: Settings) -> None:
    assert "password=a\\;b" in phones(settings, snapshot(extensions=[extension(1)], password="a;b"))


@pytest.mark.parametrize("password", ["a\nb", "a\r[x]", " a", "a\x00"])
def test_a_password_that_would_begin_a_line_leaves_that_phone_out_alone(settings: Settings, password: str) -> None:
    given = snapshot(extensions=[extension(1), extension(2)])
    bad = tuple(replace(row, password=password) if row.extension_id == 1 else row for row in given.phones)
    text = phones(settings, replace(given, phones=bad))
    assert "61001" not in text
    assert "[61002](phone)" in text


@pytest.mark.parametrize("name", ["trunk", "Phone", "global", "a](phone)", "a b", "å"])
def test_an_account_may_not_take_a_name_of_the_systems(settings: Settings, name: str) -> None:
    assert phones(settings, snapshot(extensions=[extension(1, sip_username=name)])) == ""


def test_a_name_cannot_write_sip_or_configuration(settings: Settings) -> None:
    evil = replace(person(1), given_name='A"<sip:x>', family_name="b;\n[x]")
    text = phones(settings, snapshot(people=[evil], extensions=[extension(1, person_id=1)]))
    assert 'callerid="A sip:x b x" <+4690161001>' in text


def test_a_mailbox_line_has_its_address_and_language(settings: Settings) -> None:
    given = snapshot(mailboxes=[mailbox(1, name="Öberg, Åsa", email="asa@example.se", language="en")])
    line = "70001 => 1234,Öberg Åsa,asa@example.se,,language=en|tz=swedish|attach=yes"
    assert rendered(settings, "mailboxes.conf", given).splitlines() == ["[callflow]", line]


def test_an_apostrophe_in_an_address_is_common(settings: Settings) -> None:
    text = rendered(settings, "mailboxes.conf", snapshot(mailboxes=[mailbox(1, email="pat.o'brien@example.se")]))
    assert ",pat.o'brien@example.se," in text


def test_a_mailbox_with_an_odd_address_is_left_out(settings: Settings) -> None:
    given = snapshot(mailboxes=[mailbox(1, email="a@b|attach=no"), mailbox(2)])
    text = rendered(settings, "mailboxes.conf", given)
    assert "70001" not in text
    assert "70002" in text


OPERATED = organisation(operator_group_id=1, mailbox_id=2)
OPERATOR = [group(1, 9)]
BOXES = [mailbox(1), mailbox(2)]


def test_in_the_net_an_extension_rings_then_takes_a_message(settings: Settings) -> None:
    rows = [extension(1, mailbox_id=1), extension(9)]
    given = snapshot(organisations=[OPERATED], ring_groups=OPERATOR, extensions=rows, mailboxes=BOXES)
    assert net_line(settings, "+4690161001", given) == ("(PJSIP/61001,24^5,70001@callflow,PJSIP/61009,24^5,se))")


def test_in_the_net_a_twins_mobile_still_confirms(settings: Settings) -> None:
    given = snapshot(extensions=[extension(1, mobile_number="+46701740605")])
    assert net_line(settings, "+4690161001", given).startswith(
        "(PJSIP/61001&Local/+46701740605@callflow-confirm/n,24^10,"
    )


def test_in_the_net_a_phone_reported_lost_does_not_ring(settings: Settings) -> None:
    assert net_line(settings, "+4690161001", snapshot(extensions=[extension(1, locked=True)])).startswith("(,")


def test_in_the_net_the_main_number_rings_the_operators(settings: Settings) -> None:
    given = snapshot(organisations=[OPERATED], ring_groups=OPERATOR, extensions=[extension(9)], mailboxes=BOXES)
    assert net_line(settings, OPERATED.main_number, given) == "(PJSIP/61009,24^5,70002@callflow,,24^5,se))"


def test_in_the_net_a_unit_rings_its_first_place_then_the_operators(settings: Settings) -> None:
    rows = [extension(1, locked=True), extension(2), extension(9)]
    office = unit(1, to_extension(1), to_extension(2), mailbox_id=1)
    given = snapshot(organisations=[OPERATED], units=[office], ring_groups=OPERATOR, extensions=rows, mailboxes=BOXES)
    assert net_line(settings, "+4690161901", given) == "(PJSIP/61002,24^5,,PJSIP/61009,24^5,se))"


def test_in_the_net_four_rings_are_counted_in_the_policys_cadence(settings: Settings) -> None:
    quick = organisation(ring_tone_ms=100, ring_pause_ms=300)
    assert "1.6^5" in net_line(settings, "+4690161001", snapshot(organisations=[quick], extensions=[extension(1)]))


def test_in_the_net_short_numbers_work(settings: Settings) -> None:
    text = rendered(settings, "net.conf", snapshot())
    assert "exten => _6XXXX,1,Goto(callflow-net,+469016${EXTEN:-4},1)" in text


def test_only_what_changed_is_written_and_reloaded(settings: Settings) -> None:
    first = snapshot(extensions=[extension(1)])
    assert write_policy(first, settings) == {"phones.conf", "mailboxes.conf", "net.conf"}
    assert write_policy(first, settings) == set()
    changed = write_policy(snapshot(extensions=[extension(1), extension(2)]), settings)
    assert modules_to_reload(changed) == ["pbx_config.so", "res_pjsip.so"]


def test_the_order_of_rows_changes_nothing(settings: Settings) -> None:
    rows = [extension(1), extension(2)]
    write_policy(snapshot(extensions=rows), settings)
    assert write_policy(snapshot(extensions=rows[::-1]), settings) == set()


def test_fifteen_thousand_phones_are_written_within_seconds(settings: Settings) -> None:
    rows = [extension(row, number=f"+46901{row:06d}", sip_username=f"{row:06d}") for row in range(15_000)]
    given = snapshot(extensions=rows)
    began = time.perf_counter()
    write_policy(given, settings)
    assert time.perf_counter() - began < 5


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
