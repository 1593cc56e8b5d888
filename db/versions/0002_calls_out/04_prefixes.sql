-- Prefixes of number classes, as the numbering plan writes numbers: E.164, or a number without area code (118, 1177).
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid
-- The table has some tens of rows: a check of them takes no time.

CREATE FUNCTION policy_is_number_prefix(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^(\+[1-9][0-9]{0,14}|[1-9][0-9]{1,5})$' AND value NOT IN ('+4', '+46')
        AND value !~ '^(\+46|\+)?0?(112|90000)$'
$$;

-- What was written as it is dialled: 00 begins a country's number, 0 a Swedish one.
CREATE OR REPLACE FUNCTION pg_temp.as_prefix(dialled text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN dialled LIKE '00%' THEN '+' || substr(dialled, 3)
        WHEN dialled LIKE '0%' THEN '+46' || substr(dialled, 2)
        ELSE dialled
    END
$$;

-- Gone, and still to be read in the audit: what was every number abroad (`00`), since the numbering plan itself knows
-- what is foreign; every Swedish one (`0`, `+46`); what no number begins with; and one of two that say the same.
DELETE FROM number_class AS c
USING (
    SELECT
        w.id, w.prefix,
        row_number() OVER (PARTITION BY w.prefix ORDER BY w.prefix <> w.dialled, w.id) AS nth
    FROM (SELECT n.id, n.prefix AS dialled, pg_temp.as_prefix(n.prefix) AS prefix FROM number_class AS n) AS w
) AS written
WHERE written.id = c.id AND (written.nth > 1 OR NOT policy_is_number_prefix(written.prefix));

UPDATE number_class SET prefix = pg_temp.as_prefix(prefix) WHERE prefix LIKE '0%';

ALTER TABLE number_class
DROP CONSTRAINT number_class_prefix_form,
ADD CONSTRAINT number_class_prefix_form CHECK (policy_is_number_prefix(prefix));

CREATE FUNCTION policy_require_number_prefix(value text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    problem text := CASE
        WHEN policy_is_number_prefix(value) THEN NULL
        WHEN policy_is_emergency(value) THEN 'är nödnumret, som inga spärrar gäller'
        WHEN value LIKE '00%' THEN 'börjar med 00: skriv + i stället'
        WHEN value LIKE '0%' THEN format('börjar med 0: skriv +46%s i stället', substr(value, 2))
        WHEN value IN ('+', '+4', '+46') THEN 'vore varje svenskt nummer: skriv fler siffror'
        ELSE 'är inte början på ett nummer'
    END;
BEGIN
    IF problem IS NOT NULL THEN
        PERFORM policy_refuse(
            'number_class', 'number_class_prefix_form',
            format('Prefixet %s %s. Ett prefix är + med landsnummer (+46900) eller 2 till 6 siffror för nummer '
                   'utan riktnummer (118).', quote_literal(value), problem),
            'A prefix is + and 1 to 15 digits with the country code (write +46 instead of 0, + instead of 00), or 2 to '
            '6 digits of a number without area code; never all of Sweden or the emergency number.'
        );
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION policy_check_number_class() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_category('number_class', NEW.category);
    PERFORM policy_require_number_prefix(NEW.prefix);
    IF NEW.note IS NOT NULL THEN
        PERFORM policy_require_text('number_class', 'note', NEW.note);
    END IF;
    RETURN NEW;
END
$$;
