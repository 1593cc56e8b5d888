-- Vännäs kommun: short numbers begin with 5. The switchboard's operators sit in Umeå (R1).

INSERT INTO mailbox (organisation_id, number, name, email, pin)
SELECT pg_temp.organisation('vannas'), v.number, v.name, v.email, pg_temp.new_pin()
FROM (VALUES
    ('50000', 'Vännäs växel', 'vaxel@vannas.example'),
    ('50009', 'Vännäs jour', 'jour@vannas.example'),
    ('50100', 'Kommunhuset', 'kontoret@vannas.example'),
    ('50200', 'Bygg och miljö', 'miljo.bygg@vannas.example'),
    ('50300', 'Hemtjänst', 'hemtjanst@vannas.example'),
    ('50400', 'Individ- och familjeomsorg', 'ifo@vannas.example'),
    ('50500', 'Hammarskolan', 'skolan@vannas.example'),
    ('50600', 'Förskolan Vegagården', 'forskolan@vannas.example'),
    ('50700', 'Bibliotek', 'bibliotek@vannas.example')
) AS v (number, name, email);

INSERT INTO duty_roster (organisation_id, name, mailbox_id)
VALUES
    (pg_temp.organisation('vannas'), 'Kommunens jour', pg_temp.mailbox('50009')),
    (pg_temp.organisation('vannas'), 'Hemtjänstens jour', pg_temp.mailbox('50300'));

INSERT INTO unit (
    organisation_id, name, number, confidential, telephone_schedule_id, working_schedule_id, duty_roster_id,
    mailbox_id
)
SELECT
    pg_temp.organisation('vannas'), v.name, pg_temp.number(v.short), v.confidential,
    pg_temp.schedule('vannas', coalesce(v.telephone, v.working)), pg_temp.schedule('vannas', v.working),
    pg_temp.roster('vannas', v.roster), pg_temp.mailbox(v.short)
FROM (VALUES
    ('Kommunhuset', '50100', false, NULL, 'Kontorstid', NULL),
    ('Bygg och miljö', '50200', false, 'Telefontid', 'Kontorstid', NULL),
    ('Hemtjänst', '50300', false, NULL, 'Dygnet runt', 'Hemtjänstens jour'),
    ('Individ- och familjeomsorg', '50400', true, 'Telefontid', 'Kontorstid', NULL),
    ('Hammarskolan', '50500', false, 'Lunchstängt', 'Skola', NULL),
    ('Förskolan Vegagården', '50600', false, NULL, 'Förskola', NULL),
    ('Bibliotek', '50700', false, NULL, 'Lunchstängt', NULL)
) AS v (name, short, confidential, telephone, working, roster);

INSERT INTO employee (in_organisation, in_unit, short, given_name, family_name, kind, mobile, ring_limit, voicemail)
VALUES
    ('vannas', '50100', '50101', 'Ann-Sofie', 'Lindahl', 'desk', NULL, 4, true),
    ('vannas', '50100', '50102', 'Peter', 'Åhlin', 'desk', NULL, 4, false),
    ('vannas', '50100', '50103', 'Nils', 'Gustafsson', 'desk', NULL, 4, true),
    ('vannas', '50200', '50201', 'Carina', 'Sehlin', 'desk', NULL, 3, true),
    ('vannas', '50200', '50202', 'Robert', 'Tegström', 'desk', NULL, 3, true),
    ('vannas', '50300', '50301', 'Hodan', 'Warsame', 'desk', NULL, 4, false),
    ('vannas', '50300', '50302', 'Lotta', 'Rådström', 'twin', '+46701740629', 4, false),
    ('vannas', '50400', '50401', 'Eva-Lena', 'Hörnlund', 'desk', NULL, 4, true),
    ('vannas', '50500', '50501', 'Ulf', 'Viklund', 'desk', NULL, 4, true),
    ('vannas', '50600', '50601', 'Malin', 'Engström', 'mobile', '+46701740630', 4, true),
    ('vannas', '50700', '50701', 'Tove', 'Lindmark', 'desk', NULL, 4, true);

CALL pg_temp.hire();

-- Duty phones: the municipality's, and home care's, which is open day and night (R7).
INSERT INTO extension (organisation_id, unit_id, number, name, kind, mobile_number)
SELECT pg_temp.organisation('vannas'), pg_temp.unit(v.in_unit), pg_temp.number(v.short), v.name, v.kind, v.mobile
FROM (VALUES
    ('50100', '50005', 'Vännäs: kommunens jourtelefon', 'twin', '+46701740631'),
    ('50300', '50310', 'Vännäs: hemtjänstens jourtelefon', 'desk', NULL)
) AS v (in_unit, short, name, kind, mobile);

INSERT INTO answering_place (unit_id, position, to_extension_id, ring_limit)
SELECT pg_temp.unit(v.in_unit), v.position, pg_temp.extension(v.short), v.ring_limit
FROM (VALUES
    ('50100', 1, '50101', 4),
    ('50100', 2, '50102', 4),
    ('50100', 3, '50103', 4),
    ('50200', 1, '50201', 3),
    ('50200', 2, '50202', 3),
    ('50300', 1, '50301', 4),
    ('50300', 2, '50302', 4),
    ('50400', 1, '50401', 4),
    ('50500', 1, '50501', 4),
    ('50600', 1, '50601', 4),
    ('50700', 1, '50701', 4)
) AS v (in_unit, position, short, ring_limit);

UPDATE unit SET
    manager_id = pg_temp.person(v.manager),
    telephone_contact_id = pg_temp.person(v.contact),
    duty_phone_extension_id = pg_temp.extension(v.duty_phone)
FROM (VALUES
    ('50100', '50101', '50103', '50102'),
    ('50200', '50201', '50202', '50202'),
    ('50300', '50301', '50302', '50310'),
    ('50400', '50401', '50401', '50401'),
    ('50500', '50501', '50501', '50501'),
    ('50600', '50601', '50601', '50601'),
    ('50700', '50701', '50701', '50701')
) AS v (short, manager, contact, duty_phone)
WHERE unit.number = pg_temp.number(v.short);

INSERT INTO duty_level (duty_roster_id, level, standing_extension_id)
SELECT pg_temp.roster('vannas', v.roster), v.level, pg_temp.extension(v.short)
FROM (VALUES
    ('Kommunens jour', 1, '50005'),
    ('Kommunens jour', 2, '50101'),
    ('Hemtjänstens jour', 1, '50310'),
    ('Hemtjänstens jour', 2, '50302')
) AS v (roster, level, short);

-- A diversion across the border of two organisations: Nils Gustafsson's calls about building permits go to Umeå.
INSERT INTO diversion (extension_id, condition, to_unit_id)
VALUES (pg_temp.extension('50103'), 'all', pg_temp.unit('61200'));
