-- Takes back what the other files made. What 0001 cannot hold goes with it, and stays to be read in the audit; a unit
-- that hid its number becomes confidential, which hides it too. Prefixes stay as they are now: 0001 takes them.
-- squawk-ignore-file ban-drop-table, ban-drop-column, ban-drop-constraint, ban-drop-function, constraint-missing-not-valid

SELECT FROM policy_revision FOR UPDATE;

DROP TABLE trunk;
DROP FUNCTION policy_check_trunk();
DROP FUNCTION policy_is_host(text);

DROP TRIGGER policy_check_row_action ON feature_code;
DROP FUNCTION policy_check_action();
ALTER TABLE feature_code DROP CONSTRAINT feature_code_action_known, DROP CONSTRAINT feature_code_code_ending;
DROP FUNCTION policy_code_ending(text);

CREATE FUNCTION policy_is_category(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value IN (
        'international', 'premium', 'mass_call', 'directory', 'satellite', 'operator_prefix', 'sms_purchase',
        'data_purchase'
    )
$$;

CREATE OR REPLACE FUNCTION policy_require_category(in_table text, value text, also text[] DEFAULT '{}') RETURNS void
LANGUAGE sql AS $$
    SELECT policy_require_one_of(
        in_table, 'category', value, ARRAY[
            'international', 'premium', 'mass_call', 'directory', 'satellite', 'operator_prefix', 'sms_purchase',
            'data_purchase'
        ] || also
    )
$$;

DELETE FROM number_class WHERE NOT policy_is_category(category);
DELETE FROM barring WHERE NOT (policy_is_category(category) OR category IN ('national', 'mobile'));
DELETE FROM exemption WHERE NOT policy_is_category(category);
UPDATE unit SET confidential = true, presents = 'own' WHERE presents = 'hidden';
SET CONSTRAINTS ALL IMMEDIATE; -- what waits for the end of the transaction would forbid changing the tables

ALTER TABLE barring
DROP CONSTRAINT barring_category_known,
ADD CONSTRAINT barring_category_known CHECK (policy_is_category(category) OR category IN ('national', 'mobile'));
ALTER TABLE exemption
DROP CONSTRAINT exemption_category_known,
ADD CONSTRAINT exemption_category_known CHECK (policy_is_category(category));
ALTER TABLE number_class
DROP CONSTRAINT number_class_category_known,
ADD CONSTRAINT number_class_category_known CHECK (policy_is_category(category)),
DROP CONSTRAINT number_class_prefix_form,
ADD CONSTRAINT number_class_prefix_form
CHECK (prefix ~ '^\+?[0-9]{1,15}$' AND prefix !~ '^((\+|00)46|\+)?0?(112|90000)$');
DROP FUNCTION policy_categories(text);

CREATE OR REPLACE FUNCTION policy_check_number_class() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_category('number_class', NEW.category);
    IF (NEW.prefix ~ '^\+?[0-9]{1,15}$' AND NOT policy_is_emergency(NEW.prefix)) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'number_class', 'number_class_prefix_form',
            format('Prefixet %s går inte. Skriv siffror, eventuellt med plus först, och aldrig nödnumret.',
                   coalesce(quote_literal(NEW.prefix), 'saknas och')),
            'A prefix is 1 to 15 digits, with or without a leading plus, and never the emergency number.'
        );
    END IF;
    IF NEW.note IS NOT NULL THEN
        PERFORM policy_require_text('number_class', 'note', NEW.note);
    END IF;
    RETURN NEW;
END
$$;

DROP FUNCTION policy_require_number_prefix(text);
DROP FUNCTION policy_is_number_prefix(text);

DROP TRIGGER "Policy_outside_days_kept" ON organisation;
DROP TRIGGER "Policy_outside_end" ON diversion;
DROP TRIGGER policy_check_outside_days ON organisation;
DROP FUNCTION policy_check_outside_days_kept();
DROP FUNCTION policy_check_outside_diversion();
DROP FUNCTION policy_check_outside_days();
DROP FUNCTION policy_require_outside_end(integer, integer);
DROP FUNCTION policy_is_outside(text);
ALTER TABLE organisation DROP COLUMN outside_diversion_days;

ALTER TABLE unit
DROP CONSTRAINT unit_presents_known,
ADD CONSTRAINT unit_presents_known CHECK (presents IN ('own', 'unit', 'organisation'));

CREATE OR REPLACE FUNCTION policy_check_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('unit', 'name', NEW.name);
    PERFORM policy_require_one_of('unit', 'presents', NEW.presents, ARRAY['own', 'unit', 'organisation']);
    IF NEW.number IS NOT NULL THEN
        PERFORM policy_require_number('unit', 'number', NEW.number);
    END IF;
    RETURN NEW;
END
$$;
