-- Takes away everything that the other files made, with all policy in it. The extension btree_gist stays: others
-- may use it.
-- squawk-ignore-file ban-drop-table

DROP TABLE IF EXISTS
    absence, absence_reason, answering_place, audit, barring, diversion, duty_level, duty_roster, duty_shift, exemption,
    extension, feature_code, holiday, holiday_calendar, mailbox, number_class, number_range, organisation, person,
    policy_revision, ring_group, ring_group_member, schedule, schedule_exception, schedule_exception_hours,
    schedule_hours, unit CASCADE;

DO $$
DECLARE
    made record;
BEGIN
    FOR made IN
        SELECT p.oid::regprocedure AS name
        FROM pg_proc AS p
        WHERE p.proname LIKE 'policy\_%' AND p.pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', made.name);
    END LOOP;
END
$$;
