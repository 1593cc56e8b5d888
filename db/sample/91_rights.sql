-- Who may what on calls to the outside, and what those calls show.

-- What the one who is called sees (R17): home care's number, the municipality's, or none. Confidential units hide it
-- for good; environment and health shows it for one call with *31#.
UPDATE unit SET presents = v.presents
FROM (VALUES
    ('61300', 'unit'),
    ('61700', 'organisation'),
    ('61500', 'hidden')
) AS v (short, presents)
WHERE unit.number = pg_temp.number(v.short);

-- A pre-school orders nothing on numbers of shared cost.
INSERT INTO barring (unit_id, category, reason)
VALUES (pg_temp.unit('61700'), 'shared_cost', 'Förskolan beställer ingenting per telefon.');

-- By the manager's word (R18) Anna Lindgren may call abroad; what Erik Johansson might has ended.
INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at)
SELECT
    pg_temp.extension(v.short), 'international', pg_temp.person('61005'), v.reason,
    v.first_day::timestamp AT TIME ZONE 'Europe/Stockholm', v.last_day::timestamp AT TIME ZONE 'Europe/Stockholm'
FROM (VALUES
    ('61100', 'Vänortsutbyte med Vasa', '2026-01-01', '2027-12-31'),
    ('61101', 'Projekt i Nordnorge', '2025-02-01', '2025-10-31')
) AS v (short, reason, first_day, last_day);

-- Bjurholm lets a diversion to a number outside stand for a month; then somebody has forgotten it.
UPDATE organisation SET outside_diversion_days = 30 WHERE key = 'bjurholm';
