-- What is barred (R18), and the codes that people dial on their phones (R9). What every extension may not use until
-- an exemption opens it (calls abroad, premium numbers and more) is barred without a row here.

-- Numbers that are something else here than in the numbering plans of Sweden and the world; the longest prefix wins.
INSERT INTO number_class (prefix, category, note) VALUES
    ('+46719', 'mobile', 'maskin till maskin: larm från pumpstationer och hissar'),
    ('+46771', 'national', '0771-nummer kostar enligt avtalet som ett vanligt samtal'),
    ('90510', 'service', 'Fröken Ur');

INSERT INTO barring (organisation_id, category, reason)
VALUES (
    pg_temp.organisation('robertsfors'), 'outside_diversion',
    'Ingen vidarekopplar ut ur kommunen: använd mobilanknytning eller röstbrevlåda.'
);

INSERT INTO feature_code (organisation_id, code, action)
SELECT organisation.id, v.code, v.action
FROM organisation
CROSS JOIN (VALUES
    ('*61*', 'divert_no_answer'),
    ('*61#', 'divert_no_answer_voicemail'),
    ('#61#', 'divert_no_answer_cancel'),
    ('*#61#', 'divert_no_answer_ask'),
    ('*67*', 'divert_busy'),
    ('*67#', 'divert_busy_voicemail'),
    ('#67#', 'divert_busy_cancel'),
    ('*#67#', 'divert_busy_ask'),
    ('*62*', 'divert_unreachable'),
    ('*62#', 'divert_unreachable_voicemail'),
    ('#62#', 'divert_unreachable_cancel'),
    ('*#62#', 'divert_unreachable_ask'),
    ('##002#', 'divert_cancel_all'),
    ('#31#', 'hide_number_once'),
    ('*31#', 'show_number_once'),
    ('*29*', 'lock_lost'),
    ('*23*', 'absence'),
    ('#23#', 'absence_cancel'),
    ('*#23#', 'absence_ask'),
    ('*98#', 'voicemail'),
    ('*98*', 'voicemail_of_another'),
    ('*230*', 'absence_for_another'),
    ('#230*', 'absence_for_another_cancel'),
    ('*#230*', 'absence_for_another_ask'),
    ('*27*', 'duty_take'),
    ('#27#', 'duty_back'),
    ('*#27#', 'duty_ask'),
    ('*#27*', 'duty_ask_elsewhere'),
    ('*28*', 'unit_hours'),
    ('#28#', 'unit_hours_cancel'),
    ('*#28#', 'unit_hours_ask'),
    ('#28*', 'unit_hours_cancel_elsewhere'),
    ('*#28*', 'unit_hours_ask_elsewhere'),
    ('*610*', 'divert_no_answer_for_another'),
    ('#610*', 'divert_no_answer_for_another_cancel'),
    ('*#610*', 'divert_no_answer_for_another_ask'),
    ('*670*', 'divert_busy_for_another'),
    ('#670*', 'divert_busy_for_another_cancel'),
    ('*#670*', 'divert_busy_for_another_ask'),
    ('*620*', 'divert_unreachable_for_another'),
    ('#620*', 'divert_unreachable_for_another_cancel'),
    ('*#620*', 'divert_unreachable_for_another_ask')
) AS v (code, action);

-- All calls: 21, as everywhere, except in Vindeln, whose people have had 22 since their last switch.
INSERT INTO feature_code (organisation_id, code, action)
SELECT organisation.id, format(v.code, CASE organisation.key WHEN 'vindeln' THEN '22' ELSE '21' END), v.action
FROM organisation
CROSS JOIN (VALUES
    ('*%s*', 'divert_all'),
    ('*%s#', 'divert_all_voicemail'),
    ('#%s#', 'divert_all_cancel'),
    ('*#%s#', 'divert_all_ask'),
    ('*%s0*', 'divert_all_for_another'),
    ('#%s0*', 'divert_all_for_another_cancel'),
    ('*#%s0*', 'divert_all_for_another_ask')
) AS v (code, action);
