"""`callflow serve`: the parts of call control, put together."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import asyncpg
import structlog
import typer
import uvloop
from aiohttp import web

from callflow.asterisk.ami import Ami
from callflow.asterisk.ami_connection import AmiAddress, AmiConnection
from callflow.asterisk.ari import APPLICATION_PREFIX, Ari
from callflow.asterisk.ari_connection import AriAddress, AriConnection
from callflow.asterisk.plan_variables import plan_variables
from callflow.asterisk.policy_files import modules_to_reload, replica_path, write_policy
from callflow.asterisk.registrations import end_registrations
from callflow.asterisk.replica import forget_account, removed_accounts
from callflow.asterisk.replica_rows import MadeRows
from callflow.commands.shared import database_url
from callflow.config import Settings, settings
from callflow.embedded.tools import Tools
from callflow.errors import CallflowError
from callflow.logs import Format, configure_logging
from callflow.policy.decision import Decision
from callflow.policy.evaluate import decide
from callflow.policy.policy_texts import policy_texts
from callflow.service.call_log import call_log
from callflow.service.calls import CallControl
from callflow.service.feature_changes import settle_by
from callflow.service.health import Health, health_app
from callflow.service.mail import MailSpool, smtp_sender
from callflow.service.pauses import collect_garbage, keep_pauses_short
from callflow.service.policy_holder import Follower, PolicyHolder
from callflow.service.ports import Snapshot, Speech
from callflow.service.presentation_watch import PresentationWatch
from callflow.service.ring_guard import RingGuard
from callflow.service.running import keep_running, stop_asked
from callflow.speech.policy_speech import PolicySpeech
from callflow.storage.connection import LOST, connected
from callflow.storage.diversions import PostgresChanges
from callflow.storage.snapshot_file import JsonSnapshotFile
from callflow.storage.store import PostgresPolicyStore

log = structlog.get_logger(__name__)

AMI_SECONDS = 5.0
"""How long what Asterisk must take in waits for it, and the next change with it."""
DATABASE_SECONDS = 2.0
LOOPBACK = "127.0.0.1"
"""Where AMI listens, whatever else is opened (asterisk-conf/manager.conf)."""
DECISION_VARIABLE = "CALLFLOW_DECISION"


class ServiceStartError(CallflowError):
    """The service cannot start as it is set up."""

    code = "service_start"


def command(
    log_format: Annotated[
        Format, typer.Option("--log-format", help="How log lines are written to stderr.")
    ] = "logfmt",
    log_level: Annotated[str, typer.Option("--log-level", help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Take calls from Asterisk and give each its plan, until SIGTERM or Ctrl-C."""
    configure_logging(form=log_format, level=log_level.upper())
    keep_pauses_short()
    uvloop.run(serve(settings()))


async def serve(chosen: Settings) -> None:
    """Run the service until it is asked to stop; then finish the calls in hand."""
    service = compose(chosen)
    await service.policy.start()
    runner = await serve_health(service.health, chosen)
    tasks = [asyncio.create_task(keep_running(name, part), name=name) for name, part in service.parts.items()]
    try:
        await stop_asked()
        log.info("stopping")
        await service.control.stop()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runner.cleanup()
        log.info("stopped")


