-- Every change of the policy, by whatever hand: one at a time, in the audit, and as one new revision for each
-- transaction, told to whoever listens on `callflow_policy`. Name the actor with
-- `SET callflow.actor = 'name'`; without that it is the database's user.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation

ALTER TABLE policy_revision ADD CONSTRAINT policy_revision_only_row CHECK (only_row);

INSERT INTO policy_revision (revision, changed_at) VALUES (0, now());

CREATE INDEX audit_revision_idx ON audit (revision);
CREATE INDEX audit_row_idx ON audit (table_name, row_id);

-- INVARIANT: whoever changes the policy holds this row's lock from the first statement to the end, so that guards see
-- all other rows and revisions appear in their order.
CREATE FUNCTION policy_begin_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM policy_revision FOR UPDATE;
    RETURN NULL;
END
$$;

CREATE FUNCTION policy_revise() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    this_transaction text := pg_current_xact_id()::text;
    current_revision bigint;
BEGIN
    IF current_setting('callflow.revised_by', true) = this_transaction THEN
        SELECT p.revision INTO current_revision FROM policy_revision AS p;
        RETURN current_revision;
    END IF;
    UPDATE policy_revision SET revision = revision + 1, changed_at = clock_timestamp()
    RETURNING revision INTO current_revision;
    -- Local to the transaction: a savepoint that is rolled back takes it back together with the new revision.
    PERFORM set_config('callflow.revised_by', this_transaction, true);
    PERFORM pg_notify('callflow_policy', current_revision::text);
    RETURN current_revision;
END
$$;

CREATE FUNCTION policy_masked(changed jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT changed
        || CASE WHEN changed ->> 'sip_password' IS NULL THEN '{}' ELSE '{"sip_password": "***"}'::jsonb END
        || CASE WHEN changed ->> 'pin' IS NULL THEN '{}' ELSE '{"pin": "***"}'::jsonb END
$$;

CREATE FUNCTION policy_record_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    actor text := coalesce(nullif(current_setting('callflow.actor', true), ''), session_user);
    operation text := lower(TG_OP);
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM new_rows) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit (at, actor, table_name, row_id, action, new, revision)
        SELECT clock_timestamp(), actor, TG_TABLE_NAME, n.id, operation, policy_masked(to_jsonb(n)), r.revision
        FROM new_rows AS n, (SELECT policy_revise() AS revision OFFSET 0) AS r;
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM old_rows) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit (at, actor, table_name, row_id, action, old, revision)
        SELECT clock_timestamp(), actor, TG_TABLE_NAME, o.id, operation, policy_masked(to_jsonb(o)), r.revision
        FROM old_rows AS o, (SELECT policy_revise() AS revision OFFSET 0) AS r;
    ELSE
        IF NOT EXISTS (SELECT FROM old_rows AS o JOIN new_rows AS n USING (id) WHERE o IS DISTINCT FROM n) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit (at, actor, table_name, row_id, action, old, new, revision)
        SELECT
            clock_timestamp(), actor, TG_TABLE_NAME, n.id, operation,
            policy_masked(to_jsonb(o)), policy_masked(to_jsonb(n)), r.revision
        FROM old_rows AS o
        JOIN new_rows AS n USING (id), (SELECT policy_revise() AS revision OFFSET 0) AS r
        WHERE o IS DISTINCT FROM n;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION policy_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_refuse(
        TG_TABLE_NAME, 'policy_no_truncate',
        format('TRUNCATE går inte i %s: ändringen skulle inte synas i loggen. Använd DELETE.', TG_TABLE_NAME),
        'TRUNCATE would leave no trace in the audit. Use DELETE.', '42501'
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION policy_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_refuse(
        TG_TABLE_NAME, TG_TABLE_NAME || '_append_only',
        format('%s kan inte ändras eller raderas: den visar vem som har ändrat vad.', TG_TABLE_NAME),
        'The record of changes only grows. Correct the policy by a new change instead.', '42501'
    );
    RETURN NULL;
END
$$;

-- An id stands in the audit and in other tables, and a row's organisation decides who may see it: neither changes.
CREATE FUNCTION policy_guard_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, TG_TABLE_NAME || '_same_id',
            format('%s %s: id kan inte ändras. Lägg upp en ny rad och ta bort den gamla.', TG_TABLE_NAME, OLD.id),
            'A row keeps its id. Insert a new row and delete the old one.'
        );
    ELSIF to_jsonb(NEW) ? 'organisation_id' AND TG_TABLE_NAME <> 'barring'
        AND to_jsonb(NEW) -> 'organisation_id' <> to_jsonb(OLD) -> 'organisation_id' THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, TG_TABLE_NAME || '_same_organisation',
            format('%s %s kan inte flyttas till en annan organisation. Lägg upp en ny rad där och ta bort den gamla.',
                   TG_TABLE_NAME, OLD.id),
            'A row stays in its organisation. Insert a new row there and delete the old one.'
        );
    END IF;
    RETURN NEW;
