-- Duty taken over (R7): a shift that wins over the planned ones of its level, which stay as they are.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint
-- The new constraint is wider than the one that it replaces: every row there keeps it.

ALTER TABLE duty_shift ADD COLUMN taken_over boolean NOT NULL DEFAULT false;

ALTER TABLE duty_shift
DROP CONSTRAINT duty_shift_no_overlap,
ADD CONSTRAINT duty_shift_no_overlap EXCLUDE USING gist (
    duty_roster_id WITH =, level WITH =, (taken_over::integer) WITH =, tstzrange(starts_at, ends_at) WITH &&
) DEFERRABLE;

CREATE OR REPLACE FUNCTION policy_check_shift_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    SELECT s.starts_at, s.ends_at, r.name AS roster INTO other
    FROM duty_shift AS s JOIN duty_roster AS r ON r.id = s.duty_roster_id
    WHERE s.id <> NEW.id AND s.duty_roster_id = NEW.duty_roster_id AND s.level = NEW.level
        AND s.taken_over = NEW.taken_over AND tstzrange(s.starts_at, s.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at)
    ORDER BY s.starts_at LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'duty_shift', 'duty_shift_no_overlap',
            format('Jourlistan %s, nivå %s: passet %s–%s går in i passet %s–%s. Bara en har jour på varje nivå: '
                   'ändra tiderna.', other.roster, NEW.level, NEW.starts_at, NEW.ends_at, other.starts_at,
                   other.ends_at),
            'Shifts of one level do not overlap; one may end at the instant when the next begins.', '23P01'
        );
    END IF;
    RETURN NULL;
END
$$;
