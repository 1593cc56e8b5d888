"""What the policy makes of Asterisk's own knowledge: the replica that it looks up, and the trunk's file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from callflow.asterisk.conf_text import conf_value, write_if_changed
from callflow.asterisk.replica import make_replica, write_replica
from callflow.asterisk.replica_rows import MadeRows, replica_rows
from callflow.asterisk.trunks import trunk_conf
from callflow.config import Settings
from callflow.service.ports import Snapshot, Trunk

REPLICA = "replica.sqlite3"
FORMER = ("phones.conf", "mailboxes.conf", "net.conf")
"""Files of earlier versions, which nothing includes any more and which hold passwords."""
PJSIP = "res_pjsip.so"
TRUNK_MODULES = (PJSIP, "res_pjsip_endpoint_identifier_ip.so")
"""What takes in the trunk's file: where calls go, and where they come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: how many rows of the replica, and what Asterisk must take in by itself.

    `trunks`: the trunk's file changed. `made_anew`: the replica was missing or damaged, and an Asterisk that runs
    still has the old one open.
    """

    rows: int
    trunks: bool = False
    made_anew: bool = False


def replica_path(settings: Settings) -> Path:
    """Return where the replica stands."""
    return settings.generated_folder / REPLICA


def make_policy_files(settings: Settings) -> None:
    """See that the policy's files are there, empty if need be; raise `ReplicaError` when they cannot be had."""
    for name in FORMER:
        (settings.generated_folder / name).unlink(missing_ok=True)
    make_replica(replica_path(settings))
    _tell_where(settings, again=False)
    if not _trunk_path(settings).exists():
        _write_trunks((), settings)


def write_policy(snapshot: Snapshot, settings: Settings, made: MadeRows | None = None) -> Written:
    """Write what the policy makes of phones, mailboxes, numbers and trunks: what has changed.

    `made` keeps the rows from one call to the next. Raises `ReplicaError` when the disk is full or the file cannot be
    had, `ConfigurationError` when a trunk cannot stand in its file.
    """
    kept = made or MadeRows()
    change = write_replica(replica_path(settings), replica_rows(snapshot, kept), kept.standing)
    kept.writes += bool(change.rows or change.made_anew)
    if change.made_anew:
        _tell_where(settings, again=True)
    return Written(rows=change.rows, trunks=_write_trunks(snapshot.trunks, settings), made_anew=change.made_anew)


def modules_to_reload(written: Written) -> list[str]:
    """Return the modules that must take in what was written, as AMI's `Reload` names them."""
    replica = ["res_config_sqlite3.so"] if written.made_anew else []
    return [*replica, *TRUNK_MODULES] if written.trunks else replica


def _tell_where(settings: Settings, *, again: bool) -> None:
    """Write where the replica is; `again` in another spelling: Asterisk opens a file anew when its name differs."""
    path, folder = settings.generated_folder / "replica.conf", settings.generated_folder
    spellings = [
        f"[callflow]\ndbfile => {conf_value(f'{folder}/{dot}{REPLICA}', 'the path')}\n" for dot in ("", "./")
    ]
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if again or text not in spellings:
        write_if_changed(path, spellings[1] if text == spellings[0] else spellings[0])


def _trunk_path(settings: Settings) -> Path:
    return settings.generated_folder / "trunk.conf"


def _write_trunks(trunks: Sequence[Trunk], settings: Settings) -> bool:
    addresses = [(trunk.host, trunk.port) for trunk in trunks] or [(settings.trunk_host, settings.trunk_port)]
    return write_if_changed(_trunk_path(settings), trunk_conf(addresses))
