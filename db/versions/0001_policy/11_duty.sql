-- Duty rosters, their levels of escalation and their shifts (R7).
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

ALTER TABLE duty_roster ADD CONSTRAINT duty_roster_name_text CHECK (policy_is_plain_text(name));
ALTER TABLE duty_level
ADD CONSTRAINT duty_level_level_range CHECK (level BETWEEN 1 AND 9),
ADD CONSTRAINT duty_level_once UNIQUE (duty_roster_id, level) DEFERRABLE,
ADD CONSTRAINT duty_level_ring_limit_rings CHECK (policy_is_ring_limit(ring_limit));
ALTER TABLE duty_shift
ADD CONSTRAINT duty_shift_starts_at_time CHECK (policy_is_time(starts_at)),
ADD CONSTRAINT duty_shift_ends_at_time CHECK (policy_is_time(ends_at)),
ADD CONSTRAINT duty_shift_ends_at_order CHECK (starts_at < ends_at),
ADD CONSTRAINT duty_shift_no_overlap EXCLUDE USING gist (
    duty_roster_id WITH =, level WITH =, tstzrange(starts_at, ends_at) WITH &&
) DEFERRABLE;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON duty_roster
FOR EACH ROW EXECUTE FUNCTION policy_check_name();

-- Checked from both sides: nobody's urgent message may end in a mailbox that mails it to no one.
CREATE FUNCTION policy_check_duty_mail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    without record;
BEGIN
    SELECT r.name AS roster, m.number AS mailbox INTO without
    FROM duty_roster AS r JOIN mailbox AS m ON m.id = r.mailbox_id
    WHERE m.email IS NULL AND NEW.id = CASE TG_TABLE_NAME WHEN 'mailbox' THEN m.id ELSE r.id END LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, 'duty_roster_mailed',
            format('Jourlistan %s slutar i röstbrevlåda %s, som saknar e-postadress: brådskande meddelanden skulle bli '
                   'liggande. Fyll i mailbox.email eller välj en annan brevlåda (R7).',
                   without.roster, without.mailbox),
            'The mailbox of a duty roster mails its messages at once: give it an email.'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_mailed" AFTER INSERT OR UPDATE ON duty_roster DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION policy_check_duty_mail();
CREATE CONSTRAINT TRIGGER "Policy_mailed" AFTER UPDATE ON mailbox DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.email IS NULL) EXECUTE FUNCTION policy_check_duty_mail();

CREATE FUNCTION policy_check_duty_level() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_ring_limit('duty_level', 'ring_limit', NEW.ring_limit);
    IF (NEW.level BETWEEN 1 AND 9) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'duty_level', 'duty_level_level_range',
            format('Journivåer numreras 1 (först) till 9, inte %s.', coalesce(NEW.level::text, 'tomt')),
            'Levels of escalation are 1 (first) to 9.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON duty_level
FOR EACH ROW EXECUTE FUNCTION policy_check_duty_level();
CREATE CONSTRAINT TRIGGER "Policy_once" AFTER INSERT OR UPDATE ON duty_level DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once('duty_level_once', 'Journivån', 'duty_roster_id', 'level');

CREATE FUNCTION policy_check_duty_shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_time('duty_shift', 'starts_at', policy_is_time(NEW.starts_at));
    PERFORM policy_require_time('duty_shift', 'ends_at', policy_is_time(NEW.ends_at));
    PERFORM policy_require_order('duty_shift', 'starts_at', 'ends_at', NEW.starts_at < NEW.ends_at);
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON duty_shift
FOR EACH ROW EXECUTE FUNCTION policy_check_duty_shift();

CREATE FUNCTION policy_check_shift_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    SELECT s.starts_at, s.ends_at, r.name AS roster INTO other
    FROM duty_shift AS s JOIN duty_roster AS r ON r.id = s.duty_roster_id
    WHERE s.id <> NEW.id AND s.duty_roster_id = NEW.duty_roster_id AND s.level = NEW.level
        AND tstzrange(s.starts_at, s.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at)
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

CREATE CONSTRAINT TRIGGER "Policy_overlap" AFTER INSERT OR UPDATE ON duty_shift DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_shift_overlap();

-- From both sides: a shift has a level, and a level with shifts stays.
CREATE FUNCTION policy_check_shift_level() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    roster text;
    missing integer;
BEGIN
    SELECT r.name, s.level INTO roster, missing
    FROM duty_shift AS s JOIN duty_roster AS r ON r.id = s.duty_roster_id
    WHERE CASE TG_TABLE_NAME
            WHEN 'duty_shift' THEN s.id = NEW.id ELSE s.duty_roster_id = OLD.duty_roster_id AND s.level = OLD.level
        END
        AND NOT EXISTS (
            SELECT FROM duty_level AS l WHERE l.duty_roster_id = s.duty_roster_id AND l.level = s.level
        )
    ORDER BY s.level LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'duty_shift', 'duty_shift_level_exists',
            format('Jourlistan %s har pass på nivå %s, men den nivån finns inte. Lägg upp nivån i duty_level eller '
                   'flytta passen.', roster, missing),
            'Every shift needs its level in duty_level. Add the level or move the shifts.', '23503'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_level" AFTER INSERT OR UPDATE OF duty_roster_id, level ON duty_shift
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION policy_check_shift_level();
CREATE CONSTRAINT TRIGGER "Policy_level" AFTER UPDATE OR DELETE ON duty_level
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION policy_check_shift_level();
