-- Numbers: ranges that do not collide, short numbers that do not collide, and each number of ours once, in a range of
-- its own organisation.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE FUNCTION policy_digits(own_number text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT substr(own_number, 2)::bigint
$$;

CREATE FUNCTION policy_number_span(first_number text, last_number text) RETURNS int8range
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int8range(substr(first_number, 2)::bigint, substr(last_number, 2)::bigint, '[]')
$$;

-- The short numbers of a range as one span: filled to 14 digits, so that a short number which is the beginning of
-- another counts as a collision too.
CREATE FUNCTION policy_short_span(short_prefix text, short_digits integer, first_number text, last_number text)
RETURNS int8range LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int8range(
        rpad(short_prefix || right(first_number, short_digits), 14, '0')::bigint,
        rpad(short_prefix || right(last_number, short_digits), 14, '9')::bigint, '[]'
    )
$$;

ALTER TABLE number_range
ADD CONSTRAINT number_range_first_number_number CHECK (policy_is_number(first_number)),
ADD CONSTRAINT number_range_last_number_number CHECK (policy_is_number(last_number)),
ADD CONSTRAINT number_range_last_number_order
CHECK (length(first_number) = length(last_number) AND first_number COLLATE "C" <= last_number COLLATE "C"),
ADD CONSTRAINT number_range_short_prefix_free CHECK (short_prefix ~ '^[2-8][0-9]{0,5}$'),
ADD CONSTRAINT number_range_short_digits_enough CHECK (
    short_digits BETWEEN 1 AND 8
    AND left(first_number, -short_digits::integer) = left(last_number, -short_digits::integer)
),
ADD CONSTRAINT number_range_no_overlap
EXCLUDE USING gist (policy_number_span(first_number, last_number) WITH &&) DEFERRABLE,
ADD CONSTRAINT number_range_no_short_overlap
EXCLUDE USING gist (policy_short_span(short_prefix, short_digits, first_number, last_number) WITH &&) DEFERRABLE;

CREATE FUNCTION policy_check_number_range() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_number('number_range', 'first_number', NEW.first_number);
    PERFORM policy_require_number('number_range', 'last_number', NEW.last_number);
    PERFORM policy_require_order(
        'number_range', 'first_number', 'last_number', length(NEW.first_number) = length(NEW.last_number)
        AND NEW.first_number COLLATE "C" <= NEW.last_number COLLATE "C"
    );
    IF (NEW.short_prefix ~ '^[2-8][0-9]{0,5}$') IS NOT TRUE THEN
        PERFORM policy_refuse(
            'number_range', 'number_range_short_prefix_free',
            format('Kortnummer kan inte börja med %s: 1 hör till 112 och 118, 9 till operatörernas prefix och 0 till '
                   'linjen ut. Välj siffror som börjar med 2 till 8.', coalesce(NEW.short_prefix, 'ingenting')),
            'A short prefix is 1 to 6 digits and begins with 2 to 8: 0, 1 and 9 belong to others.'
        );
    END IF;
    IF (NEW.short_digits BETWEEN 1 AND 8
        AND left(NEW.first_number, -NEW.short_digits::integer) = left(NEW.last_number, -NEW.short_digits::integer)
    ) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'number_range', 'number_range_short_digits_enough',
            format('Med %s siffror i kortnumret får flera nummer i serien %s–%s samma kortnummer. '
                   'Ange fler siffror (högst 8) eller dela serien.',
                   NEW.short_digits, NEW.first_number, NEW.last_number),
            'The numbers of a range may differ only in their last short_digits digits (1 to 8).'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON number_range
FOR EACH ROW EXECUTE FUNCTION policy_check_number_range();

CREATE FUNCTION policy_check_range_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    SELECT r.first_number, r.last_number, r.short_prefix, o.name INTO other
    FROM number_range AS r JOIN organisation AS o ON o.id = r.organisation_id
    WHERE r.id <> NEW.id AND policy_number_span(r.first_number, r.last_number)
        && policy_number_span(NEW.first_number, NEW.last_number) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'number_range', 'number_range_no_overlap',
            format('Nummerserien %s–%s går in i %s–%s, som hör till %s. Ändra en av dem.',
                   NEW.first_number, NEW.last_number, other.first_number, other.last_number, other.name),
            'A number belongs to one range. Change one of the two ranges.', '23P01'
        );
    END IF;
    SELECT r.first_number, r.last_number, r.short_prefix, o.name INTO other
    FROM number_range AS r JOIN organisation AS o ON o.id = r.organisation_id
    WHERE r.id <> NEW.id AND policy_short_span(r.short_prefix, r.short_digits, r.first_number, r.last_number)
        && policy_short_span(NEW.short_prefix, NEW.short_digits, NEW.first_number, NEW.last_number) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'number_range', 'number_range_no_short_overlap',
            format('Kortnumren i serien %s–%s krockar med dem i %s–%s (%s, prefix %s). Välj ett annat prefix.',
                   NEW.first_number, NEW.last_number, other.first_number, other.last_number, other.name,
                   other.short_prefix),
            'A short number leads to one number, and none is the beginning of another. Choose another prefix.', '23P01'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_overlap" AFTER INSERT OR UPDATE ON number_range DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_range_overlap();

