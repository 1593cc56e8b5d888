-- Diversions and absences: what people set themselves, from the phone, the web or here.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

ALTER TABLE diversion
ADD CONSTRAINT diversion_condition_known CHECK (condition IN ('all', 'no_answer', 'busy', 'unreachable')),
ADD CONSTRAINT diversion_condition_once UNIQUE (extension_id, condition) DEFERRABLE,
ADD CONSTRAINT diversion_rings_rings CHECK (policy_is_ring_limit(rings)),
ADD CONSTRAINT diversion_rings_for_no_answer CHECK (rings IS NULL OR condition = 'no_answer'),
ADD CONSTRAINT diversion_ends_at_time CHECK (policy_is_time(ends_at)),
ADD CONSTRAINT diversion_not_itself CHECK (to_extension_id <> extension_id);

CREATE FUNCTION policy_check_diversion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_one_of(
        'diversion', 'condition', NEW.condition, ARRAY['all', 'no_answer', 'busy', 'unreachable']
    );
    PERFORM policy_require_time('diversion', 'ends_at', policy_is_time(NEW.ends_at));
    IF NEW.rings IS NOT NULL THEN
        PERFORM policy_require_ring_limit('diversion', 'rings', NEW.rings);
        IF NEW.condition <> 'no_answer' THEN
            PERFORM policy_refuse(
                'diversion', 'diversion_rings_for_no_answer',
                format('Antal signaler gäller bara vid ej svar, inte vid %s. Sätt rings till NULL.', NEW.condition),
                'Only the condition no_answer counts rings. Set rings to NULL.'
            );
        END IF;
    END IF;
    IF NEW.to_extension_id = NEW.extension_id THEN
        PERFORM policy_refuse_itself('diversion', 'En vidarekoppling');
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON diversion
FOR EACH ROW EXECUTE FUNCTION policy_check_diversion();

CREATE CONSTRAINT TRIGGER "Policy_condition_once" AFTER INSERT OR UPDATE ON diversion DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once(
    'diversion_condition_once', 'En vidarekoppling för det villkoret', 'extension_id', 'condition'
);

-- Where an extension's diversions in force lead, if that is an extension: by its id or by its number.
CREATE FUNCTION policy_next_extensions(of_extension integer) RETURNS TABLE (extension_id integer, condition text)
LANGUAGE sql STABLE AS $$
    SELECT d.to_extension_id, d.condition FROM diversion AS d
    WHERE d.extension_id = of_extension AND d.to_extension_id IS NOT NULL
        AND (d.ends_at IS NULL OR d.ends_at > clock_timestamp())
    UNION ALL
    SELECT e.id, d.condition FROM diversion AS d JOIN extension AS e ON e.number = d.to_number
    WHERE d.extension_id = of_extension AND (d.ends_at IS NULL OR d.ends_at > clock_timestamp())
$$;

CREATE FUNCTION policy_check_diversion_loop() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chain text;
BEGIN
    WITH RECURSIVE walk AS (
        SELECT e.id, ARRAY[e.id] AS visited, e.number AS path FROM extension AS e WHERE e.id = NEW.extension_id
        UNION ALL
        SELECT e.id, walk.visited || e.id, format('%s → %s (%s)', walk.path, e.number, n.condition)
        FROM walk CROSS JOIN LATERAL policy_next_extensions(walk.id) AS n JOIN extension AS e ON e.id = n.extension_id
        WHERE cardinality(walk.visited) < 50
            AND NOT (walk.id = ANY (walk.visited[:cardinality(walk.visited) - 1]))
    )
    SELECT walk.path INTO chain FROM walk
    WHERE walk.id = NEW.extension_id AND cardinality(walk.visited) > 1
    ORDER BY cardinality(walk.visited) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'diversion', 'diversion_loop',
            format('Vidarekopplingarna går runt: %s. Ändra eller ta bort en av dem.', chain),
            'The diversions lead back to the extension. Change or delete one of them.'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_loop" AFTER INSERT OR UPDATE ON diversion DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.to_extension_id IS NOT NULL OR NEW.to_number IS NOT NULL)
EXECUTE FUNCTION policy_check_diversion_loop();

ALTER TABLE absence_reason
ADD CONSTRAINT absence_reason_digit_form CHECK (digit ~ '^[0-9]$'),
ADD CONSTRAINT absence_reason_digit_once UNIQUE (organisation_id, digit) DEFERRABLE,
ADD CONSTRAINT absence_reason_text_sv_text CHECK (policy_is_plain_text(text_sv)),
ADD CONSTRAINT absence_reason_text_en_text CHECK (policy_is_plain_text(text_en));

CREATE FUNCTION policy_check_absence_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('absence_reason', 'text_sv', NEW.text_sv);
    PERFORM policy_require_text('absence_reason', 'text_en', NEW.text_en);
    IF (NEW.digit ~ '^[0-9]$') IS NOT TRUE THEN
        PERFORM policy_refuse(
            'absence_reason', 'absence_reason_digit_form',
            format('Frånvaroorsaken %s måste ha en siffra 0–9 att slå på telefonen, inte %s.',
                   NEW.text_sv, coalesce(quote_literal(NEW.digit), 'tomt')),
            'An absence reason is dialled as one digit, 0 to 9.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON absence_reason
FOR EACH ROW EXECUTE FUNCTION policy_check_absence_reason();
CREATE CONSTRAINT TRIGGER "Policy_digit_once" AFTER INSERT OR UPDATE ON absence_reason DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once(
    'absence_reason_digit_once', 'En frånvaroorsak med den siffran', 'organisation_id', 'digit'
);

ALTER TABLE absence
ADD CONSTRAINT absence_starts_at_time CHECK (policy_is_time(starts_at)),
ADD CONSTRAINT absence_returns_at_time CHECK (policy_is_time(returns_at)),
ADD CONSTRAINT absence_returns_at_order CHECK (starts_at < returns_at);

CREATE FUNCTION policy_check_absence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_time('absence', 'starts_at', policy_is_time(NEW.starts_at));
    PERFORM policy_require_time('absence', 'returns_at', policy_is_time(NEW.returns_at));
    IF NEW.starts_at >= NEW.returns_at THEN
        PERFORM policy_require_order('absence', 'starts_at', 'returns_at', false);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON absence
FOR EACH ROW EXECUTE FUNCTION policy_check_absence();

CREATE FUNCTION policy_check_referral() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM absence AS a JOIN extension AS e
            ON e.person_id = a.person_id AND (e.id = a.referral_extension_id OR e.number = a.referral_number)
        WHERE a.id = NEW.id
    ) THEN
        PERFORM policy_refuse_itself('absence', 'En frånvaros hänvisning');
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_referral" AFTER INSERT OR UPDATE ON absence DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION policy_check_referral();
