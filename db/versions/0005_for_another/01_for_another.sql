-- What a phone may do for another (R9, R10, R14), whose extension comes after the code, so each ends with a star; and
-- listening to voicemail (R11).

CREATE OR REPLACE FUNCTION policy_code_ending(action text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN action ~ '^(divert_(all|no_answer|busy|unreachable)|absence)(_for_another(_cancel|_ask)?)?$'
            OR action = 'voicemail_of_another' THEN '*'
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
            'show_number_once; voicemail or voicemail_of_another. For another extension: a diversion or absence with _for_another after it, and after '
            'that nothing, _cancel or _ask.'
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
