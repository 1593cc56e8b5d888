"""Writing what phones change by feature code (R4 to R21): one transaction a change, on connections that are kept.

INVARIANT: a connection on which anything went wrong is never used again, nor are those that were kept beside it: what
lost one has most likely lost them all. One that was kept and does not begin a transaction soon was lost without a
word, as by a firewall that forgets what is idle: a new one does the work. The server gives up by itself a transaction
that we have left, so that it holds up no other change of the policy. Where the answer to a commit was lost, the
database is asked what became of the transaction: nobody is told that nothing was changed where it was.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
import structlog

from callflow.policy.decision import AbsenceChange, Change, DiversionChange, DutyChange, LockChange, UnitChange
from callflow.service.feature_changes import ChangeNotKnownError, ChangeNotStoredError, LockRefusedError
from callflow.storage.absences import put_absence
from callflow.storage.connection import FAILED, LOST, Connection, connected
from callflow.storage.diversions import put_diversion
from callflow.storage.duty import put_duty
from callflow.storage.overrides import put_override

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 4
ANSWER_SECONDS = 0.3
"""How long a kept connection may take to begin: it leaves the caller's second time for a new one."""
ASK_PAUSE = 0.05
SERVER_SETTINGS = {
    "application_name": "callflow feature codes",
    "statement_timeout": "1000",
    "idle_in_transaction_session_timeout": "1000",
}
"""In milliseconds: longer than this nobody waits for a change."""

_NAME_US = "SELECT set_config('callflow.actor', $1, true), set_config('callflow.decision', $2, true)"
_MARK = "SELECT revision, pg_current_xact_id()::text FROM policy_revision"
_COMMIT = "COMMIT"
_LOCK = "SELECT policy_lock_lost($1, $2)"
_STATE = "SELECT pg_xact_status($1::text::xid8)"
_STANDS = "SELECT EXISTS (SELECT FROM audit WHERE revision = $1 AND decision_id = $2)"


@dataclass(frozen=True, slots=True)
class _By:
    """Who changes, and by which decision, as the audit will have it."""

    actor: str
    decision_id: str


@dataclass(slots=True)
class _Progress:
    """How far a transaction has come: its id and its revision stand here from just before its commit.

    `refused`: a lock was not taken, which is committed too, since wrong tries are counted.
    """

    transaction: str | None = None
    revision: int = 0
    refused: bool = False


class PostgresChanges:
    """The `Changes` of the PostgreSQL database at `url` (`postgresql+asyncpg://…`)."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before the first change."""
        self._url = url.replace("postgresql+asyncpg:", "postgresql:", 1)
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(MOST_CONNECTIONS)

    async def store(self, change: Change, *, actor: str, decision_id: str, deadline: float) -> int:
        """Write the change; return the revision; raise as `Changes` says."""
        progress = _Progress()
        try:
            async with asyncio.timeout_at(deadline), self._free:
                return await self._store(change, _By(actor, decision_id), progress)
        except FAILED as error:
            reason = f"{type(error).__name__}: {error}" if str(error) else "the database gave no answer in time"
            if progress.transaction is not None and await self._is_stored(progress, decision_id, deadline):
                return progress.revision
            raise ChangeNotStoredError(reason) from error

    def close(self) -> None:
        """Let go of the connections."""
        while self._idle:
            self._idle.pop().terminate()

    async def _store(self, change: Change, by: _By, progress: _Progress) -> int:
        connection = await self._begun()
        try:
            await _write(connection, change, by, progress)
        except BaseException:
            self._lose(connection)
            raise
        self._idle.append(connection)
        if progress.refused:
            raise LockRefusedError("the PIN is wrong, or the lock may not be tried now")
        return progress.revision

    async def _is_stored(self, progress: _Progress, decision_id: str, deadline: float) -> bool:
        """Ask until `deadline` what became of a commit; raise `ChangeNotKnownError` when nobody tells."""
        try:
            async with asyncio.timeout_at(deadline):
                while (stands := await self._stands(progress, decision_id)) is None:  # noqa: ASYNC110 - a database
                    await asyncio.sleep(ASK_PAUSE)
                return stands
        except TimeoutError:
            raise ChangeNotKnownError(
                "The database was lost while it stored, and has not told what it did."
            ) from None

    async def _stands(self, progress: _Progress, decision_id: str) -> bool | None:
        """Return whether the audit has it, None while the server still works on it or does not answer."""
        with suppress(*FAILED):
            async with connected(self._url) as connection:
                with suppress(asyncpg.InvalidParameterValueError):  # an id that a crashed server had not written down
                    if await connection.fetchval(_STATE, progress.transaction) == "in progress":
                        return None
                stands: bool = await connection.fetchval(_STANDS, progress.revision, decision_id)
                return stands
        return None

    async def _begun(self) -> Connection:
        """Return a connection in a new transaction: one that was kept and answers, else a new one."""
        while self._idle:
            connection = self._idle.pop()
            with suppress(*LOST):
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self._begin(connection)
        return await self._begin(await asyncpg.connect(self._url, server_settings=SERVER_SETTINGS))

    async def _begin(self, connection: Connection) -> Connection:
        try:
            await connection.execute("BEGIN")
        except BaseException:
            self._lose(connection)
            raise
        return connection

    def _lose(self, connection: Connection) -> None:
        connection.terminate()
        self.close()


async def _write(connection: Connection, change: Change, by: _By, progress: _Progress) -> None:
    """Write in the transaction that has begun, its guards heard before the commit; a caller ends one that fails."""
    await connection.execute(_NAME_US, by.actor, by.decision_id)
    match change:
        case DiversionChange():
            await put_diversion(connection, change.extension_id, change.conditions, change.diversion)
        case AbsenceChange():
            await put_absence(connection, change.person_id, change.at, change.absence)
        case LockChange():
            progress.refused = await connection.fetchval(_LOCK, change.extension_id, change.pin) != "locked"
        case DutyChange():
            await put_duty(connection, change)
        case UnitChange():
            await put_override(connection, change.unit_id, change.at, change.override)
    await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    progress.revision, progress.transaction = await connection.fetchrow(_MARK)
    await connection.execute(_COMMIT)