-- Who has a number: for messages, and to find a number that is had twice.
CREATE FUNCTION policy_number_holders(wanted text) RETURNS TABLE (holder text) LANGUAGE sql STABLE AS $$
    SELECT format('%s (organisation %s)', o.name, o.id) FROM organisation AS o WHERE o.main_number = wanted
    UNION ALL
    SELECT format('%s (unit %s)', u.name, u.id) FROM unit AS u WHERE u.number = wanted
    UNION ALL
    SELECT format('anknytning (extension %s)', e.id) FROM extension AS e WHERE e.number = wanted
$$;

-- Arguments: the column with the number, the column with the organisation's id.
CREATE FUNCTION policy_check_own_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holders text[];
    own_number text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    SELECT array_agg(h.holder) INTO holders FROM policy_number_holders(own_number) AS h;
    IF cardinality(holders) > 1 THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, TG_TABLE_NAME || '_number_once',
            format('Numret %s finns redan: %s. Välj ett annat eller ta bort det på det andra stället.',
                   own_number, array_to_string(holders, ', ')),
            'A number belongs to one extension, one unit or one switchboard.', '23505'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION policy_check_number_in_range() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own_number text := to_jsonb(NEW) ->> TG_ARGV[0];
    own_organisation integer := to_jsonb(NEW) ->> TG_ARGV[1];
BEGIN
    IF NOT EXISTS (SELECT FROM policy_number_holders(own_number)) OR EXISTS (
        SELECT FROM number_range AS r
        WHERE r.organisation_id = own_organisation AND policy_number_span(r.first_number, r.last_number) @> policy_digits(own_number)
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM policy_refuse(
        TG_TABLE_NAME, TG_TABLE_NAME || '_number_in_range',
        format('Numret %s ligger inte i någon nummerserie för %s. Välj ett nummer ur organisationens serier eller lägg '
               'upp serien i number_range.', own_number,
               coalesce((SELECT o.name FROM organisation AS o WHERE o.id = own_organisation), 'organisationen')),
        'Take a number from a range of the same organisation, or add the range in the same transaction.'
    );
    RETURN NULL;
END
$$;

ALTER TABLE organisation ADD CONSTRAINT organisation_number_once UNIQUE (main_number) DEFERRABLE;
ALTER TABLE unit ADD CONSTRAINT unit_number_once UNIQUE (number) DEFERRABLE;
ALTER TABLE extension ADD CONSTRAINT extension_number_once UNIQUE (number) DEFERRABLE;

CREATE CONSTRAINT TRIGGER "Policy_number_once" AFTER INSERT OR UPDATE OF main_number ON organisation DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_own_number('main_number');
CREATE CONSTRAINT TRIGGER "Policy_number_once" AFTER INSERT OR UPDATE OF number ON unit DEFERRABLE
FOR EACH ROW WHEN (NEW.number IS NOT NULL) EXECUTE FUNCTION policy_check_own_number('number');
CREATE CONSTRAINT TRIGGER "Policy_number_once" AFTER INSERT OR UPDATE OF number ON extension DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_own_number('number');

CREATE CONSTRAINT TRIGGER "Policy_number_in_range" AFTER INSERT OR UPDATE OF main_number ON organisation
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION policy_check_number_in_range('main_number', 'id');
CREATE CONSTRAINT TRIGGER "Policy_number_in_range" AFTER INSERT OR UPDATE OF number ON unit
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.number IS NOT NULL)
EXECUTE FUNCTION policy_check_number_in_range('number', 'organisation_id');
CREATE CONSTRAINT TRIGGER "Policy_number_in_range" AFTER INSERT OR UPDATE OF number ON extension
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION policy_check_number_in_range('number', 'organisation_id');

-- A range that is taken away or made smaller leaves no number outside.
CREATE FUNCTION policy_check_range_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    left_outside text;
BEGIN
    SELECT n.number INTO left_outside
    FROM (
        SELECT o.main_number AS number FROM organisation AS o WHERE o.id = OLD.organisation_id
        UNION ALL
        SELECT u.number FROM unit AS u WHERE u.organisation_id = OLD.organisation_id
        UNION ALL
        SELECT e.number FROM extension AS e WHERE e.organisation_id = OLD.organisation_id
    ) AS n
    WHERE policy_number_span(OLD.first_number, OLD.last_number) @> policy_digits(n.number)
        AND NOT EXISTS (
            SELECT FROM number_range AS r
            WHERE r.organisation_id = OLD.organisation_id AND policy_number_span(r.first_number, r.last_number) @> policy_digits(n.number)
        )
    ORDER BY n.number LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'number_range', 'number_range_in_use',
            format('Nummerserien %s–%s används: %s hamnar utanför. Byt eller ta bort numret först.',
                   OLD.first_number, OLD.last_number, left_outside),
            'Numbers in use must stay in a range. Change or delete them first.', '23503'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_range_kept" AFTER UPDATE OR DELETE ON number_range DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION policy_check_range_kept();
