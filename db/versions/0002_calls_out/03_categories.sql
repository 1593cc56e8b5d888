-- Kinds of numbers (R18): what a row of `number_class` can say, and what can be barred and opened.
-- squawk-ignore-file ban-drop-constraint, ban-drop-function, constraint-missing-not-valid
-- These tables have some rows an organisation, exemptions some thousands: a check of them takes milliseconds.

-- `unclassified` is none of them: what nobody knows is always barred, and no exemption opens it.
CREATE FUNCTION policy_categories(in_table text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[
        'international', 'premium', 'mass_call', 'directory', 'satellite', 'operator_prefix', 'national', 'mobile',
        'freephone', 'shared_cost', 'service'
    ] || CASE
        WHEN in_table = 'number_class' THEN ARRAY[]::text[]
        ELSE ARRAY['outside_diversion', 'sms_purchase', 'data_purchase']
    END
$$;

-- The guards of barrings and exemptions still hand over `also`: it counts no more.
CREATE OR REPLACE FUNCTION policy_require_category(in_table text, value text, also text[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF value = 'unclassified' THEN
        PERFORM policy_refuse(
            in_table, in_table || '_category_known',
            format('%s.category kan inte vara unclassified: vad ingen vet vad det är är alltid spärrat. Lägg upp '
                   'numrets början i number_class med det som det är.', in_table),
            'What nobody knows is always barred. Say in number_class what the number is.'
        );
    END IF;
    PERFORM policy_require_one_of(in_table, 'category', value, policy_categories(in_table));
END
$$;

ALTER TABLE barring
DROP CONSTRAINT barring_category_known,
ADD CONSTRAINT barring_category_known CHECK (category = ANY (policy_categories('barring')));
ALTER TABLE exemption
DROP CONSTRAINT exemption_category_known,
ADD CONSTRAINT exemption_category_known CHECK (category = ANY (policy_categories('exemption')));

-- NOT VALID: a row from before that says `sms_purchase` or `data_purchase` stays until somebody changes it.
ALTER TABLE number_class
DROP CONSTRAINT number_class_category_known,
ADD CONSTRAINT number_class_category_known CHECK (category = ANY (policy_categories('number_class'))) NOT VALID;

DROP FUNCTION policy_is_category(text);
