-- What refers to what: it exists, in the same organisation where it must, and stays while something refers to it.

-- The organisation of a row by table and id; 0 for a row that is everybody's, NULL for none.
CREATE FUNCTION policy_organisation_of(in_table text, of_row integer) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE in_table
        WHEN 'organisation' THEN (SELECT o.id FROM organisation AS o WHERE o.id = of_row)
        WHEN 'unit' THEN (SELECT u.organisation_id FROM unit AS u WHERE u.id = of_row)
        WHEN 'person' THEN (SELECT p.organisation_id FROM person AS p WHERE p.id = of_row)
        WHEN 'extension' THEN (SELECT e.organisation_id FROM extension AS e WHERE e.id = of_row)
        WHEN 'ring_group' THEN (SELECT g.organisation_id FROM ring_group AS g WHERE g.id = of_row)
        WHEN 'mailbox' THEN (SELECT m.organisation_id FROM mailbox AS m WHERE m.id = of_row)
        WHEN 'schedule' THEN (SELECT s.organisation_id FROM schedule AS s WHERE s.id = of_row)
        WHEN 'duty_roster' THEN (SELECT r.organisation_id FROM duty_roster AS r WHERE r.id = of_row)
        WHEN 'absence_reason' THEN (SELECT a.organisation_id FROM absence_reason AS a WHERE a.id = of_row)
        WHEN 'holiday_calendar' THEN (SELECT 0 FROM holiday_calendar AS c WHERE c.id = of_row)
        WHEN 'schedule_exception' THEN (SELECT 0 FROM schedule_exception AS x WHERE x.id = of_row)
    END;
END
$$;

CREATE FUNCTION policy_own_organisation(in_table text, own jsonb) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN in_table = 'organisation' THEN (own ->> 'id')::integer
        WHEN own ? 'organisation_id' THEN (own ->> 'organisation_id')::integer
        WHEN in_table = 'answering_place' THEN policy_organisation_of('unit', (own ->> 'unit_id')::integer)
        WHEN in_table IN ('diversion', 'exemption')
            THEN policy_organisation_of('extension', (own ->> 'extension_id')::integer)
        WHEN in_table = 'absence' THEN policy_organisation_of('person', (own ->> 'person_id')::integer)
        WHEN in_table IN ('duty_level', 'duty_shift')
            THEN policy_organisation_of('duty_roster', (own ->> 'duty_roster_id')::integer)
    END
$$;

-- Arguments: 'column:table:own' (of the row's own organisation) or 'column:table:any'.
CREATE FUNCTION policy_check_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own jsonb := to_jsonb(NEW);
    own_organisation integer := policy_own_organisation(TG_TABLE_NAME, own);
    reference text[];
    argument text;
    referred integer;
    found_organisation integer;
    current jsonb;
BEGIN
    FOREACH argument IN ARRAY TG_ARGV LOOP
        reference := string_to_array(argument, ':');
        referred := own ->> reference[1];
        CONTINUE WHEN referred IS NULL;
        found_organisation := policy_organisation_of(reference[2], referred);
        CONTINUE WHEN found_organisation IS NOT NULL AND (reference[3] = 'any' OR found_organisation = own_organisation);
        -- A row that the transaction has changed or deleted since is the later event's business.
        EXECUTE format('SELECT to_jsonb(t) FROM %I AS t WHERE t.id = $1', TG_TABLE_NAME) INTO current USING NEW.id;
        IF current IS DISTINCT FROM own THEN
            RETURN NULL;
        END IF;
        IF found_organisation IS NULL THEN
            PERFORM policy_refuse(
                TG_TABLE_NAME, TG_TABLE_NAME || '_' || reference[1] || '_exists',
                format('%s %s: %s är %s, men den raden finns inte i %s. Ange ett id som finns.',
                       TG_TABLE_NAME, NEW.id, reference[1], referred, reference[2]),
                format('No row of %s has this id.', reference[2]), '23503'
            );
        ELSE
            PERFORM policy_refuse(
                TG_TABLE_NAME, TG_TABLE_NAME || '_' || reference[1] || '_own',
                format('%s %s: %s %s hör till en annan organisation (%s). Välj en i den egna organisationen (%s).',
                       TG_TABLE_NAME, NEW.id, reference[1], referred,
                       (SELECT o.name FROM organisation AS o WHERE o.id = found_organisation),
                       (SELECT o.name FROM organisation AS o WHERE o.id = own_organisation)),
                'It must belong to the same organisation.'
            );
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- What refers to the row that was deleted, in the words of the tables.
CREATE FUNCTION policy_check_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reference record;
    still_there boolean;
    referring text;
    own jsonb := to_jsonb(OLD);
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I AS t WHERE t.id = $1)', TG_TABLE_NAME) INTO still_there USING OLD.id;
    IF still_there THEN
        RETURN NULL;
    END IF;
    FOR reference IN
        SELECT c.conrelid::regclass::text AS from_table, a.attname AS from_column
        FROM pg_constraint AS c
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND c.confdeltype = 'a' AND c.confrelid = TG_RELID
        ORDER BY 1, 2
    LOOP
        EXECUTE format(
            'SELECT string_agg(x.id::text, %L) FROM (SELECT t.id FROM %s AS t WHERE t.%I = $1 ORDER BY t.id LIMIT 3) AS x',
            ', ', reference.from_table, reference.from_column
        ) INTO referring USING OLD.id;
        IF referring IS NOT NULL THEN
            PERFORM policy_refuse(
                TG_TABLE_NAME, TG_TABLE_NAME || '_in_use',
                format('Det går inte att ta bort %s %s (%s): den används av %s %s (kolumnen %s). Ändra eller ta bort '
                       'det först.', TG_TABLE_NAME, OLD.id,
                       coalesce(own ->> 'name', own ->> 'number', own ->> 'family_name', own ->> 'text_sv', '-'),
                       reference.from_table, referring, reference.from_column),
                format('Still referred to by %s.%s. Change or delete that first.', reference.from_table,
                       reference.from_column),
                '23503'
            );
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- The names begin with `P`, before PostgreSQL's own `RI_ConstraintTrigger`: the understandable message comes first.
DO $$
DECLARE
    checked record;
    referred text;