END
$$;

-- Nobody writes the audit but these triggers.
REVOKE EXECUTE ON FUNCTION policy_begin_change(), policy_revise(), policy_record_change() FROM public;

DO $$
DECLARE
    policy_table text;
BEGIN
    FOR policy_table IN
        SELECT c.relname FROM pg_class AS c
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
            AND c.relname IN (
                'absence', 'absence_reason', 'answering_place', 'barring', 'diversion', 'duty_level', 'duty_roster',
                'duty_shift', 'exemption', 'extension', 'feature_code', 'holiday', 'holiday_calendar', 'mailbox',
                'number_class', 'number_range', 'organisation', 'person', 'ring_group', 'ring_group_member', 'schedule',
                'schedule_exception', 'schedule_exception_hours', 'schedule_hours', 'unit'
            )
    LOOP
        EXECUTE format(
            'CREATE TRIGGER policy_begin_change BEFORE INSERT OR UPDATE OR DELETE ON %I
                FOR EACH STATEMENT EXECUTE FUNCTION policy_begin_change();
            CREATE TRIGGER policy_record_insert AFTER INSERT ON %1$I REFERENCING NEW TABLE AS new_rows
                FOR EACH STATEMENT EXECUTE FUNCTION policy_record_change();
            CREATE TRIGGER policy_record_update AFTER UPDATE ON %1$I
                REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
                FOR EACH STATEMENT EXECUTE FUNCTION policy_record_change();
            CREATE TRIGGER policy_record_delete AFTER DELETE ON %1$I REFERENCING OLD TABLE AS old_rows
                FOR EACH STATEMENT EXECUTE FUNCTION policy_record_change();
            CREATE TRIGGER policy_guard_identity BEFORE UPDATE ON %1$I
                FOR EACH ROW EXECUTE FUNCTION policy_guard_identity();
            CREATE TRIGGER policy_no_truncate BEFORE TRUNCATE ON %1$I
                FOR EACH STATEMENT EXECUTE FUNCTION policy_refuse_truncate();', policy_table
        );
    END LOOP;
END
$$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION policy_refuse_audit_change();

CREATE TRIGGER policy_revision_kept BEFORE DELETE OR TRUNCATE ON policy_revision
FOR EACH STATEMENT EXECUTE FUNCTION policy_refuse_audit_change();

CREATE FUNCTION policy_check_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision <= OLD.revision THEN
        PERFORM policy_refuse(
            'policy_revision', 'policy_revision_grows',
            format('Revisionen kan inte gå från %s till %s: den räknas upp av sig själv och aldrig ned.',
                   OLD.revision, NEW.revision),
            'The revision only grows, by itself.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_revision_grows BEFORE UPDATE ON policy_revision
FOR EACH ROW EXECUTE FUNCTION policy_check_revision();
