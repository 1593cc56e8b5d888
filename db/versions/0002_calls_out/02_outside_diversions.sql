-- How long a diversion to a number outside may stand (R9): each organisation's own choice, NULL for ever.
-- squawk-ignore-file constraint-missing-not-valid
-- The column is new and empty: no check of it can hold anybody up.

ALTER TABLE organisation ADD COLUMN outside_diversion_days smallint;
ALTER TABLE organisation
ADD CONSTRAINT organisation_outside_diversion_days_range CHECK (outside_diversion_days BETWEEN 1 AND 3650);

CREATE FUNCTION policy_check_outside_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.outside_diversion_days NOT BETWEEN 1 AND 3650 THEN
        PERFORM policy_refuse(
            'organisation', 'organisation_outside_diversion_days_range',
            format('En vidarekoppling till ett nummer utanför kan inte gälla i högst %s dagar. Ange 1 till 3650, eller '
                   'NULL för hur länge som helst.', NEW.outside_diversion_days),
            'outside_diversion_days is 1 to 3650, or NULL for no limit.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_outside_days BEFORE INSERT OR UPDATE ON organisation
FOR EACH ROW EXECUTE FUNCTION policy_check_outside_days();

CREATE FUNCTION policy_is_outside(called text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM policy_number_holders(called)) AND NOT EXISTS (
        SELECT FROM number_range AS r
        WHERE policy_number_span(r.first_number, r.last_number) @> policy_digits(called)
    )
$$;

-- Refuse the first of an organisation's diversions to the outside (of one, or with NULL of all) that stands for longer
-- than it lets them. Two hours are let pass: for summer time, and for a clock that is not the database's.
CREATE FUNCTION policy_require_outside_end(of_organisation integer, of_diversion integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    too_long record;
BEGIN
    SELECT
        e.number, d.to_number, o.name, o.outside_diversion_days AS days,
        coalesce('till ' || to_char(d.ends_at AT TIME ZONE o.time_zone, 'YYYY-MM-DD HH24:MI'), 'utan slut') AS until,
        to_char(
            (clock_timestamp() + make_interval(hours => o.outside_diversion_days * 24)) AT TIME ZONE o.time_zone,
            'YYYY-MM-DD HH24:MI'
        ) AS latest
    INTO too_long
    FROM diversion AS d
    JOIN extension AS e ON e.id = d.extension_id
    JOIN organisation AS o ON o.id = e.organisation_id
    WHERE o.id = of_organisation AND (of_diversion IS NULL OR d.id = of_diversion) AND d.to_number IS NOT NULL
        AND o.outside_diversion_days IS NOT NULL
        AND (d.ends_at <= clock_timestamp() + make_interval(hours => o.outside_diversion_days * 24 + 2)) IS NOT TRUE
        AND policy_is_outside(d.to_number)
    ORDER BY d.id LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'diversion', 'diversion_ends_at_outside',
            format('%s är vidarekopplad till %s %s, men hos %s får en vidarekoppling till ett nummer utanför gälla i '
                   'högst %s dagar. Sätt diversion.ends_at till senast %s.',
                   too_long.number, too_long.to_number, too_long.until, too_long.name, too_long.days, too_long.latest),
            'A diversion to a number outside must end within organisation.outside_diversion_days. Set its ends_at.'
        );
    END IF;
END
$$;

CREATE FUNCTION policy_check_outside_diversion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_outside_end(policy_organisation_of('extension', NEW.extension_id), NEW.id);
    RETURN NULL;
END
$$;

-- At the end of the transaction: a number may become one of ours in it.
CREATE CONSTRAINT TRIGGER "Policy_outside_end" AFTER INSERT OR UPDATE ON diversion DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.to_number IS NOT NULL) EXECUTE FUNCTION policy_check_outside_diversion();

CREATE FUNCTION policy_check_outside_days_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_outside_end(NEW.id, NULL);
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_outside_days_kept" AFTER UPDATE OF outside_diversion_days ON organisation
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.outside_diversion_days IS NOT NULL) EXECUTE FUNCTION policy_check_outside_days_kept();