BEGIN
    FOR checked IN
        SELECT * FROM (VALUES
            ('absence', ARRAY['person_id:person:any', 'reason_id:absence_reason:own']),
            ('absence_reason', ARRAY['organisation_id:organisation:any']),
            ('answering_place', ARRAY['unit_id:unit:any']),
            ('barring', ARRAY[
                'organisation_id:organisation:any', 'unit_id:unit:any', 'extension_id:extension:any'
            ]),
            ('diversion', ARRAY['extension_id:extension:any']),
            ('duty_level', ARRAY['duty_roster_id:duty_roster:any']),
            ('duty_roster', ARRAY['organisation_id:organisation:any', 'mailbox_id:mailbox:own']),
            ('duty_shift', ARRAY['duty_roster_id:duty_roster:any']),
            ('exemption', ARRAY['extension_id:extension:any', 'approver_id:person:own']),
            ('extension', ARRAY[
                'organisation_id:organisation:any', 'unit_id:unit:own', 'person_id:person:own', 'mailbox_id:mailbox:own'
            ]),
            ('feature_code', ARRAY['organisation_id:organisation:any']),
            ('holiday', ARRAY['holiday_calendar_id:holiday_calendar:any']),
            ('mailbox', ARRAY['organisation_id:organisation:any']),
            ('number_range', ARRAY['organisation_id:organisation:any']),
            ('organisation', ARRAY[
                'operator_group_id:ring_group:any', 'switchboard_schedule_id:schedule:own',
                'duty_roster_id:duty_roster:any', 'mailbox_id:mailbox:own',
                'holiday_calendar_id:holiday_calendar:any'
            ]),
            ('person', ARRAY['organisation_id:organisation:any', 'unit_id:unit:own']),
            ('ring_group', ARRAY['organisation_id:organisation:any']),
            ('ring_group_member', ARRAY['ring_group_id:ring_group:any', 'extension_id:extension:any']),
            ('schedule', ARRAY['organisation_id:organisation:any']),
            ('schedule_exception', ARRAY['schedule_id:schedule:any']),
            ('schedule_exception_hours', ARRAY['schedule_exception_id:schedule_exception:any']),
            ('schedule_hours', ARRAY['schedule_id:schedule:any']),
            ('unit', ARRAY[
                'organisation_id:organisation:any', 'parent_id:unit:own', 'manager_id:person:own',
                'telephone_contact_id:person:own', 'telephone_schedule_id:schedule:own',
                'working_schedule_id:schedule:own', 'duty_roster_id:duty_roster:any', 'mailbox_id:mailbox:own'
            ])
        ) AS v (in_table, arguments)
    LOOP
        EXECUTE format(
            'CREATE CONSTRAINT TRIGGER "Policy_references" AFTER INSERT OR UPDATE ON %I DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION policy_check_references(%s)', checked.in_table,
            (SELECT string_agg(quote_literal(a), ', ') FROM unnest(checked.arguments) AS a)
        );
    END LOOP;
    -- Targets may be anywhere in the region, but nobody's messages end in another organisation's mailbox.
    FOR checked IN
        SELECT * FROM (VALUES
            ('absence', 'referral'), ('answering_place', 'to'), ('diversion', 'to'), ('duty_level', 'standing'),
            ('duty_shift', 'to'), ('unit', 'duty_phone')
        ) AS v (in_table, prefix)
    LOOP
        EXECUTE format(
            'CREATE CONSTRAINT TRIGGER "Policy_target_references" AFTER INSERT OR UPDATE ON %I
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION policy_check_references(
                ''%2$s_extension_id:extension:any'', ''%2$s_unit_id:unit:any'',
                ''%2$s_ring_group_id:ring_group:any'', ''%2$s_mailbox_id:mailbox:own'',
                ''%2$s_switchboard_id:organisation:any''
            )', checked.in_table, checked.prefix
        );
    END LOOP;
    FOREACH referred IN ARRAY ARRAY[
        'absence_reason', 'duty_roster', 'extension', 'holiday_calendar', 'mailbox', 'organisation', 'person',
        'ring_group', 'schedule', 'unit'
    ] LOOP
        EXECUTE format(
            'CREATE CONSTRAINT TRIGGER "Policy_in_use" AFTER DELETE ON %I DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION policy_check_deletion()', referred
        );
    END LOOP;
END
$$;
