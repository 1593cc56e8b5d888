-- What Asterisk looks up by itself at each call and registration: the phones, the mailboxes and the net's numbers.
-- `callflow serve` writes the tables, one transaction a change; Asterisk only reads, through the views, which are
-- named and shaped as its realtime families want them (asterisk-conf/extconfig.conf). What is the same for all phones
-- stands once, in the view. Asterisk drops what is NULL or empty, and then its own default holds.

CREATE TABLE phone (
    username TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    number TEXT NOT NULL,
    callerid TEXT NOT NULL,
    privacy TEXT NOT NULL,
    language TEXT NOT NULL,
    mailbox TEXT,
    shown TEXT NOT NULL,
    shown_name TEXT NOT NULL,
    locked INTEGER NOT NULL,
    removed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX phone_by_number ON phone (number);

CREATE TABLE mailbox (
    number TEXT PRIMARY KEY,
    pin TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    language TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE number (
    number TEXT PRIMARY KEY,
    short TEXT,
    arguments TEXT NOT NULL
) WITHOUT ROWID;

-- Who wrote last.
CREATE TABLE written (token TEXT NOT NULL);

CREATE INDEX number_by_short ON number (short);

-- Nothing here may show a suppressed number: no Diversion, no History-Info, no RPID, no connected line.
-- set_var takes one variable a column: the number that the phone has, whatever it says.
CREATE VIEW ps_endpoints AS
SELECT
    username AS id,
    username AS auth,
    username AS aors,
    callerid,
    privacy AS callerid_privacy,
    language,
    'CALLFLOW_NUMBER=' || number AS set_var,
    mailbox AS mailboxes,
    'from-phone' AS context,
    'transport-udp' AS transport,
    '!all,alaw,ulaw,g722' AS allow,
    'no' AS direct_media,
    'yes' AS rtp_symmetric,
    'yes' AS force_rport,
    'yes' AS rewrite_contact,
    'auto' AS dtmf_mode,
    'no' AS inband_progress,
    'se' AS tone_zone,
    'auth_username,username' AS identify_by,
    'no' AS trust_id_inbound,
    'no' AS trust_id_outbound,
    'yes' AS send_pai,
    'no' AS send_rpid,
    'no' AS send_diversion,
    'no' AS send_history_info,
    'no' AS trust_connected_line,
    'yes' AS allow_transfer,
    'yes' AS allow_subscribe,
    'callflow-none' AS subscribe_context,
    'yes' AS mwi_subscribe_replaces_unsolicited
FROM phone WHERE removed = 0;

CREATE VIEW ps_auths AS
SELECT username AS id, 'userpass' AS auth_type, username, password FROM phone WHERE removed = 0;

-- One phone an account: the one that registered last. (PJSIP/<account> would ring only the first of several.)
-- No qualify: 15,000 phones would cost more than they tell; Dial gives up a dead one by itself.
-- A removed account keeps its AOR until what registered there is gone: without it, nobody could find that.
CREATE VIEW ps_aors AS
SELECT
    username AS id,
    1 AS max_contacts,
    'yes' AS remove_existing,
    0 AS qualify_frequency,
    60 AS minimum_expiration,
    3600 AS default_expiration,
    7200 AS maximum_expiration
FROM phone;

CREATE VIEW voicemail AS
SELECT
    number AS mailbox,
    'callflow' AS context,
    pin AS password,
    name AS fullname,
    email,
    language,
    'swedish' AS tz,
    'yes' AS attach,
    NULL AS uniqueid
FROM mailbox;

-- What is dialled, whole or short.
CREATE VIEW net AS
SELECT number AS dialled, arguments FROM number
UNION ALL
SELECT short AS dialled, arguments FROM number WHERE short IS NOT NULL;

-- How a call from the phone shows itself outside (R17): a number or `hidden`, and a name, which has no `|` in it. Only
-- the net looks here; where a service answers, the plan says it.
CREATE VIEW shown AS SELECT username AS account, shown || '|' || shown_name AS shown FROM phone WHERE removed = 0;

CREATE VIEW locked AS SELECT number, locked FROM phone WHERE locked = 1 AND removed = 0;
