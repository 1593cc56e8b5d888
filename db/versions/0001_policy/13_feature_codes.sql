-- Feature codes, as each organisation has them.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

CREATE FUNCTION policy_is_feature_code(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^[*#][*#0-9]{1,19}$' AND value NOT LIKE '*112%' AND value NOT LIKE '#112%'
$$;

-- INVARIANT: after a code that ends in a digit a star or hash goes on, after one that ends in a star or hash a digit
-- does. So a code and a longer one are told apart by the next key, unless that is of the kind which goes on.
CREATE FUNCTION policy_codes_collide(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT length(one) < length(other) AND left(other, length(one)) = one
        AND (right(one, 1) ~ '[0-9]') <> (substr(other, length(one) + 1, 1) ~ '[0-9]')
$$;

ALTER TABLE feature_code
ADD CONSTRAINT feature_code_code_form CHECK (policy_is_feature_code(code)),
ADD CONSTRAINT feature_code_code_once UNIQUE (organisation_id, code) DEFERRABLE,
ADD CONSTRAINT feature_code_action_form CHECK (action ~ '^[a-z][a-z0-9_]{0,59}$');

CREATE FUNCTION policy_check_feature_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF policy_is_feature_code(NEW.code) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'feature_code', 'feature_code_code_form',
            format('Tjänstekoden %s går inte. Den börjar med * eller #, har 2 till 20 av *, # och siffror, och får '
                   'inte vara provnumret *112.', coalesce(quote_literal(NEW.code), 'saknas och')),
            'A code begins with * or #, has 2 to 20 of *, # and digits, and is not the emergency test *112.'
        );
    END IF;
    IF (NEW.action ~ '^[a-z][a-z0-9_]{0,59}$') IS NOT TRUE THEN
        PERFORM policy_refuse(
            'feature_code', 'feature_code_action_form',
            format('Tjänstekoden %s: action kan inte vara %s. Ange tjänstens namn med a–z, siffror och understreck.',
                   NEW.code, coalesce(quote_literal(NEW.action), 'tomt')),
            'An action is a name of a-z, digits and underscore.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON feature_code
FOR EACH ROW EXECUTE FUNCTION policy_check_feature_code();
CREATE CONSTRAINT TRIGGER "Policy_code_once" AFTER INSERT OR UPDATE ON feature_code DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once('feature_code_code_once', 'Tjänstekoden', 'organisation_id', 'code');

CREATE FUNCTION policy_check_code_collision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other text;
BEGIN
    SELECT f.code INTO other FROM feature_code AS f
    WHERE f.organisation_id = NEW.organisation_id
        AND (policy_codes_collide(f.code, NEW.code) OR policy_codes_collide(NEW.code, f.code)) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'feature_code', 'feature_code_no_collision',
            format('Tjänstekoderna %s och %s går inte att skilja åt när de slås. Ändra en av dem.', NEW.code, other),
            'One code is the beginning of the other, and the next key may belong to either. Change one of them.'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_collision" AFTER INSERT OR UPDATE ON feature_code DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_code_collision();
