-- Umeå, as on an ordinary day: diversions, absence, duty.

-- Diversions of each kind (R9), and a chain: 61110 goes to 61111, which after three rings goes to 61112.
INSERT INTO diversion (extension_id, condition, to_extension_id, rings)
SELECT pg_temp.extension(v.short), v.condition, pg_temp.extension(v.to_short), v.rings
FROM (VALUES
    ('61103', 'no_answer', '61104', NULL::integer),
    ('61105', 'all', '61100', NULL),
    ('61106', 'busy', '61104', NULL),
    ('61110', 'all', '61111', NULL),
    ('61111', 'no_answer', '61112', 3)
) AS v (short, condition, to_short, rings);

INSERT INTO diversion (extension_id, condition, to_unit_id)
VALUES (pg_temp.extension('61107'), 'unreachable', pg_temp.unit('61200'));

INSERT INTO diversion (extension_id, condition, to_number)
VALUES (pg_temp.extension('61112'), 'no_answer', '+46701740615');

-- Kerstin Löfgren has holiday for three weeks from today; who must speak to somebody is referred to Eva Sandberg.
INSERT INTO absence (person_id, reason_id, starts_at, returns_at, referral_extension_id)
SELECT
    pg_temp.person('61113'), pg_temp.reason('umea', '4'),
    date_trunc('day', now() AT TIME ZONE 'Europe/Stockholm') AT TIME ZONE 'Europe/Stockholm',
    (pg_temp.this_monday() + interval '21 days 8 hours') AT TIME ZONE 'Europe/Stockholm',
    pg_temp.extension('61104');

-- Duty, level by level: who stands by when no shift says otherwise.
INSERT INTO duty_level (duty_roster_id, level, standing_extension_id, ring_limit)
SELECT pg_temp.roster('umea', v.roster), v.level, pg_temp.extension(v.short), v.ring_limit
FROM (VALUES
    ('Tjänsteman i beredskap', 1, '61005', 4),
    ('Tjänsteman i beredskap', 2, '61006', 4),
    ('Bygglovs jour', 1, '61211', 4),
    ('Bygglovs jour', 2, '61212', 4),
    ('Hemtjänstens jour', 1, '61310', 4),
    ('Hemtjänstens jour', 2, '61302', 4),
    ('Socialjouren', 1, '61401', 3),
    ('Socialjouren', 2, '61402', 4),
    ('Socialjouren', 3, '61411', 4)
) AS v (roster, level, short, ring_limit);

-- The official on duty changes every Monday at seven, from two weeks ago to half a year ahead.
INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, to_extension_id)
SELECT
    pg_temp.roster('umea', 'Tjänsteman i beredskap'), v.level,
    (pg_temp.this_monday() + week * interval '7 days' + interval '7 hours') AT TIME ZONE 'Europe/Stockholm',
    (pg_temp.this_monday() + (week + 1) * interval '7 days' + interval '7 hours') AT TIME ZONE 'Europe/Stockholm',
    pg_temp.extension(CASE WHEN (week + v.level) % 2 = 0 THEN '61005' ELSE '61006' END)
FROM generate_series(-2, 26) AS week
CROSS JOIN (VALUES (1), (2)) AS v (level);
