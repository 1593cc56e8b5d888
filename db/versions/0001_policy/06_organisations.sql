-- Organisations, units and people.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

ALTER TABLE organisation
ADD CONSTRAINT organisation_key_form CHECK (key ~ '^[a-z0-9-]{1,40}$'),
ADD CONSTRAINT organisation_key_once UNIQUE (key) DEFERRABLE,
ADD CONSTRAINT organisation_name_text CHECK (policy_is_plain_text(name)),
ADD CONSTRAINT organisation_main_number_number CHECK (policy_is_number(main_number)),
ADD CONSTRAINT organisation_language_known CHECK (language IN ('sv', 'en')),
ADD CONSTRAINT organisation_cadence
CHECK (ring_tone_ms BETWEEN 100 AND 10000 AND ring_pause_ms BETWEEN 100 AND 10000);

CREATE FUNCTION policy_check_organisation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('organisation', 'name', NEW.name);
    PERFORM policy_require_number('organisation', 'main_number', NEW.main_number);
    PERFORM policy_require_one_of('organisation', 'language', NEW.language, ARRAY['sv', 'en']);
    IF (NEW.key ~ '^[a-z0-9-]{1,40}$') IS NOT TRUE THEN
        PERFORM policy_refuse(
            'organisation', 'organisation_key_form',
            format('organisation.key kan inte vara %s. Använd bara a–z, 0–9 och bindestreck, till exempel umea.',
                   coalesce(quote_literal(NEW.key), 'tom')),
            'A key has 1 to 40 of a-z, 0-9 and hyphen.'
        );
    END IF;
    IF NOT EXISTS (SELECT FROM pg_timezone_names AS z WHERE z.name = NEW.time_zone) THEN
        PERFORM policy_refuse(
            'organisation', 'organisation_time_zone_known',
            format('Tidszonen %s finns inte. Använd ett namn ur tz-databasen, till exempel Europe/Stockholm.',
                   coalesce(quote_literal(NEW.time_zone), 'saknas:')),
            'Choose a name from pg_timezone_names, such as Europe/Stockholm.'
        );
    END IF;
    IF (NEW.ring_tone_ms BETWEEN 100 AND 10000 AND NEW.ring_pause_ms BETWEEN 100 AND 10000) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'organisation', 'organisation_cadence',
            format('En signal kan inte vara %s ms ton och %s ms paus. Ange 100 till 10000 ms för vardera; svensk '
                   'kadens är 1000 och 5000.', NEW.ring_tone_ms, NEW.ring_pause_ms),
            'ring_tone_ms and ring_pause_ms are 100 to 10000 milliseconds each.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON organisation
FOR EACH ROW EXECUTE FUNCTION policy_check_organisation();

-- One row of a table with these values. Arguments: the constraint, what it is in Swedish, the columns.
CREATE FUNCTION policy_check_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own jsonb := to_jsonb(NEW);
    columns text[] := TG_ARGV[2:];
    condition text;
    values_shown text;
    found boolean;
BEGIN
    SELECT
        string_agg(
            format(CASE WHEN own ->> c IS NULL THEN 't.%1$I IS NULL' ELSE 't.%1$I = ($1).%1$I' END, c), ' AND '
        ),
        string_agg(format('%s = %s', c, own ->> c), ', ') FILTER (WHERE own ->> c IS NOT NULL)
    INTO condition, values_shown FROM unnest(columns) AS c;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I AS t WHERE t.id <> ($1).id AND %s)', TG_TABLE_NAME, condition)
    INTO found USING NEW;
    IF found THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, TG_ARGV[0],
            format('%s finns redan (%s med %s). Ändra den raden i stället.', TG_ARGV[1], TG_TABLE_NAME, values_shown),
            format('Only one row of %s may have these values. Update it instead.', TG_TABLE_NAME), '23505'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_key_once" AFTER INSERT OR UPDATE OF key ON organisation DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once('organisation_key_once', 'En organisation med den nyckeln', 'key');

ALTER TABLE unit
ADD CONSTRAINT unit_name_text CHECK (policy_is_plain_text(name)),
ADD CONSTRAINT unit_number_number CHECK (policy_is_number(number)),
ADD CONSTRAINT unit_presents_known CHECK (presents IN ('own', 'unit', 'organisation'));

CREATE FUNCTION policy_check_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('unit', 'name', NEW.name);
    PERFORM policy_require_one_of('unit', 'presents', NEW.presents, ARRAY['own', 'unit', 'organisation']);
    IF NEW.number IS NOT NULL THEN
        PERFORM policy_require_number('unit', 'number', NEW.number);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON unit
FOR EACH ROW EXECUTE FUNCTION policy_check_unit();

CREATE FUNCTION policy_check_unit_tree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    circle text;
BEGIN
    WITH RECURSIVE above AS (
        SELECT u.id, u.parent_id, u.name AS path, 1 AS steps FROM unit AS u WHERE u.id = NEW.id
        UNION ALL
        SELECT u.id, u.parent_id, above.path || ' → ' || u.name, above.steps + 1
        FROM above JOIN unit AS u ON u.id = above.parent_id
        WHERE above.steps < 100 AND (above.id <> NEW.id OR above.steps = 1)
    )
    SELECT above.path INTO circle FROM above
    WHERE above.id = NEW.id AND above.steps > 1 OR above.steps = 100 LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'unit', 'unit_tree',
            format('Enheten %s blir sin egen överordnade: %s. Välj en annan parent_id.', NEW.name, circle),
            'The units form a tree of less than 100 levels. Choose another parent_id.'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_tree" AFTER INSERT OR UPDATE OF parent_id ON unit DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION policy_check_unit_tree();

ALTER TABLE person
ADD CONSTRAINT person_given_name_text CHECK (policy_is_plain_text(given_name)),
ADD CONSTRAINT person_family_name_text CHECK (policy_is_plain_text(family_name)),
ADD CONSTRAINT person_email_email CHECK (policy_is_email(email));

CREATE FUNCTION policy_check_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('person', 'given_name', NEW.given_name);
    PERFORM policy_require_text('person', 'family_name', NEW.family_name);
    PERFORM policy_require_email('person', 'email', NEW.email);
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON person
FOR EACH ROW EXECUTE FUNCTION policy_check_person();
