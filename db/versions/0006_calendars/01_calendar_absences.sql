-- Absences that stand in a person's calendar (R10): each names its event by a digest, for a calendar's own names of
-- events may tell what nobody else is to know. Whoever reads calendars makes and removes these rows and no other.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint
-- The column is new and empty: no check of it can hold anybody up.

-- As every change of the policy does, before any table is locked: whoever changes it now is waited for.
SELECT FROM policy_revision FOR UPDATE;

ALTER TABLE absence ADD COLUMN calendar_event text;
ALTER TABLE absence
ADD CONSTRAINT absence_calendar_event_form CHECK (calendar_event ~ '^[0-9a-f]{32}$'),
ADD CONSTRAINT absence_calendar_event_ends CHECK (calendar_event IS NULL OR returns_at IS NOT NULL),
ADD CONSTRAINT absence_calendar_event_once UNIQUE (person_id, calendar_event) DEFERRABLE;

CREATE FUNCTION policy_check_calendar_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.calendar_event !~ '^[0-9a-f]{32}$' THEN
        PERFORM policy_refuse(
            'absence', 'absence_calendar_event_form',
            'absence.calendar_event fylls i när en kalender läses, med 32 tecken 0–9 och a–f. Lämna kolumnen tom för '
            'en frånvaro som någon själv anmäler.',
            'Leave it NULL: only the reading of a calendar sets it, to 32 hexadecimal digits.'
        );
    ELSIF NEW.calendar_event IS NOT NULL AND NEW.returns_at IS NULL THEN
        PERFORM policy_refuse(
            'absence', 'absence_calendar_event_ends',
            'En frånvaro ur en kalender måste ha ett slut: fyll i returns_at, eller töm calendar_event.',
            'What stands in a calendar has an end. Set returns_at, or calendar_event to NULL.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row_calendar BEFORE INSERT OR UPDATE ON absence
FOR EACH ROW EXECUTE FUNCTION policy_check_calendar_event();
CREATE CONSTRAINT TRIGGER "Policy_calendar_event_once" AFTER INSERT OR UPDATE ON absence DEFERRABLE
FOR EACH ROW WHEN (NEW.calendar_event IS NOT NULL) EXECUTE FUNCTION policy_check_once(
    'absence_calendar_event_once', 'En frånvaro för den händelsen i kalendern', 'person_id', 'calendar_event'
);
