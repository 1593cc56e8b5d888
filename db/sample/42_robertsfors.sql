-- Robertsfors kommun: short numbers begin with 4. The switchboard's operators sit in Umeå (R1).

INSERT INTO mailbox (organisation_id, number, name, email, pin)
SELECT pg_temp.organisation('robertsfors'), v.number, v.name, v.email, pg_temp.new_pin()
FROM (VALUES
    ('40000', 'Robertsfors växel', 'vaxel@robertsfors.example'),
    ('40009', 'Robertsfors jour', 'jour@robertsfors.example'),
    ('40100', 'Kommunkontoret', 'kontoret@robertsfors.example'),
    ('40200', 'Samhällsbyggnad', 'miljo.bygg@robertsfors.example'),
    ('40300', 'Hemtjänst', 'hemtjanst@robertsfors.example'),
    ('40400', 'Individ- och familjeomsorg', 'ifo@robertsfors.example'),
    ('40500', 'Tundalsskolan', 'skolan@robertsfors.example'),
    ('40600', 'Förskolan Älvdalen', 'forskolan@robertsfors.example'),
    ('40700', 'Gator och vatten', 'gator@robertsfors.example')
) AS v (number, name, email);

INSERT INTO duty_roster (organisation_id, name, mailbox_id)
VALUES
    (pg_temp.organisation('robertsfors'), 'Kommunens jour', pg_temp.mailbox('40009')),
    (pg_temp.organisation('robertsfors'), 'Hemtjänstens jour', pg_temp.mailbox('40300'));

INSERT INTO unit (
    organisation_id, name, number, confidential, telephone_schedule_id, working_schedule_id, duty_roster_id,
    mailbox_id
)
SELECT
    pg_temp.organisation('robertsfors'), v.name, pg_temp.number(v.short), v.confidential,
    pg_temp.schedule('robertsfors', coalesce(v.telephone, v.working)), pg_temp.schedule('robertsfors', v.working),
    pg_temp.roster('robertsfors', v.roster), pg_temp.mailbox(v.short)
FROM (VALUES
    ('Kommunkontoret', '40100', false, NULL, 'Kontorstid', NULL),
    ('Samhällsbyggnad', '40200', false, 'Telefontid', 'Kontorstid', NULL),
    ('Hemtjänst', '40300', false, NULL, 'Dygnet runt', 'Hemtjänstens jour'),
    ('Individ- och familjeomsorg', '40400', true, 'Telefontid', 'Kontorstid', NULL),
    ('Tundalsskolan', '40500', false, 'Lunchstängt', 'Skola', NULL),
    ('Förskolan Älvdalen', '40600', false, NULL, 'Förskola', NULL),
    ('Gator och vatten', '40700', false, 'Lunchstängt', 'Kontorstid', NULL)
) AS v (name, short, confidential, telephone, working, roster);

INSERT INTO employee (in_organisation, in_unit, short, given_name, family_name, kind, mobile, ring_limit, voicemail)
VALUES
    ('robertsfors', '40100', '40101', 'Solveig', 'Burman', 'desk', NULL, 4, true),
    ('robertsfors', '40100', '40102', 'Göran', 'Lundqvist', 'desk', NULL, 4, false),
    ('robertsfors', '40200', '40201', 'Pernilla', 'Åkerlund', 'desk', NULL, 3, true),
    ('robertsfors', '40200', '40202', 'Daniel', 'Rönnlund', 'desk', NULL, 3, true),
    ('robertsfors', '40300', '40301', 'Marita', 'Bäckström', 'desk', NULL, 4, false),
    ('robertsfors', '40300', '40302', 'Leif', 'Nordlander', 'twin', '+46701740626', 4, false),
    ('robertsfors', '40400', '40401', 'Gun-Britt', 'Fahlgren', 'desk', NULL, 4, true),
    ('robertsfors', '40500', '40501', 'Björn', 'Holmlund', 'desk', NULL, 4, true),
    ('robertsfors', '40600', '40601', 'Therese', 'Säfström', 'mobile', '+46701740627', 4, true),
    ('robertsfors', '40700', '40701', 'Kjell', 'Renström', 'desk', NULL, 4, true),
    ('robertsfors', '40700', '40702', 'Yvonne', 'Degerman', 'desk', NULL, 4, true);

CALL pg_temp.hire();

-- Duty phones: the municipality's, and home care's, which is open day and night (R7).
INSERT INTO extension (organisation_id, unit_id, number, name, kind, mobile_number)
SELECT pg_temp.organisation('robertsfors'), pg_temp.unit(v.in_unit), pg_temp.number(v.short), v.name, v.kind, v.mobile
FROM (VALUES
    ('40100', '40005', 'Robertsfors: kommunens jourtelefon', 'twin', '+46701740628'),
    ('40300', '40310', 'Robertsfors: hemtjänstens jourtelefon', 'desk', NULL)
) AS v (in_unit, short, name, kind, mobile);

INSERT INTO answering_place (unit_id, position, to_extension_id, ring_limit)
SELECT pg_temp.unit(v.in_unit), v.position, pg_temp.extension(v.short), v.ring_limit
FROM (VALUES
    ('40100', 1, '40101', 4),
    ('40100', 2, '40102', 4),
    ('40200', 1, '40201', 3),
    ('40200', 2, '40202', 3),
    ('40300', 1, '40301', 4),
    ('40300', 2, '40302', 4),
    ('40400', 1, '40401', 4),
    ('40500', 1, '40501', 4),
    ('40600', 1, '40601', 4),
    ('40700', 1, '40701', 4),
    ('40700', 2, '40702', 4)
) AS v (in_unit, position, short, ring_limit);

UPDATE unit SET
    manager_id = pg_temp.person(v.manager),
    telephone_contact_id = pg_temp.person(v.contact),
    duty_phone_extension_id = pg_temp.extension(v.duty_phone)
FROM (VALUES
    ('40100', '40101', '40102', '40102'),
    ('40200', '40201', '40202', '40202'),
    ('40300', '40301', '40302', '40310'),
    ('40400', '40401', '40401', '40401'),
    ('40500', '40501', '40501', '40501'),
    ('40600', '40601', '40601', '40601'),
    ('40700', '40701', '40702', '40702')
) AS v (short, manager, contact, duty_phone)
WHERE unit.number = pg_temp.number(v.short);

INSERT INTO duty_level (duty_roster_id, level, standing_extension_id)
SELECT pg_temp.roster('robertsfors', v.roster), v.level, pg_temp.extension(v.short)
FROM (VALUES
    ('Kommunens jour', 1, '40005'),
    ('Kommunens jour', 2, '40101'),
    ('Hemtjänstens jour', 1, '40310'),
    ('Hemtjänstens jour', 2, '40302')
) AS v (roster, level, short);

-- On the Friday after Ascension Day the town hall is closed, but not its switchboard.
INSERT INTO schedule_exception (schedule_id, first_date, last_date, name)
SELECT pg_temp.schedule('robertsfors', 'Kontorstid'), holiday.date + 1, holiday.date + 1, 'Klämdag'
FROM holiday
WHERE holiday.name = 'Kristi himmelsfärdsdag';
