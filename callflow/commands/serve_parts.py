"""The parts of `callflow serve`, put together."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from callflow.asterisk.ami import Ami
from callflow.asterisk.ari import Ari
from callflow.asterisk.clock_set_back import ClockSetBack
from callflow.asterisk.log_files import LogFiles
from callflow.asterisk.lookups import Lookups
from callflow.asterisk.lost_calls import LostCalls
from callflow.asterisk.message_files import MessageFiles
from callflow.asterisk.plan_variables import plan_variables
from callflow.asterisk.policy_files import (
    PJSIP,
    REPLICA_MODULE,
    modules_to_reload,
    opened,
    replica_path,
    write_policy,
)
from callflow.asterisk.registrations import end_registrations
from callflow.asterisk.replica import forget_account
from callflow.asterisk.replica_rows import MadeRows
from callflow.calendars.source import WebCalendars
from callflow.commands.serve_connections import Connections, connections, connections_facts
from callflow.commands.shared import database_url
from callflow.config import Settings, SmtpTls
from callflow.embedded.tools import Tools
from callflow.errors import CallflowError
from callflow.logs import Lines
from callflow.policy.decision import Decision
from callflow.policy.evaluate import decide
from callflow.policy.policy_texts import policy_texts
from callflow.service.calendars import CalendarReader
from callflow.service.call_log import call_log
from callflow.service.calls import CallControl
from callflow.service.dialled import hide_by
from callflow.service.disks import Disks
from callflow.service.fault_watch import presentation_watch, sip_watch
from callflow.service.feature_changes import settle_by
from callflow.service.health import Health
from callflow.service.health_parts import (
    Facts,
    calendars_facts,
    calls_facts,
    connection_facts,
    database_facts,
    mail_facts,
    messages_facts,
    outbox_facts,
    parts_facts,
    pins_facts,
    policy_facts,
    rows_facts,
)
from callflow.service.lost_phones import LostPhones
from callflow.service.machine import Machine
from callflow.service.mail import MailSpool, SmtpServer, smtp_sender
from callflow.service.messages import MessageFollowUp
from callflow.service.outbox import OutboxDelivery
from callflow.service.pauses import collect_garbage
from callflow.service.pin_changes import PinChanges
from callflow.service.policy_holder import Follower, PolicyHolder
from callflow.service.ports import Snapshot, Speech
from callflow.service.retention import Retention
from callflow.service.ring_guard import RingGuard
from callflow.service.running import Parts
from callflow.service.systemd import Systemd
from callflow.service.webhook import post
from callflow.speech.policy_speech import PolicySpeech
from callflow.speech.recorded_names import RecordedNames
from callflow.storage.calendar_feeds import PostgresCalendars
from callflow.storage.messages import PostgresMessages
from callflow.storage.outbox import PostgresOutbox
from callflow.storage.phone_changes import PostgresChanges
from callflow.storage.pins import pin_store
from callflow.storage.retention import forget_in
from callflow.storage.snapshot_file import JsonSnapshotFile
from callflow.storage.store import PostgresPolicyStore

log = structlog.get_logger(__name__)

AMI_SECONDS = 5.0
"""How long what Asterisk must take in waits for it, and the next change with it."""


class ServiceStartError(CallflowError):
    """The service cannot start as it is set up."""

    code = "service_start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts that run side by side, and those that a start, a stop and health need by name."""

    parts: Parts
    policy: PolicyHolder
    control: CallControl
    guard: RingGuard
    mail: MailSpool
    outbox: OutboxDelivery
    changes: PostgresChanges
    calendars: PostgresCalendars
    health: Health
    systemd: Systemd


