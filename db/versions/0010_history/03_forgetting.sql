-- Forgets what is over for longer than its organisation keeps it (R12).
-- squawk-ignore-file require-concurrent-index-creation

CREATE INDEX absence_calendar_ends_idx ON absence (person_id, returns_at) WHERE calendar_event IS NOT NULL;
CREATE INDEX audit_calendar_absence_idx ON audit ((coalesce(new ->> 'person_id', old ->> 'person_id')::integer), at)
WHERE table_name = 'absence' AND coalesce(new ->> 'calendar_event', old ->> 'calendar_event') IS NOT NULL;

-- What was over before this is forgotten. Of an organisation that is gone as much is kept as of one that says nothing.
CREATE FUNCTION policy_history_begins(of_organisation integer) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT now() - make_interval(
        hours => 24 * coalesce((SELECT o.history_days FROM organisation AS o WHERE o.id = of_organisation), 365)
    )
$$;

-- Forgets at most so many rows of each kind and returns how many; call it until it returns 0. While one session forgets,
-- another has nothing to do. All is looked for before the turn to change the policy is taken, which only absences need.
CREATE FUNCTION policy_forget(most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    absences integer[];
    records bigint[];
    orders integer[];
    attempts integer[];
    messages integer[];
    callers integer[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('policy_forget')) THEN
        RETURN 0;
    END IF;

    -- Person by person, for which there are indexes. Of an absence that its person has ended, the event may go on, and
    -- its calendar would make it anew.
    absences := ARRAY(
        SELECT f.id
        FROM (SELECT p.id, policy_history_begins(p.organisation_id) AS since FROM person AS p OFFSET 0) AS k,
            LATERAL (
                SELECT a.id FROM absence AS a
                WHERE a.person_id = k.id AND a.calendar_event IS NOT NULL AND a.returns_at < k.since
                    AND NOT EXISTS (
                        SELECT FROM audit AS r
                        WHERE r.table_name = 'absence' AND r.row_id = a.id AND now() < greatest(
                            (r.old ->> 'returns_at')::timestamptz, (r.new ->> 'returns_at')::timestamptz
                        )
                    )
                LIMIT most
            ) AS f
        LIMIT most
    );

    -- Not as long as the absence is there: by its audit it is known when its event ends. Of who is gone, the audit knows
    -- the organisation.
    records := ARRAY(
        SELECT f.id
        FROM (
            SELECT p.id, policy_history_begins(p.organisation_id) AS since FROM person AS p
            UNION ALL
            SELECT g.row_id::integer, policy_history_begins((g.old ->> 'organisation_id')::integer) FROM audit AS g
            WHERE g.table_name = 'person' AND g.action = 'delete'
            OFFSET 0
        ) AS k,
            LATERAL (
                SELECT a.id FROM audit AS a
                WHERE a.table_name = 'absence'
                    AND coalesce(a.new ->> 'calendar_event', a.old ->> 'calendar_event') IS NOT NULL
                    AND coalesce(a.new ->> 'person_id', a.old ->> 'person_id')::integer = k.id AND a.at < k.since
                    AND NOT EXISTS (SELECT FROM absence AS s WHERE s.id = a.row_id)
                LIMIT most
            ) AS f
        LIMIT most
    );

    -- Not before an earlier order about the same subscription: the later one keeps that from being sent again.
    orders := ARRAY(
        SELECT o.id FROM outbox_order AS o
        WHERE o.state IN ('delivered', 'handed_over')
            AND coalesce(o.delivered_at, o.created_at) < policy_history_begins(o.organisation_id)
            AND NOT EXISTS (
                SELECT FROM outbox_order AS e
                WHERE e.extension_id = o.extension_id AND e.id < o.id
                    AND e.kind LIKE '%_subscription' AND o.kind LIKE '%_subscription'
            )
        ORDER BY o.id LIMIT most
    );

    -- Wrong tries to lock a phone are kept for 30 days, as policy_lock_lost does.
    attempts := ARRAY(
        SELECT l.id FROM lock_attempt AS l WHERE l.at < now() - interval '720 hours' ORDER BY l.id LIMIT most
    );

    -- A voice message goes when its recording is gone as well: else it would be taken for a new one. Until then nobody
    -- needs to know any more who called.
    messages := ARRAY(
        SELECT m.id FROM voicemail_message AS m JOIN mailbox AS b ON b.id = m.mailbox_id
        WHERE m.ended_at IS NOT NULL AND greatest(m.ended_at, m.gone_at) < policy_history_begins(b.organisation_id)
            AND m.gone_at IS NOT NULL
        ORDER BY m.id LIMIT most
    );
    callers := ARRAY(
        SELECT m.id FROM voicemail_message AS m JOIN mailbox AS b ON b.id = m.mailbox_id
        WHERE m.ended_at < policy_history_begins(b.organisation_id) AND m.gone_at IS NULL
            AND m.caller_number IS NOT NULL
        ORDER BY m.id LIMIT most
    );

    IF cardinality(absences) > 0 THEN
        DELETE FROM absence AS a WHERE a.id = ANY (absences) AND policy_is_history(to_jsonb(a));
    END IF;
    DELETE FROM audit AS a WHERE a.id = ANY (records);
    DELETE FROM outbox_order AS o WHERE o.id = ANY (orders) AND o.state IN ('delivered', 'handed_over');
    DELETE FROM lock_attempt AS l WHERE l.id = ANY (attempts);
    DELETE FROM voicemail_message AS m WHERE m.id = ANY (messages) AND m.ended_at IS NOT NULL;
    UPDATE voicemail_message SET caller_number = NULL WHERE id = ANY (callers) AND ended_at IS NOT NULL;
    RETURN cardinality(absences) + cardinality(records) + cardinality(orders) + cardinality(attempts)
        + cardinality(messages) + cardinality(callers);
END
$$;

REVOKE EXECUTE ON FUNCTION policy_forget(integer) FROM public;
