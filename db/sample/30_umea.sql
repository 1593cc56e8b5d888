-- Umeå: the units and people that a newcomer dials. Short numbers begin with 6.

INSERT INTO mailbox (organisation_id, number, name, email, pin)
SELECT pg_temp.organisation('umea'), v.number, v.name, v.email, pg_temp.new_pin()
FROM (VALUES
    ('61000', 'Umeå kommuns växel', 'vaxel@umea.example'),
    ('61009', 'Umeå kommuns jour', 'jour@umea.example'),
    ('61200', 'Bygglov', 'bygglov@umea.example'),
    ('61290', 'Bygglovs jour', 'jour.bygglov@umea.example'),
    ('61300', 'Hemtjänst', 'hemtjanst@umea.example'),
    ('61390', 'Hemtjänstens jour', 'jour.hemtjanst@umea.example'),
    ('61490', 'Socialjouren', 'socialjouren@umea.example'),
    ('61500', 'Miljö- och hälsoskydd', 'miljo@umea.example'),
    ('61600', 'IT och telefoni', 'servicedesk@umea.example'),
    ('61700', 'Förskolan Tallbacken', 'tallbacken@umea.example'),
    ('61750', 'Björkängens skola', 'bjorkangen@umea.example')
) AS v (number, name, email);

-- Duty after hours (R7). The mailbox takes the message when nobody answers; it is mailed at once.
INSERT INTO duty_roster (organisation_id, name, mailbox_id)
SELECT pg_temp.organisation('umea'), v.name, pg_temp.mailbox(v.mailbox)
FROM (VALUES
    ('Tjänsteman i beredskap', '61009'),
    ('Bygglovs jour', '61290'),
    ('Hemtjänstens jour', '61390'),
    ('Socialjouren', '61490')
) AS v (name, mailbox);

-- Units, parents before what they hold. A unit without telephone hours of its own has its working hours.
INSERT INTO unit (
    organisation_id, parent_id, name, number, confidential, telephone_schedule_id, working_schedule_id,
    duty_roster_id, mailbox_id
)
SELECT
    pg_temp.organisation('umea'), NULL, v.name, pg_temp.number(v.short), v.confidential,
    pg_temp.schedule('umea', coalesce(v.telephone, v.working)), pg_temp.schedule('umea', v.working),
    pg_temp.roster('umea', v.roster), pg_temp.mailbox(v.mailbox)
FROM (VALUES
    ('Stadsledningskontoret', '61020', false, NULL, 'Kontorstid', NULL, NULL),
    ('Växel och reception', '61010', false, NULL, 'Växel', NULL, '61000'),
    ('Bygglov', '61200', false, 'Bygglovs telefontid', 'Kontorstid', 'Bygglovs jour', '61200'),
    ('Hemtjänst', '61300', false, NULL, 'Dygnet runt', 'Hemtjänstens jour', '61300'),
    ('Individ- och familjeomsorg', '61410', true, NULL, 'Kontorstid', 'Socialjouren', '61490'),
    ('Socialjour och skyddat boende', '61400', true, NULL, 'Dygnet runt', 'Socialjouren', '61490'),
    ('Miljö- och hälsoskydd', '61500', false, 'Telefontid', 'Kontorstid', NULL, '61500'),
    ('IT och telefoni', '61600', false, NULL, 'IT', NULL, '61600'),
    ('Förskolan Tallbacken', '61700', false, NULL, 'Förskola', NULL, '61700'),
    ('Björkängens skola', '61750', false, 'Lunchstängt', 'Skola', NULL, '61750')
) AS v (name, short, confidential, telephone, working, roster, mailbox);

UPDATE unit SET parent_id = pg_temp.unit('61410') WHERE number = pg_temp.number('61400');
UPDATE unit SET parent_id = pg_temp.unit('61020') WHERE number = pg_temp.number('61010');

