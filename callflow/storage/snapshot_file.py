"""The last good snapshot on disk, so that call control can start without the database (R23).

The file is one line of JSON about the other: which form it has and its checksum. It holds the phones' passwords,
so only its owner may read it.
"""

import dataclasses
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from callflow.files import write_atomically
from callflow.policy.model import Policy
from callflow.service.ports import Snapshot

_log = structlog.get_logger(__name__)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Snapshot)
_FORM = hashlib.sha256(msgspec.json.encode(msgspec.json.schema(Snapshot), order="sorted")).hexdigest()
"""Which fields a snapshot has: a file of another program's fields is not read."""


class _Header(msgspec.Struct):
    form: str
    sha256: str


class JsonSnapshotFile:
    """A snapshot file at `path`; its folder is made when needed. Both methods block: call them in a thread."""

    def __init__(self, path: Path) -> None:
        """Prepare to read and write the file at `path`."""
        self.path = path
        self.problem: str | None = None
        self.written_at: datetime | None = None

    def read(self) -> Snapshot | None:
        """Return what was last written, or None: there is none, or it is damaged or of another version (logged)."""
        try:
            head, _, body = self.path.read_bytes().partition(b"\n")
            self.written_at = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
            header = msgspec.json.decode(head, type=_Header)
            if header.form != _FORM:
                self.problem = "it is of another version of the program"
                _log.warning("snapshot_file_of_other_version", path=str(self.path))
                return None
            if header.sha256 != hashlib.sha256(body).hexdigest():
                self._damaged("its checksum is wrong")
                return None
            return _decoder.decode(body)
        except FileNotFoundError:
            self.problem = "there is none"
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._damaged(str(error))
            return None

    def _damaged(self, reason: str) -> None:
        self.problem = f"it is damaged: {reason}"
        _log.error("snapshot_file_damaged", path=str(self.path), reason=reason)

    def write(self, snapshot: Snapshot) -> None:
        """Keep this snapshot: whole or, at a crash or a full disk, the one before; raises OSError when it cannot."""
        body = _encoded(snapshot)
        head = _encoder.encode(_Header(form=_FORM, sha256=hashlib.sha256(body).hexdigest()))
        write_atomically(self.path, head + b"\n" + body)
        _sync_folder(self.path.parent)


def _encoded(snapshot: Snapshot) -> bytes:
    """Encode table by table: the encoder lets no other thread run, and all at once would hold up the calls."""
    policy = {name: msgspec.Raw(_encoder.encode(getattr(snapshot.policy, name))) for name in _fields(Policy)}
    others = {
        name: msgspec.Raw(_encoder.encode(getattr(snapshot, name))) for name in _fields(Snapshot) if name != "policy"
    }
    return _encoder.encode({"policy": policy, **others})


def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
