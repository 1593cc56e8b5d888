-- How long a diversion to a number outside may stand (R9): each organisation's own choice, and NULL for ever.

ALTER TABLE organisation ADD COLUMN outside_diversion_days smallint;
ALTER TABLE organisation
ADD CONSTRAINT organisation_outside_diversion_days_range
CHECK (outside_diversion_days BETWEEN 1 AND 3650) NOT VALID;
ALTER TABLE organisation VALIDATE CONSTRAINT organisation_outside_diversion_days_range;