INSERT INTO employee (in_organisation, in_unit, short, given_name, family_name, kind, mobile, ring_limit, voicemail)
VALUES
    ('umea', '61010', '61001', 'Birgitta', 'Lundmark', 'desk', NULL, 4, false),
    ('umea', '61010', '61002', 'Gunilla', 'Wikström', 'desk', NULL, 4, false),
    ('umea', '61010', '61003', 'Åsa', 'Forsberg', 'desk', NULL, 4, false),
    ('umea', '61020', '61005', 'Ingrid', 'Hägglund', 'desk', NULL, 4, false),
    ('umea', '61020', '61006', 'Fredrik', 'Marklund', 'desk', NULL, 4, false),
    ('umea', '61020', '61100', 'Anna', 'Lindgren', 'desk', NULL, 4, true),
    ('umea', '61020', '61101', 'Erik', 'Johansson', 'twin', '+46701740610', 4, true),
    ('umea', '61020', '61102', 'Maria', 'Nyström', 'mobile', '+46701740611', 4, true),
    ('umea', '61020', '61103', 'Karl', 'Bergström', 'desk', NULL, 2, false),
    ('umea', '61020', '61104', 'Eva', 'Sandberg', 'desk', NULL, 4, true),
    ('umea', '61020', '61105', 'Lars', 'Öberg', 'desk', NULL, 4, true),
    ('umea', '61020', '61106', 'Karin', 'Åström', 'desk', NULL, 4, false),
    ('umea', '61020', '61107', 'Johan', 'Sjöberg', 'desk', NULL, 4, false),
    ('umea', '61020', '61108', 'Sara', 'Holmgren', 'desk', NULL, 4, false),
    ('umea', '61020', '61110', 'Mikael', 'Eklund', 'desk', NULL, 4, true),
    ('umea', '61020', '61111', 'Helena', 'Norén', 'desk', NULL, 3, true),
    ('umea', '61020', '61112', 'Anders', 'Vikberg', 'desk', NULL, 3, true),
    ('umea', '61020', '61113', 'Kerstin', 'Löfgren', 'desk', NULL, 4, true),
    ('umea', '61200', '61201', 'Per', 'Hedlund', 'desk', NULL, 4, true),
    ('umea', '61200', '61202', 'Ulrika', 'Norberg', 'desk', NULL, 3, true),
    ('umea', '61200', '61211', 'Magnus', 'Boström', 'desk', NULL, 4, false),
    ('umea', '61200', '61212', 'Elin', 'Sundqvist', 'desk', NULL, 4, false),
    ('umea', '61300', '61301', 'Fatima', 'Hassan', 'desk', NULL, 4, false),
    ('umea', '61300', '61302', 'Monica', 'Stenlund', 'twin', '+46701740612', 4, false),
    ('umea', '61410', '61411', 'Cecilia', 'Ahlström', 'desk', NULL, 4, true),
    ('umea', '61400', '61401', 'Susanne', 'Ek', 'desk', NULL, 4, false),
    ('umea', '61400', '61402', 'Tommy', 'Granberg', 'desk', NULL, 4, false),
    ('umea', '61500', '61502', 'Linnéa', 'Jonsson', 'desk', NULL, 4, true),
    ('umea', '61500', '61503', 'Oskar', 'Lundberg', 'desk', NULL, 4, true),
    ('umea', '61600', '61601', 'Amir', 'Rahimi', 'desk', NULL, 3, true),
    ('umea', '61600', '61602', 'Jenny', 'Fransson', 'twin', '+46701740613', 4, true),
    ('umea', '61700', '61701', 'Camilla', 'Berglund', 'desk', NULL, 4, true),
    ('umea', '61700', '61702', 'Ellinor', 'Dahl', 'mobile', '+46701740614', 4, true),
    ('umea', '61750', '61751', 'Rolf', 'Hellström', 'desk', NULL, 4, true),
    ('umea', '61750', '61752', 'Annika', 'Lövgren', 'desk', NULL, 4, true);

CALL pg_temp.hire();

-- Extensions that nobody owns: duty phones in working hours (R7), and a desk that lost its telephone (R4).
INSERT INTO extension (organisation_id, unit_id, number, name)
SELECT pg_temp.organisation('umea'), pg_temp.unit(v.in_unit), pg_temp.number(v.short), v.name
FROM (VALUES
    ('61200', '61210', 'Bygglovs jourtelefon'),
    ('61300', '61310', 'Hemtjänstens jourtelefon'),
    ('61400', '61420', 'Socialjourens telefon'),
    ('61500', '61501', 'Miljöreceptionen (ingen telefon inkopplad)'),
    ('61600', '61610', 'IT:s jourtelefon')
) AS v (in_unit, short, name);

-- Where each unit answers, in order (R4). Miljö- och hälsoskydd's first place is never staffed.
INSERT INTO answering_place (unit_id, position, to_extension_id, ring_limit)
SELECT pg_temp.unit(v.in_unit), v.position, pg_temp.extension(v.short), v.ring_limit
FROM (VALUES
    ('61020', 1, '61104', 4),
    ('61200', 1, '61201', 3),
    ('61200', 2, '61202', 4),
    ('61300', 1, '61301', 4),
    ('61300', 2, '61302', 4),
    ('61400', 1, '61401', 4),
    ('61400', 2, '61402', 4),
    ('61410', 1, '61411', 4),
    ('61500', 1, '61501', 4),
    ('61500', 2, '61502', 4),
    ('61600', 1, '61601', 3),
    ('61600', 2, '61602', 4),
    ('61700', 1, '61701', 4),
    ('61700', 2, '61702', 4),
    ('61750', 1, '61751', 4)
) AS v (in_unit, position, short, ring_limit);

-- Manager and telephone contact (R14), and the phone that is open in working hours (R7).
UPDATE unit SET
    manager_id = pg_temp.person(v.manager),
    telephone_contact_id = pg_temp.person(v.contact),
    duty_phone_extension_id = pg_temp.extension(v.duty_phone)
FROM (VALUES
    ('61010', '61001', '61002', NULL),
    ('61020', '61005', '61104', '61104'),
    ('61200', '61202', '61201', '61210'),
    ('61300', '61302', '61301', '61310'),
    ('61400', '61411', '61401', '61420'),
    ('61410', '61411', '61411', '61420'),
    ('61500', '61503', '61502', '61502'),
    ('61600', '61602', '61601', '61610'),
    ('61700', '61701', '61702', '61701'),
    ('61750', '61751', '61752', '61752')
) AS v (short, manager, contact, duty_phone)
WHERE unit.number = pg_temp.number(v.short);
