-- The six municipalities (R1): names, main numbers, number ranges and their short forms.

INSERT INTO organisation (key, name, main_number, holiday_calendar_id)
SELECT v.key, v.name, v.main_number, (SELECT id FROM holiday_calendar WHERE name = 'Sverige')
FROM (VALUES
    ('umea', 'Umeå kommun', '+4690161000'),
    ('bjurholm', 'Bjurholms kommun', '+46932140000'),
    ('nordmaling', 'Nordmalings kommun', '+46930140000'),
    ('robertsfors', 'Robertsfors kommun', '+46934140000'),
    ('vannas', 'Vännäs kommun', '+46935140000'),
    ('vindeln', 'Vindelns kommun', '+46933140000')
) AS v (key, name, main_number);

INSERT INTO number_range (organisation_id, first_number, last_number, short_prefix, short_digits)
SELECT pg_temp.organisation(v.key), v.first_number, v.last_number, v.short_prefix, 4
FROM (VALUES
    ('umea', '+4690161000', '+4690161999', '6'),
    ('bjurholm', '+46932140000', '+46932149999', '2'),
    ('nordmaling', '+46930140000', '+46930149999', '3'),
    ('robertsfors', '+46934140000', '+46934149999', '4'),
    ('vannas', '+46935140000', '+46935149999', '5'),
    ('vindeln', '+46933140000', '+46933149999', '7')
) AS v (key, first_number, last_number, short_prefix);

-- Reasons for absence (R10), the same words and digits in all six.
INSERT INTO absence_reason (organisation_id, digit, text_sv, text_en, tell_external, still_rings, returns_by_date)
SELECT o.id, v.digit, v.text_sv, v.text_en, v.tell_external, v.still_rings, v.returns_by_date
FROM organisation AS o
CROSS JOIN (VALUES
    ('1', 'är på sammanträde', 'is in a meeting', true, false, false),
    ('2', 'är på lunch', 'is at lunch', true, false, false),
    ('3', 'är på tjänsteresa', 'is travelling on business', true, false, true),
    ('4', 'har semester', 'is on holiday', true, false, true),
    ('5', 'är sjuk', 'is ill', false, false, true),
    ('6', 'är föräldraledig', 'is on parental leave', true, false, true),
    ('7', 'arbetar hemifrån', 'works from home', true, true, false),
    ('8', 'har gått för dagen', 'has left for the day', true, false, false),
    ('9', 'är på utbildning', 'is on a course', true, false, true)
) AS v (digit, text_sv, text_en, tell_external, still_rings, returns_by_date);
