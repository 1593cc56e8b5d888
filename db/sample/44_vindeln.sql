-- Vindelns kommun: short numbers begin with 7. The switchboard's operators sit in Umeå (R1).

INSERT INTO mailbox (organisation_id, number, name, email, pin)
SELECT pg_temp.organisation('vindeln'), v.number, v.name, v.email, pg_temp.new_pin()
FROM (VALUES
    ('70000', 'Vindelns växel', 'vaxel@vindeln.example'),
    ('70009', 'Vindelns jour', 'jour@vindeln.example'),
    ('70100', 'Kommunhuset', 'kontoret@vindeln.example'),
    ('70200', 'Miljö och bygg', 'miljo.bygg@vindeln.example'),
    ('70300', 'Hemtjänst', 'hemtjanst@vindeln.example'),
    ('70400', 'Individ- och familjeomsorg', 'ifo@vindeln.example'),
    ('70500', 'Älvskolan', 'skolan@vindeln.example'),
    ('70600', 'Förskolan Lingonet', 'forskolan@vindeln.example'),
    ('70700', 'Fritid och simhall', 'fritid@vindeln.example')
) AS v (number, name, email);

INSERT INTO duty_roster (organisation_id, name, mailbox_id)
VALUES
    (pg_temp.organisation('vindeln'), 'Kommunens jour', pg_temp.mailbox('70009')),
    (pg_temp.organisation('vindeln'), 'Hemtjänstens jour', pg_temp.mailbox('70300'));

INSERT INTO unit (
    organisation_id, name, number, confidential, telephone_schedule_id, working_schedule_id, duty_roster_id,
    mailbox_id
)
SELECT
    pg_temp.organisation('vindeln'), v.name, pg_temp.number(v.short), v.confidential,
    pg_temp.schedule('vindeln', coalesce(v.telephone, v.working)), pg_temp.schedule('vindeln', v.working),
    pg_temp.roster('vindeln', v.roster), pg_temp.mailbox(v.short)
FROM (VALUES
    ('Kommunhuset', '70100', false, NULL, 'Kontorstid', NULL),
    ('Miljö och bygg', '70200', false, 'Telefontid', 'Kontorstid', NULL),
    ('Hemtjänst', '70300', false, NULL, 'Dygnet runt', 'Hemtjänstens jour'),
    ('Individ- och familjeomsorg', '70400', true, 'Telefontid', 'Kontorstid', NULL),
    ('Älvskolan', '70500', false, 'Lunchstängt', 'Skola', NULL),
    ('Förskolan Lingonet', '70600', false, NULL, 'Förskola', NULL),
    ('Fritid och simhall', '70700', false, NULL, 'Lunchstängt', NULL)
) AS v (name, short, confidential, telephone, working, roster);

INSERT INTO employee (in_organisation, in_unit, short, given_name, family_name, kind, mobile, ring_limit, voicemail)
VALUES
    ('vindeln', '70100', '70101', 'Karl-Erik', 'Danielsson', 'desk', NULL, 4, true),
    ('vindeln', '70100', '70102', 'Inger', 'Sandström', 'desk', NULL, 4, false),
    ('vindeln', '70200', '70201', 'Mats', 'Hägg', 'desk', NULL, 3, true),
    ('vindeln', '70200', '70202', 'Ida', 'Brännström', 'desk', NULL, 3, true),
    ('vindeln', '70300', '70301', 'Sirpa', 'Niemi', 'desk', NULL, 4, false),
    ('vindeln', '70300', '70302', 'Örjan', 'Fjällström', 'twin', '+46701740632', 4, false),
    ('vindeln', '70400', '70401', 'Gunvor', 'Åberg', 'desk', NULL, 4, true),
    ('vindeln', '70500', '70501', 'Håkan', 'Zakrisson', 'desk', NULL, 4, true),
    ('vindeln', '70600', '70601', 'Frida', 'Lövmark', 'mobile', '+46701740633', 4, true),
    ('vindeln', '70700', '70701', 'Simon', 'Ryding', 'desk', NULL, 4, true),
    ('vindeln', '70700', '70702', 'Veronica', 'Stål', 'desk', NULL, 4, true);

CALL pg_temp.hire();

-- Duty phones: the municipality's, and home care's, which is open day and night (R7).
INSERT INTO extension (organisation_id, unit_id, number, name, kind, mobile_number)
SELECT pg_temp.organisation('vindeln'), pg_temp.unit(v.in_unit), pg_temp.number(v.short), v.name, v.kind, v.mobile
FROM (VALUES
    ('70100', '70005', 'Vindeln: kommunens jourtelefon', 'twin', '+46701740634'),
    ('70300', '70310', 'Vindeln: hemtjänstens jourtelefon', 'desk', NULL)
) AS v (in_unit, short, name, kind, mobile);

INSERT INTO answering_place (unit_id, position, to_extension_id, ring_limit)
SELECT pg_temp.unit(v.in_unit), v.position, pg_temp.extension(v.short), v.ring_limit
FROM (VALUES
    ('70100', 1, '70101', 4),
    ('70100', 2, '70102', 4),
    ('70200', 1, '70201', 3),
    ('70200', 2, '70202', 3),
    ('70300', 1, '70301', 4),
    ('70300', 2, '70302', 4),
    ('70400', 1, '70401', 4),
    ('70500', 1, '70501', 4),
    ('70600', 1, '70601', 4),
    ('70700', 1, '70701', 4),
    ('70700', 2, '70702', 4)
) AS v (in_unit, position, short, ring_limit);

UPDATE unit SET
    manager_id = pg_temp.person(v.manager),
    telephone_contact_id = pg_temp.person(v.contact),
    duty_phone_extension_id = pg_temp.extension(v.duty_phone)
FROM (VALUES
    ('70100', '70101', '70102', '70102'),
    ('70200', '70201', '70202', '70202'),
    ('70300', '70301', '70302', '70310'),
    ('70400', '70401', '70401', '70401'),
    ('70500', '70501', '70501', '70501'),
    ('70600', '70601', '70601', '70601'),
    ('70700', '70701', '70702', '70702')
) AS v (short, manager, contact, duty_phone)
WHERE unit.number = pg_temp.number(v.short);

INSERT INTO duty_level (duty_roster_id, level, standing_extension_id)
SELECT pg_temp.roster('vindeln', v.roster), v.level, pg_temp.extension(v.short)
FROM (VALUES
    ('Kommunens jour', 1, '70005'),
    ('Kommunens jour', 2, '70101'),
    ('Hemtjänstens jour', 1, '70310'),
    ('Hemtjänstens jour', 2, '70302')
) AS v (roster, level, short);

-- The third level of Vindeln's duty is Umeå's official on duty.
INSERT INTO duty_level (duty_roster_id, level, standing_extension_id)
VALUES (pg_temp.roster('vindeln', 'Kommunens jour'), 3, pg_temp.extension('61005'));
