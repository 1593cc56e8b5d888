-- Targets: where a call goes. Six columns with a common prefix, of which one is set.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

CREATE FUNCTION policy_is_target_number(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^\+[1-9][0-9]{6,14}$' AND value !~ '^((\+|00)46|\+)?0?(112|90000)$'
$$;

ALTER TABLE unit
ADD CONSTRAINT unit_duty_phone_target CHECK (
    num_nonnulls(
        duty_phone_extension_id, duty_phone_unit_id, duty_phone_ring_group_id, duty_phone_mailbox_id,
        duty_phone_switchboard_id, duty_phone_number
    ) <= 1
),
ADD CONSTRAINT unit_duty_phone_number_number CHECK (policy_is_target_number(duty_phone_number));
ALTER TABLE answering_place
ADD CONSTRAINT answering_place_to_target CHECK (
    num_nonnulls(to_extension_id, to_unit_id, to_ring_group_id, to_mailbox_id, to_switchboard_id, to_number) = 1
),
ADD CONSTRAINT answering_place_to_number_number CHECK (policy_is_target_number(to_number)),
ADD CONSTRAINT answering_place_ring_limit_rings CHECK (policy_is_ring_limit(ring_limit)),
ADD CONSTRAINT answering_place_position_order CHECK (position >= 1),
ADD CONSTRAINT answering_place_position_once UNIQUE (unit_id, position) DEFERRABLE;
ALTER TABLE diversion
ADD CONSTRAINT diversion_to_target CHECK (
    num_nonnulls(to_extension_id, to_unit_id, to_ring_group_id, to_mailbox_id, to_switchboard_id, to_number) = 1
),
ADD CONSTRAINT diversion_to_number_number CHECK (policy_is_target_number(to_number));
ALTER TABLE absence
ADD CONSTRAINT absence_referral_target CHECK (
    num_nonnulls(
        referral_extension_id, referral_unit_id, referral_ring_group_id, referral_mailbox_id, referral_switchboard_id,
        referral_number
    ) <= 1
),
ADD CONSTRAINT absence_referral_number_number CHECK (policy_is_target_number(referral_number));
ALTER TABLE duty_level
ADD CONSTRAINT duty_level_standing_target CHECK (
    num_nonnulls(
        standing_extension_id, standing_unit_id, standing_ring_group_id, standing_mailbox_id, standing_switchboard_id,
        standing_number
    ) <= 1
),
ADD CONSTRAINT duty_level_standing_number_number CHECK (policy_is_target_number(standing_number));
ALTER TABLE duty_shift
ADD CONSTRAINT duty_shift_to_target CHECK (
    num_nonnulls(to_extension_id, to_unit_id, to_ring_group_id, to_mailbox_id, to_switchboard_id, to_number) = 1
),
ADD CONSTRAINT duty_shift_to_number_number CHECK (policy_is_target_number(to_number));

-- Arguments: the prefix of the columns, and whether a target is 'required' or 'optional'.
CREATE FUNCTION policy_check_target() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own jsonb := to_jsonb(NEW);
    prefix text := TG_ARGV[0];
    filled text[];
BEGIN
    SELECT array_agg(prefix || k) INTO filled
    FROM unnest(ARRAY['_extension_id', '_unit_id', '_ring_group_id', '_mailbox_id', '_switchboard_id', '_number']) AS k
    WHERE own ->> (prefix || k) IS NOT NULL;
    IF cardinality(filled) > 1 THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, TG_TABLE_NAME || '_' || prefix || '_target',
            format('%s: ett samtal kan bara gå till ett ställe, men %s är ifyllda. Låt en stå kvar.',
                   TG_TABLE_NAME, array_to_string(filled, ' och ')),
            'A call goes to one target. Leave one of the columns set.'
        );
    ELSIF filled IS NULL AND TG_ARGV[1] = 'required' THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, TG_TABLE_NAME || '_' || prefix || '_target',
            format('%s: det står inte vart samtalet ska gå. Fyll i en av kolumnerna %s_extension_id, %2$s_unit_id, '
                   '%2$s_ring_group_id, %2$s_mailbox_id, %2$s_switchboard_id och %2$s_number.',
                   TG_TABLE_NAME, prefix),
            'A target is needed. Set one of the columns.'
        );
    END IF;
    IF own ->> (prefix || '_number') IS NOT NULL THEN
        PERFORM policy_require_number(TG_TABLE_NAME, prefix || '_number', own ->> (prefix || '_number'));
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_target BEFORE INSERT OR UPDATE ON unit
FOR EACH ROW EXECUTE FUNCTION policy_check_target('duty_phone', 'optional');
CREATE TRIGGER policy_check_target BEFORE INSERT OR UPDATE ON answering_place
FOR EACH ROW EXECUTE FUNCTION policy_check_target('to', 'required');
CREATE TRIGGER policy_check_target BEFORE INSERT OR UPDATE ON diversion
FOR EACH ROW EXECUTE FUNCTION policy_check_target('to', 'required');
CREATE TRIGGER policy_check_target BEFORE INSERT OR UPDATE ON absence
FOR EACH ROW EXECUTE FUNCTION policy_check_target('referral', 'optional');
CREATE TRIGGER policy_check_target BEFORE INSERT OR UPDATE ON duty_level
FOR EACH ROW EXECUTE FUNCTION policy_check_target('standing', 'optional');
CREATE TRIGGER policy_check_target BEFORE INSERT OR UPDATE ON duty_shift
FOR EACH ROW EXECUTE FUNCTION policy_check_target('to', 'required');

