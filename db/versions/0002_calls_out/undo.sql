-- squawk-ignore-file ban-drop-table, ban-drop-column
DROP TABLE trunk;
ALTER TABLE organisation DROP COLUMN outside_diversion_days;
