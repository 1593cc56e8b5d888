-- Codes for duty and for a unit's hours, and code sets whose codes cannot be taken for each other, nor for 112.

CREATE OR REPLACE FUNCTION policy_code_ending(action text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN action IN (
            'duty_take', 'duty_ask_elsewhere', 'unit_hours', 'unit_hours_cancel_elsewhere', 'unit_hours_ask_elsewhere'
        ) THEN '*'
        WHEN action IN ('duty_back', 'duty_ask', 'unit_hours_cancel', 'unit_hours_ask') THEN '#'
        WHEN action ~ '^(divert_(all|no_answer|busy|unreachable)|absence)(_for_another(_cancel|_ask)?)?$'
            OR action IN ('voicemail_of_another', 'lock_lost') THEN '*'
        WHEN action ~ '^divert_(all|no_answer|busy|unreachable)_(voicemail|cancel|ask)$' OR action IN (
            'divert_cancel_all', 'hide_number_once', 'show_number_once', 'absence_cancel', 'absence_ask', 'voicemail'
        ) THEN '#'
    END
$$;

CREATE OR REPLACE FUNCTION policy_check_action() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending text := policy_code_ending(NEW.action);
BEGIN
    IF ending IS NULL THEN
        PERFORM policy_refuse(
            'feature_code', 'feature_code_action_known',
            format('Tjänstekoden %s: tjänsten %s finns inte. Ange till exempel divert_all, divert_all_cancel, '
                   'hide_number_once eller absence.', NEW.code, coalesce(quote_literal(NEW.action), 'saknas och')),
            'Choose an action: divert_ and all, no_answer, busy or unreachable, with nothing, _voicemail, _cancel or '
            '_ask after it; absence with nothing, _cancel or _ask after it; divert_cancel_all, hide_number_once or '
            'show_number_once; voicemail, voicemail_of_another or lock_lost. For another extension: a diversion or absence '
            'with _for_another after it, and after that nothing, _cancel or _ask. '
            'Of duty: duty_take, duty_back, duty_ask or duty_ask_elsewhere. Of a unit: unit_hours with nothing, _cancel, '
            '_ask, _cancel_elsewhere or _ask_elsewhere after it.'
        );
    ELSIF right(NEW.code, length(ending)) <> ending THEN
        PERFORM policy_refuse(
            'feature_code', 'feature_code_code_ending',
            CASE ending
                WHEN '*' THEN format('Tjänstekoden %s (%s) måste sluta med *: efter den slås mer, som i *21*61104# eller '
                                     '*23*2*1300#.', NEW.code, NEW.action)
                ELSE format('Tjänstekoden %s (%s) måste sluta med #: efter den slås ingenting mer, som i #21#, eller '
                            'hela numret, som i #31#0701740605.', NEW.code, NEW.action)
            END,
            'A code after which more is dialled ends with *, every other with #.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION policy_is_feature_code(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^[*#][*#0-9]{1,19}$' AND value ~ '[0-9]' AND value !~ '[*#]0{0,2}112'
$$;

-- INVARIANT: no code is the beginning of another, so that what was dialled fits one code alone.
CREATE OR REPLACE FUNCTION policy_codes_collide(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT length(one) < length(other) AND left(other, length(one)) = one
$$;

CREATE OR REPLACE FUNCTION policy_check_feature_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF policy_is_feature_code(NEW.code) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'feature_code', 'feature_code_code_form',
            format('Tjänstekoden %s går inte. Den börjar med * eller #, har 2 till 20 av *, # och siffror, minst en '
                   'siffra, och får inte innehålla nödnumret, som i *112 eller *21#112.',
                   coalesce(quote_literal(NEW.code), 'saknas och')),
            'A code begins with * or #, has 2 to 20 of *, # and digits, with a digit, and does not hold the emergency '
            'number after a star or hash: what is dialled so is an emergency call.'
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

CREATE OR REPLACE FUNCTION policy_check_code_collision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other text;
BEGIN
    SELECT f.code INTO other FROM feature_code AS f
    WHERE f.organisation_id = NEW.organisation_id
        AND (policy_codes_collide(f.code, NEW.code) OR policy_codes_collide(NEW.code, f.code)) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'feature_code', 'feature_code_no_collision',
            format('Tjänstekoderna %s och %s går inte att skilja åt när de slås: den ena är början på den andra. '
                   'Ändra en av dem.', NEW.code, other),
            'No code of an organisation is the beginning of another: what follows may be dialled. Change one of them.'
        );
    END IF;
    RETURN NULL;
END
$$;
