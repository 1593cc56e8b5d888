-- The decision of the call that made a change, as the log of `callflow serve` has it (`decision_id`); NULL for what was
-- changed by any other hand. A call names it with `set_config('callflow.decision', id, true)`.
-- squawk-ignore-file require-concurrent-index-creation

ALTER TABLE audit ADD COLUMN decision_id text;
ALTER TABLE audit ALTER COLUMN decision_id SET DEFAULT nullif(current_setting('callflow.decision', true), '');

CREATE INDEX audit_decision_idx ON audit (decision_id) WHERE decision_id IS NOT NULL;
