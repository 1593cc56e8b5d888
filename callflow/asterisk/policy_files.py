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
REPLICA_MODULE = "res_config_sqlite3.so"
"""What has the replica open, and opens it anew when replica.conf names another file."""
PJSIP = "res_pjsip.so"
TRUNK_MODULES = (PJSIP, "res_pjsip_endpoint_identifier_ip.so")
"""What takes in the trunk's file: where calls go, and where they come from."""
_NOT_OPENED = "; Asterisk is still to open this file: res_config_sqlite3.so has not been reloaded since.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: how many rows of the replica, and what Asterisk must take in by itself.

    `trunks`: the trunk's file changed. `reopen`: Asterisk is still to open the replica, until `opened` is called.
    `removed`: the accounts whose registered contacts are still to be ended.
    """

    rows: int
    trunks: bool = False
    reopen: bool = False
    removed: tuple[str, ...] = ()


def replica_path(settings: Settings) -> Path:
    """Return where the replica stands."""
    return settings.generated_folder / REPLICA


def make_policy_files(settings: Settings) -> None:
    """See that the policy's files are there, empty if need be; raise `ReplicaError` when they cannot be had."""
    for name in FORMER:
        (settings.generated_folder / name).unlink(missing_ok=True)
    make_replica(replica_path(settings))
    _tell_where(settings)
    if not _trunk_path(settings).exists():
        _write_trunks((), settings)


def write_policy(snapshot: Snapshot, settings: Settings, made: MadeRows | None = None) -> Written:
    """Write what the policy makes of phones, mailboxes, numbers and trunks: what has changed.

    `made` keeps the rows from one call to the next. Raises `ReplicaError` when the disk is full or the file cannot be
    had, `ConfigurationError` when a trunk cannot stand in its file.
    """
    kept = made or MadeRows()
    change = write_replica(replica_path(settings), replica_rows(snapshot, kept), kept.standing)
    kept.writes += bool(change.rows)
    reopen = _tell_where(settings)
    trunks = _write_trunks(snapshot.trunks, settings)
    return Written(rows=change.rows, trunks=trunks, reopen=reopen, removed=change.removed)


def opened(settings: Settings) -> None:
    """Note that Asterisk has opened the replica: `REPLICA_MODULE` was reloaded after it had been written."""
    path, told = _told_path(settings), _where(settings)
    if path.read_bytes() == (_NOT_OPENED + told).encode():
        write_if_changed(path, told)


def modules_to_reload(written: Written) -> list[str]:
    """Return the modules that must take in what was written, as AMI's `Reload` names them."""
    replica = [REPLICA_MODULE] if written.reopen else []
    return [*replica, *TRUNK_MODULES] if written.trunks else replica


def _tell_where(settings: Settings) -> bool:
    """Write where the replica is; return whether Asterisk is still to open it."""
    path, told = _told_path(settings), _where(settings)
    if path.exists() and path.read_bytes() == told.encode():
        return False
    write_if_changed(path, _NOT_OPENED + told)
    return True


def _where(settings: Settings) -> str:
    """Return what names the replica for Asterisk, which opens a file anew only when its name differs.

    So the path is spelled by the file's inode, which no other file has as long as Asterisk has this one open.
    """
    path = replica_path(settings)
    spelling = f"{path.stat().st_ino:b}".replace("0", "/").replace("1", "./")
    name = conf_value(f"{settings.generated_folder}/{spelling}{REPLICA}", "the path")
    return f"[callflow]\ndbfile => {name}\n"


def _told_path(settings: Settings) -> Path:
    return settings.generated_folder / "replica.conf"


def _trunk_path(settings: Settings) -> Path:
    return settings.generated_folder / "trunk.conf"


def _write_trunks(trunks: Sequence[Trunk], settings: Settings) -> bool:
    addresses = [(trunk.host, trunk.port) for trunk in trunks] or [(settings.trunk_host, settings.trunk_port)]
    return write_if_changed(_trunk_path(settings), trunk_conf(addresses))
