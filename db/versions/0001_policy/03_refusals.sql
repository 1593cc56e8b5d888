-- How the database says no: in Swedish what is wrong and what to do, in English as a hint, with the name of the
-- constraint. What a row alone can tell is said before the row is stored; what takes other rows is said at the end of
-- the statement; what takes rows that may come later in the transaction is said at its end (see it earlier with
-- `SET CONSTRAINTS ALL IMMEDIATE`). CHECK, UNIQUE, EXCLUDE and references of the same names stand beneath as the net.
-- One transaction at a time changes the policy (audit), so a guard that looks at other rows cannot be raced.

CREATE FUNCTION policy_refuse(
    in_table text, constraint_name text, message text, hint text, code text DEFAULT '23514'
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        MESSAGE = message, HINT = hint, ERRCODE = code, TABLE = in_table, CONSTRAINT = constraint_name;
END
$$;

-- Text that people read or hear, and that may end in Asterisk's configuration: one line, not blank.
CREATE FUNCTION policy_is_plain_text(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '[^ ]' AND length(value) <= 200 AND value !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'
$$;

CREATE FUNCTION policy_is_number(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^\+[1-9][0-9]{6,14}$'
$$;

CREATE FUNCTION policy_is_emergency(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^((\+|00)46|\+)?0?(112|90000)$'
$$;

-- No å, ä or ö: many mail servers refuse such an address, and Asterisk would write it into the mail unencoded. A domain
-- that has them is written as DNS has it (xn--…).
CREATE FUNCTION policy_is_email(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT length(value) <= 200
        AND value ~ '^[A-Za-z0-9._%+''-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$'
$$;

CREATE FUNCTION policy_is_ring_limit(value integer) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value BETWEEN 1 AND 4
$$;

CREATE FUNCTION policy_require_text(in_table text, in_column text, value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF policy_is_plain_text(value) IS NOT TRUE THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_text',
            format('%s.%s måste vara en rad text, högst 200 tecken, utan radbrytningar och styrtecken.',
                   in_table, in_column),
            format('Set %s to one line of text, at most 200 characters, without line breaks or control characters.',
                   in_column)
        );
    END IF;
END
$$;

CREATE FUNCTION policy_require_number(in_table text, in_column text, value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF policy_is_emergency(value) THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_emergency',
            format('%s.%s får inte vara nödnumret %s. Nödsamtal kopplas alltid direkt och styrs inte av reglerna.',
                   in_table, in_column, value),
            'Emergency numbers are never a target: calls to them are matched before every rule. Use another number.'
        );
    ELSIF policy_is_number(value) IS NOT TRUE THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_number',
            format('%s.%s är inte ett telefonnummer: %s. Skriv det med plus och landsnummer, till exempel +4690161000.',
                   in_table, in_column, coalesce(quote_literal(value), 'saknas')),
            'Write the number in E.164 with a leading plus, 7 to 15 digits, such as +4690161000.'
        );
    END IF;
END
$$;

CREATE FUNCTION policy_require_email(in_table text, in_column text, value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT policy_is_email(value) THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_email',
            format('%s.%s är inte en e-postadress: %s. Skriv den som namn@exempel.se, utan å, ä och ö.',
                   in_table, in_column, quote_literal(value)),
            'Write one address, such as name@example.org.'
        );
    END IF;
END
$$;

CREATE FUNCTION policy_require_ring_limit(in_table text, in_column text, value integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF policy_is_ring_limit(value) IS NOT TRUE THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_rings',
            format('%s.%s är %s, men den som ringer ska få svar inom fyra signaler (R8). Ange 1, 2, 3 eller 4.',
                   in_table, in_column, coalesce(value::text, 'tomt')),
            'Nobody hears more than four rings before an answer. Set it to 1, 2, 3 or 4.'
        );
    END IF;
END
$$;

CREATE FUNCTION policy_require_one_of(in_table text, in_column text, value text, allowed text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF (value = ANY (allowed)) IS NOT TRUE THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_known',
            format('%s.%s kan inte vara %s. Välj något av: %s.',
                   in_table, in_column, coalesce(quote_literal(value), 'tomt'), array_to_string(allowed, ', ')),
            format('Choose one of: %s.', array_to_string(allowed, ', '))
        );
    END IF;
END
$$;

CREATE FUNCTION policy_require_order(in_table text, first_column text, last_column text, ordered boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF ordered IS NOT TRUE THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || last_column || '_order',
            format('%s: %s måste komma före %s, och båda måste finnas.', in_table, first_column, last_column),
            format('Both %s and %s are needed, the former before the latter.', first_column, last_column)
        );
    END IF;
END
$$;

-- No infinity, no year that programs cannot hold: what has no end has NULL where that is allowed.
CREATE FUNCTION policy_is_time(value timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value BETWEEN '2000-01-01 00:00:00+00' AND '2200-01-01 00:00:00+00'
$$;

CREATE FUNCTION policy_is_date(value date) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value BETWEEN '2000-01-01' AND '2199-12-31'
$$;

CREATE FUNCTION policy_require_time(in_table text, in_column text, sane boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT sane THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_time',
            format('%s.%s måste ligga mellan år 2000 och 2200.', in_table, in_column),
            'Set it to a time from the year 2000 to 2199, not infinity.'
        );
    END IF;
END
$$;

-- Arguments: the columns that must be filled in.
CREATE FUNCTION policy_check_required() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own jsonb := to_jsonb(NEW);
    missing text;
BEGIN
    FOREACH missing IN ARRAY TG_ARGV LOOP
        IF own ->> missing IS NULL THEN
            PERFORM policy_refuse(
                TG_TABLE_NAME, TG_TABLE_NAME || '_' || missing || '_required',
                format('%s.%s saknas. Kolumnen måste vara ifylld: ange ett värde.', TG_TABLE_NAME, missing),
                format('Set %s: it may not be empty (NULL).', missing), '23502'
            );
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;

DO $$
DECLARE
    required record;
BEGIN
    FOR required IN
        SELECT c.relname AS in_table, string_agg(quote_literal(a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull AND a.attidentity = ''
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
            AND c.relname NOT IN ('alembic_version', 'audit', 'policy_revision')
            AND EXISTS (SELECT FROM pg_attribute AS i WHERE i.attrelid = c.oid AND i.attidentity = 'd')
        GROUP BY c.relname
    LOOP
        EXECUTE format(
            'CREATE TRIGGER policy_a_required BEFORE INSERT OR UPDATE ON %I
            FOR EACH ROW EXECUTE FUNCTION policy_check_required(%s)', required.in_table, required.columns
        );
    END LOOP;
END
$$;
