-- Nordmalings kommun: short numbers begin with 3. The switchboard's operators sit in Umeå (R1).

INSERT INTO mailbox (organisation_id, number, name, email, pin)
SELECT pg_temp.organisation('nordmaling'), v.number, v.name, v.email, pg_temp.new_pin()
FROM (VALUES
    ('30000', 'Nordmalings växel', 'vaxel@nordmaling.example'),
    ('30009', 'Nordmalings jour', 'jour@nordmaling.example'),
    ('30100', 'Kommunkontoret', 'kontoret@nordmaling.example'),
    ('30200', 'Miljö- och byggenheten', 'miljo.bygg@nordmaling.example'),
    ('30300', 'Hemtjänst', 'hemtjanst@nordmaling.example'),
    ('30400', 'Individ- och familjeomsorg', 'ifo@nordmaling.example'),
    ('30500', 'Artediskolan', 'skolan@nordmaling.example'),
    ('30600', 'Förskolan Strandängen', 'forskolan@nordmaling.example')
) AS v (number, name, email);

INSERT INTO duty_roster (organisation_id, name, mailbox_id)
VALUES
    (pg_temp.organisation('nordmaling'), 'Kommunens jour', pg_temp.mailbox('30009')),
    (pg_temp.organisation('nordmaling'), 'Hemtjänstens jour', pg_temp.mailbox('30300'));

INSERT INTO unit (
    organisation_id, name, number, confidential, telephone_schedule_id, working_schedule_id, duty_roster_id,
    mailbox_id
)
SELECT
    pg_temp.organisation('nordmaling'), v.name, pg_temp.number(v.short), v.confidential,
    pg_temp.schedule('nordmaling', coalesce(v.telephone, v.working)), pg_temp.schedule('nordmaling', v.working),
    pg_temp.roster('nordmaling', v.roster), pg_temp.mailbox(v.short)
FROM (VALUES
    ('Kommunkontoret', '30100', false, NULL, 'Kontorstid', NULL),
    ('Miljö- och byggenheten', '30200', false, 'Telefontid', 'Kontorstid', NULL),
    ('Hemtjänst', '30300', false, NULL, 'Dygnet runt', 'Hemtjänstens jour'),
    ('Individ- och familjeomsorg', '30400', true, 'Telefontid', 'Kontorstid', NULL),
    ('Artediskolan', '30500', false, 'Lunchstängt', 'Skola', NULL),
    ('Förskolan Strandängen', '30600', false, NULL, 'Förskola', NULL)
) AS v (name, short, confidential, telephone, working, roster);

INSERT INTO employee (in_organisation, in_unit, short, given_name, family_name, kind, mobile, ring_limit, voicemail)
VALUES
    ('nordmaling', '30100', '30101', 'Lisbeth', 'Häggström', 'desk', NULL, 4, true),
    ('nordmaling', '30100', '30102', 'Roger', 'Nyberg', 'desk', NULL, 4, false),
    ('nordmaling', '30200', '30201', 'Katarina', 'Edlund', 'desk', NULL, 3, true),
    ('nordmaling', '30200', '30202', 'Niklas', 'Sjöström', 'desk', NULL, 3, true),
    ('nordmaling', '30300', '30301', 'Zahra', 'Ahmadi', 'desk', NULL, 4, false),
    ('nordmaling', '30300', '30302', 'Barbro', 'Kjellberg', 'twin', '+46701740623', 4, false),
    ('nordmaling', '30400', '30401', 'Marie', 'Tjernström', 'desk', NULL, 4, true),
    ('nordmaling', '30500', '30501', 'Tomas', 'Östman', 'desk', NULL, 4, true),
    ('nordmaling', '30600', '30601', 'Emma', 'Risberg', 'mobile', '+46701740624', 4, true);

CALL pg_temp.hire();

-- Duty phones: the municipality's, and home care's, which is open day and night (R7).
INSERT INTO extension (organisation_id, unit_id, number, name, kind, mobile_number)
SELECT pg_temp.organisation('nordmaling'), pg_temp.unit(v.in_unit), pg_temp.number(v.short), v.name, v.kind, v.mobile
FROM (VALUES
    ('30100', '30005', 'Nordmaling: kommunens jourtelefon', 'twin', '+46701740625'),
    ('30300', '30310', 'Nordmaling: hemtjänstens jourtelefon', 'desk', NULL)
) AS v (in_unit, short, name, kind, mobile);

INSERT INTO answering_place (unit_id, position, to_extension_id, ring_limit)
SELECT pg_temp.unit(v.in_unit), v.position, pg_temp.extension(v.short), v.ring_limit
FROM (VALUES
    ('30100', 1, '30101', 4),
    ('30100', 2, '30102', 4),
    ('30200', 1, '30201', 3),
    ('30200', 2, '30202', 3),
    ('30300', 1, '30301', 4),
    ('30300', 2, '30302', 4),
    ('30400', 1, '30401', 4),
    ('30500', 1, '30501', 4),
    ('30600', 1, '30601', 4)
) AS v (in_unit, position, short, ring_limit);

UPDATE unit SET
    manager_id = pg_temp.person(v.manager),
    telephone_contact_id = pg_temp.person(v.contact),
    duty_phone_extension_id = pg_temp.extension(v.duty_phone)
FROM (VALUES
    ('30100', '30101', '30102', '30102'),
    ('30200', '30201', '30202', '30202'),
    ('30300', '30301', '30302', '30310'),
    ('30400', '30401', '30401', '30401'),
    ('30500', '30501', '30501', '30501'),
    ('30600', '30601', '30601', '30601')
) AS v (short, manager, contact, duty_phone)
WHERE unit.number = pg_temp.number(v.short);

INSERT INTO duty_level (duty_roster_id, level, standing_extension_id)
SELECT pg_temp.roster('nordmaling', v.roster), v.level, pg_temp.extension(v.short)
FROM (VALUES
    ('Kommunens jour', 1, '30005'),
    ('Kommunens jour', 2, '30101'),
    ('Hemtjänstens jour', 1, '30310'),
    ('Hemtjänstens jour', 2, '30302')
) AS v (roster, level, short);

-- Lisbeth Häggström is in a meeting until three today.
INSERT INTO absence (person_id, reason_id, starts_at, returns_at, referral_extension_id)
SELECT
    pg_temp.person('30101'), pg_temp.reason('nordmaling', '1'),
    today + interval '8 hours', today + interval '15 hours', pg_temp.extension('30102')
FROM (
    SELECT date_trunc('day', now() AT TIME ZONE 'Europe/Stockholm') AT TIME ZONE 'Europe/Stockholm' AS today
) AS t;
