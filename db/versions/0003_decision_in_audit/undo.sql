-- Takes back what the other file made: which call made a change is forgotten.
-- squawk-ignore-file ban-drop-column

ALTER TABLE audit DROP COLUMN decision_id;
