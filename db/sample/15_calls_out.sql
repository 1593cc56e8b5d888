-- What is barred for everybody (R18), and the codes that people dial on their phones.

INSERT INTO number_class (prefix, category, note) VALUES
    ('0900', 'premium', 'betalsamtal'),
    ('0939', 'premium', 'betalsamtal'),
    ('0944', 'premium', 'betalsamtal'),
    ('099', 'mass_call', 'massanrop'),
    ('118', 'directory', 'nummerupplysning'),
    ('95', 'operator_prefix', 'operatörsprefix'),
    ('+870', 'satellite', 'Inmarsat'),
    ('+881', 'satellite', 'globala mobila satellitsystem'),
    ('+882', 'satellite', 'internationella nät'),
    ('+883', 'satellite', 'internationella nät'),
    ('+979', 'premium', 'internationella betalsamtal'),
    ('00', 'international', 'utland');

INSERT INTO barring (organisation_id, category, reason)
SELECT organisation.id, v.category, v.reason
FROM organisation
CROSS JOIN (VALUES
    ('international', 'Utlandssamtal är spärrade tills närmaste chef öppnar dem.'),
    ('premium', 'Betalsamtal är spärrade tills närmaste chef öppnar dem.'),
    ('mass_call', 'Massanrop är spärrade.'),
    ('satellite', 'Satellitsamtal är spärrade tills närmaste chef öppnar dem.'),
    ('operator_prefix', 'Operatörsprefix går förbi kommunens avtal.'),
    ('sms_purchase', 'Köp av tjänster med SMS är spärrade.'),
    ('data_purchase', 'Köp av extra data är spärrade.')
) AS v (category, reason);

INSERT INTO feature_code (organisation_id, code, action)
SELECT organisation.id, v.code, v.action
FROM organisation
CROSS JOIN (VALUES
    ('*21*', 'divert_all'),
    ('#21#', 'divert_all_cancel'),
    ('*#21#', 'divert_all_ask'),
    ('*61*', 'divert_no_answer'),
    ('#61#', 'divert_no_answer_cancel'),
    ('*#61#', 'divert_no_answer_ask'),
    ('*67*', 'divert_busy'),
    ('#67#', 'divert_busy_cancel'),
    ('*#67#', 'divert_busy_ask'),
    ('*62*', 'divert_unreachable'),
    ('#62#', 'divert_unreachable_cancel'),
    ('*#62#', 'divert_unreachable_ask'),
    ('*23*', 'absence'),
    ('#23#', 'absence_cancel'),
    ('*230*', 'absence_for_another'),
    ('#230*', 'absence_for_another_cancel'),
    ('#31#', 'hide_number_once'),
    ('*31#', 'show_number_once')
) AS v (code, action);
