-- What a calendar said of times that are past decides nothing, and no snapshot of the policy has it: that it goes is no
-- change of the policy. It makes neither a revision, which would wake every service, nor a row of the audit, which would
-- keep what is to be forgotten.

CREATE FUNCTION policy_is_history(was jsonb) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT was ->> 'calendar_event' IS NOT NULL
        AND (was ->> 'returns_at')::timestamptz < now() - interval '24 hours'
$$;

CREATE OR REPLACE FUNCTION policy_record_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
        IF NOT EXISTS (
            SELECT FROM old_rows AS o WHERE NOT (TG_TABLE_NAME = 'absence' AND policy_is_history(to_jsonb(o)))
        ) THEN
            RETURN NULL;
        END IF;
        INSERT INTO audit (at, actor, table_name, row_id, action, old, revision)
        SELECT clock_timestamp(), actor, TG_TABLE_NAME, o.id, operation, policy_masked(to_jsonb(o)), r.revision
        FROM old_rows AS o, (SELECT policy_revise() AS revision OFFSET 0) AS r
        WHERE NOT (TG_TABLE_NAME = 'absence' AND policy_is_history(to_jsonb(o)));
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

-- The audit only grows, but for what it tells of absences that calendars made and took away: that is nobody's change of
-- the policy, and goes in time.
DROP TRIGGER audit_append_only ON audit;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION policy_refuse_audit_change();
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
FOR EACH ROW WHEN (
    coalesce(OLD.new ->> 'calendar_event', OLD.old ->> 'calendar_event') IS NULL
    OR OLD.at > now() - interval '24 hours'
) EXECUTE FUNCTION policy_refuse_audit_change();
