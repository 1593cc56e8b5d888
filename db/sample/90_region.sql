-- What joins the region: one operator group in Umeå serves all six switchboards (R1).

INSERT INTO ring_group (organisation_id, name) VALUES (pg_temp.organisation('umea'), 'Regionens telefonister');

INSERT INTO ring_group_member (ring_group_id, extension_id)
SELECT ring_group.id, pg_temp.extension(v.short)
FROM ring_group
CROSS JOIN (VALUES ('61001'), ('61002'), ('61003')) AS v (short)
WHERE ring_group.name = 'Regionens telefonister';

INSERT INTO answering_place (unit_id, position, to_ring_group_id)
SELECT pg_temp.unit('61010'), 1, id FROM ring_group WHERE name = 'Regionens telefonister';

UPDATE organisation SET
    operator_group_id = (SELECT id FROM ring_group WHERE name = 'Regionens telefonister'),
    switchboard_schedule_id = pg_temp.schedule(organisation.key, 'Växel'),
    duty_roster_id = pg_temp.roster(organisation.key, v.roster),
    mailbox_id = pg_temp.mailbox(v.mailbox)
FROM (VALUES
    ('umea', 'Tjänsteman i beredskap', '61000'),
    ('bjurholm', 'Kommunens jour', '20000'),
    ('nordmaling', 'Kommunens jour', '30000'),
    ('robertsfors', 'Kommunens jour', '40000'),
    ('vannas', 'Kommunens jour', '50000'),
    ('vindeln', 'Kommunens jour', '70000')
) AS v (key, roster, mailbox)
WHERE organisation.key = v.key;
