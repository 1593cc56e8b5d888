-- For how many days each organisation keeps what is over (R12).
-- squawk-ignore-file constraint-missing-not-valid
-- The column is new and has its default: no check of it can hold anybody up.

-- As every change of the policy does, before any table is locked: whoever changes it now is waited for.
SELECT FROM policy_revision FOR UPDATE;

ALTER TABLE organisation ADD COLUMN history_days smallint NOT NULL DEFAULT 365;
ALTER TABLE organisation
ADD CONSTRAINT organisation_history_days_range CHECK (history_days BETWEEN 1 AND 3650);

CREATE FUNCTION policy_check_history_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.history_days BETWEEN 1 AND 3650) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'organisation', 'organisation_history_days_range',
            format('Det som är över kan inte sparas i %s dagar. Ange organisation.history_days från 1 till 3650.',
                   coalesce(NEW.history_days::text, 'ett okänt antal')),
            'history_days says how long what is over is kept: 1 to 3650 days.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_history_days BEFORE INSERT OR UPDATE ON organisation
FOR EACH ROW EXECUTE FUNCTION policy_check_history_days();