def compose(chosen: Settings) -> Service:
    """Put the parts together; nothing runs or connects yet. Raise `ServiceStartError` when secrets are missing."""
    if not (chosen.ari_password.get_secret_value() and chosen.ami_password.get_secret_value()):
        raise ServiceStartError(
            "CALLFLOW_ARI_PASSWORD and CALLFLOW_AMI_PASSWORD are not set; `callflow run` makes them."
        )
    to, made = connections(chosen), MadeRows()
    switch, names = Ari(to.ari), RecordedNames(chosen.asterisk_folder / "spool")
    speech = PolicySpeech(chosen, Tools(chosen.tools_folder), names.sound)
    reloading, machine, disks = Ami(to.reloading), Machine(), Disks(*folders_written(chosen))
    lookups = Lookups(reloading, lambda: machine.jumps + made.writes)
    lost = LostPhones(LostCalls(to.ari))
    followers = {
        "lost": lost.follow,
        "asterisk": asterisk_follower(chosen, to, made, lookups),
        "speech": speech_follower(speech),
    }
    store = PostgresPolicyStore(database_url(), chosen.poll_seconds)
    policy = PolicyHolder(store, JsonSnapshotFile(chosen.snapshot_path), followers)
    changes = PostgresChanges(database_url())
    control = CallControl(
        switch=switch,
        policy=policy,
        decide=decide,
        settle=settle_by(changes, policy),
        plan_variables=variables_maker(speech),
        decided=call_log(Lines(sys.stdout).write, chosen.language, whole=chosen.tryout),
        tryout=chosen.tryout,
    )
    calendars = PostgresCalendars(database_url())
    pins = PinChanges(chosen.pin_spool, pin_store(database_url()))
    reader = CalendarReader(calendars, WebCalendars(local=chosen.calendar_local), chosen.calendar_seconds)
    mail = mail_spool(chosen)
    messages = MessageFollowUp(
        mailboxes=MessageFiles(chosen.asterisk_folder / "spool"),
        store=PostgresMessages(database_url()),
        policy=policy,
        post=mail.post,
        sender=chosen.mail_from,
    )
    guard = RingGuard(Ami(to.ami), hide_by(policy), messages.take, names.take)
    outbox = OutboxDelivery(PostgresOutbox(database_url()), post)
    sip = sip_watch(switch.sip_faults, lambda: reloading.reload(PJSIP))
    presentation = presentation_watch(switch.presentation_faults)
    parts = Parts(
        {
            "policy": policy.run,
            "ari": to.ari.run,
            "ami": to.ami.run,
            "reloading": to.reloading.run,
            "calls": control.run,
            "guard": guard.run,
            "lost": lost.run,
            "presentation": presentation.run,
            "sip": sip.run,
            "garbage": collect_garbage,
            "mail": mail.run,
            "pins": pins.run,
            "messages": messages.run,
            "outbox": outbox.run,
            "calendars": reader.run,
            "retention": Retention(forget_in(database_url())).run,
            "machine": machine.run,
            "disks": disks.run,
            "names": names.run,
            "lookups": lookups.run,
            "clock": ClockSetBack(switch, lambda: machine.set_back).run,
            "logs": LogFiles(chosen.asterisk_folder / "log", reloading).run,
        }
    )
    facts: dict[str, Callable[[], Facts]] = {
        **connections_facts(to),
        "presentation": lambda: connection_facts(presentation.state),
        "sip": lambda: connection_facts(sip.state),
        "database": lambda: database_facts(policy),
        "policy": lambda: policy_facts(policy),
        "rows": lambda: rows_facts(made.left_out),
        "mail": lambda: mail_facts(mail),
        "pins": lambda: pins_facts(pins),
        "messages": lambda: messages_facts(messages),
        "outbox": lambda: outbox_facts(outbox),
        "calendars": lambda: calendars_facts(reader),
        "calls": lambda: calls_facts(control),
        "parts": lambda: parts_facts(parts),
        **machine.facts(),
        "disk": disks.facts,
    }
    health = Health(facts, application=to.ari.application)
    systemd = Systemd.from_environment(health, parts.alive)
    parts.add("health", health.run)
    parts.add("systemd", systemd.run)
    return Service(
        parts=parts,
        policy=policy,
        control=control,
        guard=guard,
        mail=mail,
        outbox=outbox,
        changes=changes,
        calendars=calendars,
        health=health,
        systemd=systemd,
    )


def folders_written(chosen: Settings) -> tuple[Path, ...]:
    """Return where the service and its Asterisk keep anything, the home folder first."""
    asterisk = [chosen.asterisk_folder / name for name in ("spool", "log", "lib")]
    return (chosen.home, chosen.home / "log", chosen.generated_folder, chosen.mail_spool, chosen.pin_spool, *asterisk)


def mail_spool(chosen: Settings) -> MailSpool:
    """Return the spool, with a sender where a mail server is set."""
    send = smtp_sender(smtp_server(chosen), chosen.mail_from) if chosen.smtp_host else None
    return MailSpool(chosen.mail_spool, send)


def smtp_server(chosen: Settings) -> SmtpServer:
    """Return the mail server that is set; where a password is sent, TLS that is only offered is required."""
    ways = {SmtpTls.STARTTLS: True, SmtpTls.OFFERED: True if chosen.smtp_username else None}
    return SmtpServer(
        host=chosen.smtp_host,
        port=chosen.smtp_port,
        tls=chosen.smtp_tls is SmtpTls.IMPLICIT,
        starttls=ways.get(chosen.smtp_tls, False),
        ca=chosen.smtp_ca,
        username=chosen.smtp_username or None,
        password=chosen.smtp_password.get_secret_value() or None,
    )


def asterisk_follower(chosen: Settings, to: Connections, made: MadeRows, lookups: Lookups) -> Follower:
    """Return what writes what Asterisk knows of a snapshot, and has it take in what it cannot look up by itself.

    What could not be done stays owed, also when the next snapshot changes nothing.
    """
    owed: dict[str, None] = {}
    ami = Ami(to.reloading)

    async def follow(snapshot: Snapshot) -> None:
        written = await asyncio.to_thread(write_policy, snapshot, chosen, made)
        owed.update(dict.fromkeys(modules_to_reload(written)))
        if written.rows:
            with suppress(CallflowError):  # an Asterisk that is away is told when it is there
                await lookups.renew()
        log.info("asterisk_written", rows=written.rows, policy_revision=snapshot.policy.revision)
        if owed or written.removed:
            async with asyncio.timeout(AMI_SECONDS):
                await to.reloading.wait_until_connected()
        for module in list(owed):
            await ami.reload(module)
            if module == REPLICA_MODULE:
                await lookups.renew()  # what it keeps may still be of the file before
                await asyncio.to_thread(opened, chosen)
            del owed[module]
            log.info("asterisk_reloaded", module=module, policy_revision=snapshot.policy.revision)
        for account in written.removed:
            await end_registrations(ami, to.ari, account)
            await asyncio.to_thread(forget_account, replica_path(chosen), account, made.standing)

    return follow


def speech_follower(speech: Speech) -> Follower:
    """Return what makes the speech of the policy's texts ahead of the calls."""

    async def follow(snapshot: Snapshot) -> None:
        await speech.prepare(policy_texts(snapshot.policy))

    return follow


def variables_maker(speech: Speech) -> Callable[[Decision, str], dict[str, str]]:
    """Return what turns a decision and its id into channel variables."""

    def make(decision: Decision, decision_id: str) -> dict[str, str]:
        return plan_variables(decision.plan, speech.sound, decision_id)

    return make