async def serve_health(health: Health, chosen: Settings) -> web.AppRunner:
    """Answer about health; raise `ServiceStartError` when the port is taken."""
    runner = web.AppRunner(health_app(health), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, chosen.service_host, chosen.service_port).start()
    except OSError as error:
        await runner.cleanup()
        where = f"{chosen.service_host}:{chosen.service_port}"
        raise ServiceStartError(
            f"{where} cannot be had: {error.strerror}. Set CALLFLOW_SERVICE_PORT to a free one."
        ) from error
    return runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts: `parts` run side by side, each by itself."""

    policy: PolicyHolder
    control: CallControl
    health: Health
    parts: dict[str, Callable[[], Awaitable[None]]]


def compose(chosen: Settings) -> Service:
    """Put the parts together; nothing runs or connects yet. Raise `ServiceStartError` when secrets are missing."""
    if not (chosen.ari_password.get_secret_value() and chosen.ami_password.get_secret_value()):
        raise ServiceStartError(
            "CALLFLOW_ARI_PASSWORD and CALLFLOW_AMI_PASSWORD are not set; `callflow run` makes them."
        )
    ari, ami, reloading = ari_connection(chosen), ami_connection(chosen, "call,user"), ami_connection(chosen, "off")
    switch, ringing = Ari(ari), Ami(ami)
    speech = PolicySpeech(chosen, Tools(chosen.tools_folder))
    store = PostgresPolicyStore(database_url(), chosen.poll_seconds)
    followers = {"asterisk": asterisk_follower(chosen, ari, reloading), "speech": speech_follower(speech)}
    policy = PolicyHolder(store, JsonSnapshotFile(chosen.snapshot_path), followers)
    control = CallControl(
        switch=switch,
        policy=policy,
        decide=decide,
        settle=settle_by(PostgresChanges(database_url()), policy),
        plan_variables=variables_maker(speech),
        decided=call_log(_write_line, chosen.language),
        tryout=chosen.tryout,
    )
    mail, presentation = mail_spool(chosen), PresentationWatch(switch)
    health = Health(
        connections={
            "ari": lambda: (ari.connected, "not connected to Asterisk"),
            "ami": lambda: (ami.connected, ami.error),
            "presentation": presentation.state,
        },
        policy=policy,
        mail=mail,
        application=ari.application,
    )
    guard = RingGuard(ringing)
    parts = {
        "policy": policy.run,
        "ari": ari.run,
        "ami": ami.run,
        "reloading": reloading.run,
        "calls": control.run,
        "guard": guard.run,
    }
    more = {
        "presentation": presentation.run,
        "garbage": collect_garbage,
        "mail": mail.run,
        "database": database_watch(policy, chosen.poll_seconds),
    }
    return Service(policy=policy, control=control, health=health, parts={**parts, **more})


def ari_connection(chosen: Settings) -> AriConnection:
    """Return the ARI connection, under an application name that no other process has."""
    return AriConnection(
        AriAddress(
            host=chosen.http_host,
            port=chosen.http_port,
            username=chosen.ari_username,
            password=chosen.ari_password.get_secret_value(),
            application=f"{APPLICATION_PREFIX}-{secrets.token_hex(3)}",
        )
    )


def ami_connection(chosen: Settings, events: str) -> AmiConnection:
    """Return a connection to AMI that gets these classes of events.

    Reloads have a connection of their own: AMI does one action after the other, and no ringing may wait for them.
    """
    return AmiConnection(
        AmiAddress(
            host=LOOPBACK,
            port=chosen.ami_port,
            username=chosen.ami_username,
            password=chosen.ami_password.get_secret_value(),
            events=events,
        )
    )


def database_watch(policy: PolicyHolder, seconds: float) -> Callable[[], Awaitable[None]]:
    """Return what asks every so many seconds whether the database answers, for health alone."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                async with (
                    asyncio.timeout(DATABASE_SECONDS),
                    connected(database_url(), seconds=DATABASE_SECONDS) as it,
                ):
                    await it.fetchval("SELECT 1")
            except (*LOST, asyncpg.PostgresError) as error:
                policy.database_error = f"{type(error).__name__}: {error}"
            else:
                policy.database_error = None

    return watch


def mail_spool(chosen: Settings) -> MailSpool:
    """Return the spool, with a sender where a mail server is set."""
    send = smtp_sender(chosen.smtp_host, chosen.smtp_port, chosen.mail_from) if chosen.smtp_host else None
    return MailSpool(chosen.mail_spool, send)


def asterisk_follower(chosen: Settings, ari: AriConnection, reloading: AmiConnection) -> Follower:
    """Return what writes what Asterisk knows of a snapshot, and has it take in what it cannot look up by itself.

    What could not be done stays owed, also when the next snapshot changes nothing.
    """
    owed: dict[str, None] = {}
    ami, made = Ami(reloading), MadeRows()

    async def follow(snapshot: Snapshot) -> None:
        written = await asyncio.to_thread(write_policy, snapshot, chosen, made)
        owed.update(dict.fromkeys(modules_to_reload(written)))
        log.info("asterisk_written", rows=written.rows, policy_revision=snapshot.policy.revision)
        removed = await asyncio.to_thread(removed_accounts, replica_path(chosen))
        if owed or removed:
            async with asyncio.timeout(AMI_SECONDS):
                await reloading.wait_until_connected()
        for module in list(owed):
            await ami.reload(module)
            del owed[module]
            log.info("asterisk_reloaded", module=module, policy_revision=snapshot.policy.revision)
        for account in removed:
            await end_registrations(ami, ari, account)
            await asyncio.to_thread(forget_account, replica_path(chosen), account)

    return follow


def speech_follower(speech: Speech) -> Follower:
    """Return what makes the speech of the policy's texts ahead of the calls."""

    async def follow(snapshot: Snapshot) -> None:
        await speech.prepare(policy_texts(snapshot.policy))

    return follow


def variables_maker(speech: Speech) -> Callable[[Decision, str], dict[str, str]]:
    """Return what turns a decision and its id into channel variables."""

    def make(decision: Decision, decision_id: str) -> dict[str, str]:
        return {**plan_variables(decision.plan, speech.sound), DECISION_VARIABLE: decision_id}

    return make


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
