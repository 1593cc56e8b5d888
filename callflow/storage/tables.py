"""The tables of the policy database, as SQLAlchemy sees them; `db/versions` makes them, with their guards.

A *target* (where a call goes) is six nullable columns with a common prefix, exactly one of them set.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()

PRESENT_ACTOR = "COALESCE(NULLIF(current_setting('callflow.actor'::text, true), ''::text), (SESSION_USER)::text)"
"""Who changes the policy, as PostgreSQL writes it."""
PRESENT_DECISION = "NULLIF(current_setting('callflow.decision'::text, true), ''::text)"
"""The call that changes the policy, as PostgreSQL writes it."""


def _id() -> Column[int]:
    return Column("id", Integer, Identity(always=False), primary_key=True)


def _reference(name: str, table: str, *, required: bool = False, cascade: bool = False) -> Column[int]:
    action = "CASCADE" if cascade else None
    # Deferred: rows that refer to each other may come in any order within a transaction.
    key = ForeignKey(f"{table}.id", ondelete=action, deferrable=True, initially="DEFERRED")
    return Column(name, Integer, key, nullable=not required)


def _text(name: str, *, required: bool = True) -> Column[str]:
    return Column(name, Text, nullable=not required)


def _instant(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=not required)


def _target(prefix: str) -> list[Column[int] | Column[str]]:
    return [
        _reference(f"{prefix}_extension_id", "extension"),
        _reference(f"{prefix}_unit_id", "unit"),
        _reference(f"{prefix}_ring_group_id", "ring_group"),
        _reference(f"{prefix}_mailbox_id", "mailbox"),
        _reference(f"{prefix}_switchboard_id", "organisation"),
        _text(f"{prefix}_number", required=False),
    ]


holiday_calendar = Table("holiday_calendar", metadata, _id(), _text("name"))

holiday = Table(
    "holiday",
    metadata,
    _id(),
    _reference("holiday_calendar_id", "holiday_calendar", required=True, cascade=True),
    Column("date", Date, nullable=False),
    _text("name"),
    Column("half_day", Boolean, nullable=False, server_default="false"),
)

organisation = Table(
    "organisation",
    metadata,
    _id(),
    _text("key"),
    _text("name"),
    _text("main_number"),
    Column("language", Text, nullable=False, server_default="sv"),
    Column("time_zone", Text, nullable=False, server_default="Europe/Stockholm"),
    _reference("operator_group_id", "ring_group"),
    _reference("switchboard_schedule_id", "schedule"),
    _reference("duty_roster_id", "duty_roster"),
    _reference("mailbox_id", "mailbox"),
    _reference("holiday_calendar_id", "holiday_calendar"),
    Column("ring_tone_ms", Integer, nullable=False, server_default="1000"),
    Column("ring_pause_ms", Integer, nullable=False, server_default="5000"),
    Column("outside_diversion_days", SmallInteger, nullable=True),
    Column("absence_date_order", Text, nullable=False, server_default="MMDD"),
    Column("message_owner_hours", SmallInteger, nullable=True, server_default="4"),
    Column("message_contact_hours", SmallInteger, nullable=True, server_default="8"),
    Column("history_days", SmallInteger, nullable=False, server_default="365"),
)

number_range = Table(
    "number_range",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _text("first_number"),
    _text("last_number"),
    _text("short_prefix"),
    Column("short_digits", SmallInteger, nullable=False, server_default="4"),
)

schedule = Table(
    "schedule",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _text("name"),
    Column("open_on_holidays", Boolean, nullable=False, server_default="false"),
    Column("half_day_closes", Time, nullable=True, server_default="12:00"),
)

schedule_hours = Table(
    "schedule_hours",
    metadata,
    _id(),
    _reference("schedule_id", "schedule", required=True, cascade=True),
    Column("weekday", SmallInteger, nullable=False),
    Column("opens", Time, nullable=False),
    Column("closes", Time, nullable=False),
)

schedule_exception = Table(
    "schedule_exception",
    metadata,
    _id(),
    _reference("schedule_id", "schedule", required=True, cascade=True),
    Column("first_date", Date, nullable=False),
    Column("last_date", Date, nullable=False),
    _text("name"),
)

schedule_exception_hours = Table(
    "schedule_exception_hours",
    metadata,
    _id(),
    _reference("schedule_exception_id", "schedule_exception", required=True, cascade=True),
    Column("opens", Time, nullable=False),
    Column("closes", Time, nullable=False),
)

unit = Table(
    "unit",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _reference("parent_id", "unit"),
    _text("name"),
    _text("number", required=False),
    Column("confidential", Boolean, nullable=False, server_default="false"),
    Column("presents", Text, nullable=False, server_default="own"),
    _reference("manager_id", "person"),
    _reference("telephone_contact_id", "person"),
    _reference("telephone_schedule_id", "schedule"),
    _reference("working_schedule_id", "schedule"),
    *_target("duty_phone"),
    _reference("duty_roster_id", "duty_roster"),
    _reference("mailbox_id", "mailbox"),
)

answering_place = Table(
    "answering_place",
    metadata,
    _id(),
    _reference("unit_id", "unit", required=True, cascade=True),
    Column("position", SmallInteger, nullable=False),
    *_target("to"),
    Column("ring_limit", SmallInteger, nullable=False, server_default="4"),
)

unit_override = Table(
    "unit_override",
    metadata,
    _id(),
    _reference("unit_id", "unit", required=True, cascade=True),
    Column("is_open", Boolean, nullable=False),
    _instant("starts_at", required=True),
    _instant("ends_at", required=True),
    Column("set_by", Text, nullable=False, server_default=text(PRESENT_ACTOR)),
)

person = Table(
    "person",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _reference("unit_id", "unit"),
    _text("given_name"),
    _text("family_name"),
    _text("email", required=False),
)

extension = Table(
    "extension",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _reference("unit_id", "unit", required=True),
    _reference("person_id", "person"),
    _text("number"),
    Column("kind", Text, nullable=False, server_default="desk"),
    _text("name", required=False),
    _text("sip_username", required=False),
    _text("sip_password", required=False),
    _text("mobile_number", required=False),
    Column("mobile_confirms", Boolean, nullable=False, server_default="true"),
    Column("ring_limit", SmallInteger, nullable=False, server_default="4"),
    _reference("mailbox_id", "mailbox"),
    Column("locked", Boolean, nullable=False, server_default="false"),
)

ring_group = Table(
    "ring_group",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _text("name"),
)

ring_group_member = Table(
    "ring_group_member",
    metadata,
    _id(),
    _reference("ring_group_id", "ring_group", required=True, cascade=True),
    _reference("extension_id", "extension", required=True, cascade=True),
)

mailbox = Table(
    "mailbox",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _text("number"),
    _text("name"),
    _text("email", required=False),
    Column("language", Text, nullable=False, server_default="sv"),
    _text("pin"),
)

diversion = Table(
    "diversion",
    metadata,
    _id(),
    _reference("extension_id", "extension", required=True, cascade=True),
    _text("condition"),
    *_target("to"),
    Column("rings", SmallInteger, nullable=True),
    _instant("ends_at"),
)

absence_reason = Table(
    "absence_reason",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _text("digit"),
    _text("text_sv"),
    _text("text_en"),
    Column("tell_external", Boolean, nullable=False, server_default="true"),
    Column("still_rings", Boolean, nullable=False, server_default="false"),
    Column("returns_by_date", Boolean, nullable=False, server_default="false"),
)

absence = Table(
    "absence",
    metadata,
    _id(),
    _reference("person_id", "person", required=True, cascade=True),
    _reference("reason_id", "absence_reason", required=True),
    _instant("starts_at", required=True),
    _instant("returns_at"),
    *_target("referral"),
    _text("calendar_event", required=False),
)

calendar_feed = Table(
    "calendar_feed",
    metadata,
    _id(),
    _reference("person_id", "person", required=True, cascade=True),
    _text("url"),
    _reference("reason_id", "absence_reason", required=True),
)

calendar_reading = Table(
    "calendar_reading",
    metadata,
    Column("feed_id", Integer, ForeignKey("calendar_feed.id", ondelete="CASCADE"), primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    _instant("read_at"),
    _instant("whole_at"),
    _text("problem", required=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    _text("etag", required=False),
    _text("modified", required=False),
)

duty_roster = Table(
    "duty_roster",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _text("name"),
    _reference("mailbox_id", "mailbox", required=True),
)

duty_level = Table(
    "duty_level",
    metadata,
    _id(),
    _reference("duty_roster_id", "duty_roster", required=True, cascade=True),
    Column("level", SmallInteger, nullable=False),
    *_target("standing"),
    Column("ring_limit", SmallInteger, nullable=False, server_default="4"),
)

duty_shift = Table(
    "duty_shift",
    metadata,
    _id(),
    _reference("duty_roster_id", "duty_roster", required=True, cascade=True),
    Column("level", SmallInteger, nullable=False),
    _instant("starts_at", required=True),
    _instant("ends_at", required=True),
    *_target("to"),
    Column("taken_over", Boolean, nullable=False, server_default="false"),
)

number_class = Table(
    "number_class",
    metadata,
    _id(),
    _text("prefix"),
    _text("category"),
    _text("note", required=False),
)

barring = Table(
    "barring",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", cascade=True),
    _reference("unit_id", "unit", cascade=True),
    _reference("extension_id", "extension", cascade=True),
    _text("category"),
    _text("reason"),
)

exemption = Table(
    "exemption",
    metadata,
    _id(),
    _reference("extension_id", "extension", required=True, cascade=True),
    _text("category"),
    _reference("approver_id", "person", required=True),
    _text("reason"),
    _instant("starts_at", required=True),
    _instant("ends_at", required=True),
)

feature_code = Table(
    "feature_code",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", required=True, cascade=True),
    _text("code"),
    _text("action"),
)

lock_attempt = Table(
    "lock_attempt",
    metadata,
    _id(),
    _reference("extension_id", "extension", required=True, cascade=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    _text("actor"),
)

voicemail_message = Table(
    "voicemail_message",
    metadata,
    _id(),
    Column("mailbox_id", Integer, ForeignKey("mailbox.id", ondelete="CASCADE"), nullable=False),
    _text("spool"),
    _text("key"),
    _text("caller_number", required=False),
    _instant("left_at", required=True),
    Column("seconds", Integer, nullable=False),
    Column("urgent", Boolean, nullable=False, server_default="false"),
    Column("state", Text, nullable=False, server_default="unheard"),
    _instant("heard_at"),
    _instant("gone_at"),
    _instant("ended_at"),
    _text("ended_by", required=False),
    _instant("owner_reminded_at"),
    _instant("contact_reminded_at"),
)

outbox_recipient = Table(
    "outbox_recipient",
    metadata,
    _id(),
    _reference("organisation_id", "organisation", cascade=True),
    _text("kind", required=False),
    _text("name"),
    _text("webhook_url"),
    _text("secret"),
)

outbox_order = Table(
    "outbox_order",
    metadata,
    _id(),
    Column("key", UUID, nullable=False, server_default=text("gen_random_uuid()")),
    _text("kind"),
    Column("organisation_id", Integer, nullable=False),
    Column("extension_id", Integer, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    _text("reason", required=False),
    _text("receipt", required=False),
    _instant("delivered_at"),
)

trunk = Table(
    "trunk",
    metadata,
    _id(),
    Column("position", SmallInteger, nullable=False),
    _text("host"),
    Column("port", Integer, nullable=False, server_default="5060"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _instant("at", required=True),
    _text("actor"),
    _text("table_name"),
    Column("row_id", BigInteger, nullable=True),
    _text("action"),
    Column("old", JSONB, nullable=True),
    Column("new", JSONB, nullable=True),
    Column("revision", BigInteger, nullable=False),
    Column("decision_id", Text, nullable=True, server_default=text(PRESENT_DECISION)),
)

policy_revision = Table(
    "policy_revision",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default="true"),
    Column("revision", BigInteger, nullable=False),
    _instant("changed_at", required=True),
)
