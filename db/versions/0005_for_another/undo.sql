-- Takes back what the other file made. Codes that are new with it go, and stay to be read in the audit.

SELECT FROM policy_revision FOR UPDATE;

DELETE FROM feature_code WHERE action ~ '^divert_.*_for_another' OR action IN ('absence_for_another_ask', 'voicemail', 'voicemail_of_another');
SET CONSTRAINTS ALL IMMEDIATE; -- what waits for the end of the transaction would forbid changing the tables

CREATE OR REPLACE FUNCTION policy_code_ending(action text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN action IN (
            'divert_all', 'divert_no_answer', 'divert_busy', 'divert_unreachable',
            'absence', 'absence_for_another', 'absence_for_another_cancel'
        ) THEN '*'
        WHEN action IN (
            'divert_all_voicemail', 'divert_all_cancel', 'divert_all_ask',
            'divert_no_answer_voicemail', 'divert_no_answer_cancel', 'divert_no_answer_ask',
            'divert_busy_voicemail', 'divert_busy_cancel', 'divert_busy_ask',
            'divert_unreachable_voicemail', 'divert_unreachable_cancel', 'divert_unreachable_ask',
            'divert_cancel_all', 'hide_number_once', 'show_number_once', 'absence_cancel', 'absence_ask'
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
            '_ask after it; divert_cancel_all, hide_number_once, show_number_once, absence, absence_cancel, '
            'absence_ask, absence_for_another or absence_for_another_cancel.'
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