CREATE FUNCTION policy_refuse_itself(in_table text, what text) RETURNS void LANGUAGE sql AS $$
    SELECT policy_refuse(
        in_table, in_table || '_not_itself',
        format('%s kan inte gå till sig själv. Välj ett annat mål.', what), 'Choose a target other than itself.'
    )
$$;

CREATE FUNCTION policy_check_duty_phone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.duty_phone_unit_id = NEW.id OR NEW.duty_phone_number = NEW.number THEN
        PERFORM policy_refuse_itself('unit', format('Jourtelefonen för enheten %s', NEW.name));
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_duty_phone BEFORE INSERT OR UPDATE ON unit
FOR EACH ROW EXECUTE FUNCTION policy_check_duty_phone();

CREATE FUNCTION policy_check_answering_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_ring_limit('answering_place', 'ring_limit', NEW.ring_limit);
    IF (NEW.position >= 1) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'answering_place', 'answering_place_position_order',
            format('Svarsställen numreras från 1 i den ordning de prövas, inte %s.',
                   coalesce(NEW.position::text, 'tomt')),
            'Positions count from 1, in the order in which the places are tried.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON answering_place
FOR EACH ROW EXECUTE FUNCTION policy_check_answering_place();

CREATE CONSTRAINT TRIGGER "Policy_position_once" AFTER INSERT OR UPDATE ON answering_place DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once(
    'answering_place_position_once', 'Ett svarsställe på den platsen', 'unit_id', 'position'
);

-- Where an answering place leads, if that is a unit: by its id or by its number.
CREATE FUNCTION policy_next_units(of_unit integer) RETURNS TABLE (unit_id integer) LANGUAGE sql STABLE AS $$
    SELECT a.to_unit_id FROM answering_place AS a WHERE a.unit_id = of_unit AND a.to_unit_id IS NOT NULL
    UNION ALL
    SELECT u.id FROM answering_place AS a JOIN unit AS u ON u.number = a.to_number WHERE a.unit_id = of_unit
$$;

CREATE FUNCTION policy_check_unit_loop() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chain text;
BEGIN
    WITH RECURSIVE walk AS (
        SELECT u.id, ARRAY[u.id] AS visited, u.name AS path FROM unit AS u WHERE u.id = NEW.unit_id
        UNION ALL
        SELECT u.id, walk.visited || u.id, walk.path || ' → ' || u.name
        FROM walk CROSS JOIN LATERAL policy_next_units(walk.id) AS n JOIN unit AS u ON u.id = n.unit_id
        WHERE cardinality(walk.visited) < 50
            AND NOT (walk.id = ANY (walk.visited[:cardinality(walk.visited) - 1]))
    )
    SELECT walk.path INTO chain FROM walk
    WHERE walk.id = NEW.unit_id AND cardinality(walk.visited) > 1
    ORDER BY cardinality(walk.visited) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'answering_place', 'answering_place_loop',
            format('Svarsställena går runt: %s. Ändra ett av dem.', chain),
            'The answering places lead back to the unit. Change one of them.'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_loop" AFTER INSERT OR UPDATE ON answering_place DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.to_unit_id IS NOT NULL OR NEW.to_number IS NOT NULL)
EXECUTE FUNCTION policy_check_unit_loop();
