-- Bjurholms kommun: short numbers begin with 2. The switchboard's operators sit in Umeå (R1).

INSERT INTO mailbox (organisation_id, number, name, email, pin)
SELECT pg_temp.organisation('bjurholm'), v.number, v.name, v.email, pg_temp.new_pin()
FROM (VALUES
    ('20000', 'Bjurholms växel', 'vaxel@bjurholm.example'),
    ('20009', 'Bjurholms jour', 'jour@bjurholm.example'),
    ('20100', 'Kommunkontoret', 'kontoret@bjurholm.example'),
    ('20200', 'Miljö och bygg', 'miljo.bygg@bjurholm.example'),
    ('20300', 'Hemtjänst', 'hemtjanst@bjurholm.example'),
    ('20400', 'Individ- och familjeomsorg', 'ifo@bjurholm.example'),
    ('20500', 'Castorskolan', 'skolan@bjurholm.example'),
    ('20600', 'Förskolan Bäverhyddan', 'forskolan@bjurholm.example')
) AS v (number, name, email);

INSERT INTO duty_roster (organisation_id, name, mailbox_id)
VALUES
    (pg_temp.organisation('bjurholm'), 'Kommunens jour', pg_temp.mailbox('20009')),
    (pg_temp.organisation('bjurholm'), 'Hemtjänstens jour', pg_temp.mailbox('20300'));

INSERT INTO unit (
    organisation_id, name, number, confidential, telephone_schedule_id, working_schedule_id, duty_roster_id,
    mailbox_id
)
SELECT
    pg_temp.organisation('bjurholm'), v.name, pg_temp.number(v.short), v.confidential,
    pg_temp.schedule('bjurholm', coalesce(v.telephone, v.working)), pg_temp.schedule('bjurholm', v.working),
    pg_temp.roster('bjurholm', v.roster), pg_temp.mailbox(v.short)
FROM (VALUES
    ('Kommunkontoret', '20100', false, NULL, 'Kontorstid', NULL),
    ('Miljö och bygg', '20200', false, 'Telefontid', 'Kontorstid', NULL),
    ('Hemtjänst', '20300', false, NULL, 'Dygnet runt', 'Hemtjänstens jour'),
    ('Individ- och familjeomsorg', '20400', true, 'Telefontid', 'Kontorstid', NULL),
    ('Castorskolan', '20500', false, 'Lunchstängt', 'Skola', NULL),
    ('Förskolan Bäverhyddan', '20600', false, NULL, 'Förskola', NULL)
) AS v (name, short, confidential, telephone, working, roster);

INSERT INTO employee (in_organisation, in_unit, short, given_name, family_name, kind, mobile, ring_limit, voicemail)
VALUES
    ('bjurholm', '20100', '20101', 'Margareta', 'Olofsson', 'desk', NULL, 4, true),
    ('bjurholm', '20100', '20102', 'Bo', 'Karlsson', 'desk', NULL, 4, false),
    ('bjurholm', '20200', '20201', 'Stefan', 'Öhman', 'desk', NULL, 3, true),
    ('bjurholm', '20200', '20202', 'Lena', 'Grahn', 'desk', NULL, 3, true),
    ('bjurholm', '20300', '20301', 'Ritva', 'Lahti', 'desk', NULL, 4, false),
    ('bjurholm', '20300', '20302', 'Jonas', 'Hedman', 'twin', '+46701740620', 4, false),
    ('bjurholm', '20400', '20401', 'Agneta', 'Lidström', 'desk', NULL, 4, true),
    ('bjurholm', '20500', '20501', 'Christer', 'Ågren', 'desk', NULL, 4, true),
    ('bjurholm', '20600', '20601', 'Sofia', 'Wallin', 'mobile', '+46701740621', 4, true);

CALL pg_temp.hire();

-- Duty phones: the municipality's, and home care's, which is open day and night (R7).
INSERT INTO extension (organisation_id, unit_id, number, name, kind, mobile_number)
SELECT pg_temp.organisation('bjurholm'), pg_temp.unit(v.in_unit), pg_temp.number(v.short), v.name, v.kind, v.mobile
FROM (VALUES
    ('20100', '20005', 'Bjurholm: kommunens jourtelefon', 'twin', '+46701740622'),
    ('20300', '20310', 'Bjurholm: hemtjänstens jourtelefon', 'desk', NULL)
) AS v (in_unit, short, name, kind, mobile);

INSERT INTO answering_place (unit_id, position, to_extension_id, ring_limit)
SELECT pg_temp.unit(v.in_unit), v.position, pg_temp.extension(v.short), v.ring_limit
FROM (VALUES
    ('20100', 1, '20101', 4),
    ('20100', 2, '20102', 4),
    ('20200', 1, '20201', 3),
    ('20200', 2, '20202', 3),
    ('20300', 1, '20301', 4),
    ('20300', 2, '20302', 4),
    ('20400', 1, '20401', 4),
    ('20500', 1, '20501', 4),
    ('20600', 1, '20601', 4)
) AS v (in_unit, position, short, ring_limit);

UPDATE unit SET
    manager_id = pg_temp.person(v.manager),
    telephone_contact_id = pg_temp.person(v.contact),
    duty_phone_extension_id = pg_temp.extension(v.duty_phone)
FROM (VALUES
    ('20100', '20101', '20102', '20102'),
    ('20200', '20201', '20202', '20202'),
    ('20300', '20301', '20302', '20310'),
    ('20400', '20401', '20401', '20401'),
    ('20500', '20501', '20501', '20501'),
    ('20600', '20601', '20601', '20601')
) AS v (short, manager, contact, duty_phone)
WHERE unit.number = pg_temp.number(v.short);

INSERT INTO duty_level (duty_roster_id, level, standing_extension_id)
SELECT pg_temp.roster('bjurholm', v.roster), v.level, pg_temp.extension(v.short)
FROM (VALUES
    ('Kommunens jour', 1, '20005'),
    ('Kommunens jour', 2, '20101'),
    ('Hemtjänstens jour', 1, '20310'),
    ('Hemtjänstens jour', 2, '20302')
) AS v (roster, level, short);
