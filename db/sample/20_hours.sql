-- Hours. A schedule is a week; holidays and the half days before them come from the organisation's calendar.

INSERT INTO schedule (organisation_id, name, open_on_holidays, half_day_closes)
SELECT o.id, v.name, v.always, CASE WHEN NOT v.always THEN time '12:00' END
FROM organisation AS o
CROSS JOIN (VALUES
    ('Växel', false),
    ('Kontorstid', false),
    ('Telefontid', false),
    ('Lunchstängt', false),
    ('Förskola', false),
    ('Skola', false),
    ('Dygnet runt', true)
) AS v (name, always);

INSERT INTO schedule (organisation_id, name)
VALUES (pg_temp.organisation('umea'), 'Bygglovs telefontid'), (pg_temp.organisation('umea'), 'IT');

INSERT INTO schedule_hours (schedule_id, weekday, opens, closes)
SELECT pg_temp.schedule('umea', v.name), weekday, v.opens, v.closes
FROM (VALUES
    ('Bygglovs telefontid', time '09:00', time '11:30'),
    ('Bygglovs telefontid', '13:00', '15:00'),
    ('IT', '07:00', '17:00')
) AS v (name, opens, closes)
CROSS JOIN generate_series(1, 5) AS weekday;

-- The switchboards keep hours of their own (R1); Nordmaling's is closed at lunch, Vindeln's closes early on Fridays.
INSERT INTO schedule_hours (schedule_id, weekday, opens, closes)
SELECT pg_temp.schedule(v.key, 'Växel'), weekday, v.opens, v.closes
FROM (VALUES
    ('umea', 1, 5, time '07:30', time '16:30'),
    ('bjurholm', 1, 5, '08:00', '16:00'),
    ('nordmaling', 1, 5, '08:00', '12:00'),
    ('nordmaling', 1, 5, '13:00', '16:00'),
    ('robertsfors', 1, 5, '07:30', '16:00'),
    ('vannas', 1, 5, '08:00', '16:30'),
    ('vindeln', 1, 4, '08:00', '16:00'),
    ('vindeln', 5, 5, '08:00', '15:00')
) AS v (key, first_weekday, last_weekday, opens, closes)
CROSS JOIN LATERAL generate_series(v.first_weekday, v.last_weekday) AS weekday;

INSERT INTO schedule_hours (schedule_id, weekday, opens, closes)
SELECT schedule.id, weekday, v.opens, v.closes
FROM (VALUES
    ('Kontorstid', 1, 5, time '08:00', time '16:30'),
    ('Telefontid', 1, 4, '09:00', '12:00'),
    ('Lunchstängt', 1, 5, '08:00', '12:00'),
    ('Lunchstängt', 1, 5, '13:00', '16:00'),
    ('Förskola', 1, 5, '06:30', '17:30'),
    ('Skola', 1, 5, '07:30', '16:00'),
    ('Dygnet runt', 1, 7, '00:00', '24:00')
) AS v (name, first_weekday, last_weekday, opens, closes)
CROSS JOIN LATERAL generate_series(v.first_weekday, v.last_weekday) AS weekday
JOIN schedule USING (name);

-- Schools in summer: two hours a day, and within that three weeks closed (the exception of fewest days applies).
INSERT INTO schedule_exception (schedule_id, first_date, last_date, name)
SELECT schedule.id, make_date(year, v.first_month, v.first_day), make_date(year, v.last_month, v.last_day), v.name
FROM schedule
CROSS JOIN generate_series(2024, 2040) AS year
CROSS JOIN (VALUES
    ('Sommarlov', 6, 15, 8, 10),
    ('Semesterstängt', 7, 8, 7, 28)
) AS v (name, first_month, first_day, last_month, last_day)
WHERE schedule.name = 'Skola';

INSERT INTO schedule_exception_hours (schedule_exception_id, opens, closes)
SELECT id, '09:00', '11:00' FROM schedule_exception WHERE name = 'Sommarlov';
