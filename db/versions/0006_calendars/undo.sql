-- Takes back what the other files made: calendars are forgotten, and what they said of times to come with them; what is
-- past stays as absences.
-- squawk-ignore-file ban-drop-table, ban-drop-column, ban-drop-function, ban-drop-trigger

SELECT FROM policy_revision FOR UPDATE;

DELETE FROM calendar_feed;
SET CONSTRAINTS ALL IMMEDIATE; -- what waits for the end of the transaction would forbid changing the tables

DROP TABLE calendar_reading;
DROP TABLE calendar_feed;
DROP FUNCTION policy_calendar_due();
DROP FUNCTION policy_calendar_gone();
DROP FUNCTION policy_check_calendar_feed();
DROP FUNCTION policy_is_calendar_url(text);

DROP TRIGGER "Policy_calendar_event_once" ON absence;
DROP TRIGGER policy_check_row_calendar ON absence;
DROP FUNCTION policy_check_calendar_event();
ALTER TABLE absence DROP COLUMN calendar_event;

CREATE OR REPLACE FUNCTION policy_own_organisation(in_table text, own jsonb) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN in_table = 'organisation' THEN (own ->> 'id')::integer
        WHEN own ? 'organisation_id' THEN (own ->> 'organisation_id')::integer
        WHEN in_table = 'answering_place' THEN policy_organisation_of('unit', (own ->> 'unit_id')::integer)
        WHEN in_table IN ('diversion', 'exemption')
            THEN policy_organisation_of('extension', (own ->> 'extension_id')::integer)
        WHEN in_table = 'absence' THEN policy_organisation_of('person', (own ->> 'person_id')::integer)
        WHEN in_table IN ('duty_level', 'duty_shift')
            THEN policy_organisation_of('duty_roster', (own ->> 'duty_roster_id')::integer)
    END
$$;

CREATE OR REPLACE FUNCTION policy_masked(changed jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT changed
        || CASE WHEN changed ->> 'sip_password' IS NULL THEN '{}' ELSE '{"sip_password": "***"}'::jsonb END
        || CASE WHEN changed ->> 'pin' IS NULL THEN '{}' ELSE '{"pin": "***"}'::jsonb END
$$;
