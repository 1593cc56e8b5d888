-- Short ways to name what the files after this one speak of. They last as long as the connection.

CREATE FUNCTION pg_temp.organisation(in_key text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT id FROM organisation WHERE key = in_key
$$;

-- The whole number of a short one: 61000 is +4690161000.
CREATE FUNCTION pg_temp.number(short text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(first_number, -short_digits) || right(short, short_digits)
    FROM number_range
    WHERE left(short, -short_digits) = short_prefix
$$;

CREATE FUNCTION pg_temp.schedule(in_organisation text, in_name text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT id FROM schedule WHERE organisation_id = pg_temp.organisation(in_organisation) AND name = in_name
$$;

CREATE FUNCTION pg_temp.unit(short text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT id FROM unit WHERE number = pg_temp.number(short)
$$;

CREATE FUNCTION pg_temp.extension(short text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT id FROM extension WHERE number = pg_temp.number(short)
$$;

CREATE FUNCTION pg_temp.mailbox(in_number text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT id FROM mailbox WHERE number = in_number
$$;

-- The person who has an extension.
CREATE FUNCTION pg_temp.person(short text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT person_id FROM extension WHERE number = pg_temp.number(short)
$$;

CREATE FUNCTION pg_temp.roster(in_organisation text, in_name text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT id FROM duty_roster WHERE organisation_id = pg_temp.organisation(in_organisation) AND name = in_name
$$;

CREATE FUNCTION pg_temp.reason(in_organisation text, in_digit text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT id FROM absence_reason WHERE organisation_id = pg_temp.organisation(in_organisation) AND digit = in_digit
$$;

-- Monday 00:00 of this week, local time.
CREATE FUNCTION pg_temp.this_monday() RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT date_trunc('week', now() AT TIME ZONE 'Europe/Stockholm')
$$;

-- PINs are made here and stand nowhere else, as the database itself makes the SIP passwords.
CREATE FUNCTION pg_temp.new_pin() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT made.pin
    FROM (
        SELECT lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0') AS pin
        FROM generate_series(1, 20)
    ) AS made
    WHERE policy_is_pin(made.pin)
    LIMIT 1
$$;

-- E-mail addresses without å, ä, ö and é, as they are in reality.
CREATE FUNCTION pg_temp.address(given_name text, family_name text, in_organisation text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT
        translate(lower(given_name || '.' || family_name), 'åäöé ', 'aaoe-') || '@' || in_organisation || '.example'
$$;

-- Employees with their extension and, where `voicemail`, a mailbox of the extension's number that is mailed to them.
CREATE TEMPORARY TABLE employee (
    in_organisation text NOT NULL,
    in_unit text NOT NULL,
    short text NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    kind text NOT NULL DEFAULT 'desk',
    mobile text,
    ring_limit integer NOT NULL DEFAULT 4,
    voicemail boolean NOT NULL DEFAULT true
);

CREATE PROCEDURE pg_temp.hire() LANGUAGE sql AS $$
    INSERT INTO person (organisation_id, unit_id, given_name, family_name, email)
    SELECT
        pg_temp.organisation(in_organisation), pg_temp.unit(in_unit), given_name, family_name,
        pg_temp.address(given_name, family_name, in_organisation)
    FROM employee;

    INSERT INTO mailbox (organisation_id, number, name, email, pin)
    SELECT
        pg_temp.organisation(in_organisation), short, given_name || ' ' || family_name,
        pg_temp.address(given_name, family_name, in_organisation), pg_temp.new_pin()
    FROM employee WHERE voicemail;

    INSERT INTO extension (
        organisation_id, unit_id, person_id, number, kind, mobile_number, ring_limit, mailbox_id
    )
    SELECT
        person.organisation_id, person.unit_id, person.id, pg_temp.number(short), kind, mobile, ring_limit,
        CASE WHEN voicemail THEN pg_temp.mailbox(short) END
    FROM employee
    JOIN person ON person.email = pg_temp.address(employee.given_name, employee.family_name, in_organisation);

    DELETE FROM employee;
$$;
