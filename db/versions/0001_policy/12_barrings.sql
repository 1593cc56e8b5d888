-- Classes of numbers, barrings and exemptions (R18), and feature codes.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

CREATE FUNCTION policy_is_category(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value IN (
        'international', 'premium', 'mass_call', 'directory', 'satellite', 'operator_prefix', 'sms_purchase',
        'data_purchase'
    )
$$;

CREATE FUNCTION policy_require_category(in_table text, value text, also text[] DEFAULT '{}') RETURNS void
LANGUAGE sql AS $$
    SELECT policy_require_one_of(
        in_table, 'category', value, ARRAY[
            'international', 'premium', 'mass_call', 'directory', 'satellite', 'operator_prefix', 'sms_purchase',
            'data_purchase'
        ] || also
    )
$$;

ALTER TABLE number_class
ADD CONSTRAINT number_class_category_known CHECK (policy_is_category(category)),
ADD CONSTRAINT number_class_prefix_form
CHECK (prefix ~ '^\+?[0-9]{1,15}$' AND prefix !~ '^((\+|00)46|\+)?0?(112|90000)$'),
ADD CONSTRAINT number_class_prefix_once UNIQUE (prefix) DEFERRABLE,
ADD CONSTRAINT number_class_note_text CHECK (policy_is_plain_text(note));

CREATE FUNCTION policy_check_number_class() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON number_class
FOR EACH ROW EXECUTE FUNCTION policy_check_number_class();
CREATE CONSTRAINT TRIGGER "Policy_prefix_once" AFTER INSERT OR UPDATE ON number_class DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once('number_class_prefix_once', 'Prefixet', 'prefix');

ALTER TABLE barring
ADD CONSTRAINT barring_category_known CHECK (policy_is_category(category) OR category IN ('national', 'mobile')),
ADD CONSTRAINT barring_one_scope CHECK (num_nonnulls(organisation_id, unit_id, extension_id) = 1),
ADD CONSTRAINT barring_reason_text CHECK (policy_is_plain_text(reason)),
ADD CONSTRAINT barring_once UNIQUE NULLS NOT DISTINCT (organisation_id, unit_id, extension_id, category) DEFERRABLE;

CREATE FUNCTION policy_check_barring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('barring', 'reason', NEW.reason);
    PERFORM policy_require_category('barring', NEW.category, ARRAY['national', 'mobile']);
    IF num_nonnulls(NEW.organisation_id, NEW.unit_id, NEW.extension_id) <> 1 THEN
        PERFORM policy_refuse(
            'barring', 'barring_one_scope',
            'En spärr gäller antingen en organisation, en enhet eller en anknytning. Fyll i precis en av '
            'organisation_id, unit_id och extension_id.',
            'Set exactly one of organisation_id, unit_id and extension_id.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON barring
FOR EACH ROW EXECUTE FUNCTION policy_check_barring();
CREATE CONSTRAINT TRIGGER "Policy_once" AFTER INSERT OR UPDATE ON barring DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once(
    'barring_once', 'Spärren', 'organisation_id', 'unit_id', 'extension_id', 'category'
);

ALTER TABLE exemption
ADD CONSTRAINT exemption_category_known CHECK (policy_is_category(category)),
ADD CONSTRAINT exemption_reason_text CHECK (policy_is_plain_text(reason)),
ADD CONSTRAINT exemption_starts_at_time CHECK (policy_is_time(starts_at)),
ADD CONSTRAINT exemption_ends_at_time CHECK (policy_is_time(ends_at)),
ADD CONSTRAINT exemption_ends_at_order CHECK (starts_at < ends_at),
ADD CONSTRAINT exemption_no_overlap EXCLUDE USING gist (
    extension_id WITH =, category WITH =, tstzrange(starts_at, ends_at) WITH &&
) DEFERRABLE;

CREATE FUNCTION policy_check_exemption() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('exemption', 'reason', NEW.reason);
    PERFORM policy_require_category('exemption', NEW.category);
    PERFORM policy_require_time('exemption', 'starts_at', policy_is_time(NEW.starts_at));
    PERFORM policy_require_time('exemption', 'ends_at', policy_is_time(NEW.ends_at));
    IF (NEW.starts_at < NEW.ends_at) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'exemption', 'exemption_ends_at_order',
            'Ett undantag från en spärr måste ha ett slut, och det måste komma efter början (R18). '
            'Ange starts_at och ends_at.',
            'An exemption has an end, after its start.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON exemption
FOR EACH ROW EXECUTE FUNCTION policy_check_exemption();

CREATE FUNCTION policy_check_exemption_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    SELECT x.starts_at, x.ends_at INTO other FROM exemption AS x
    WHERE x.id <> NEW.id AND x.extension_id = NEW.extension_id AND x.category = NEW.category
        AND tstzrange(x.starts_at, x.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at)
    ORDER BY x.starts_at LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse(
            'exemption', 'exemption_no_overlap',
            format('Anknytningen har redan ett undantag för %s, %s–%s. Ändra det i stället.',
                   NEW.category, other.starts_at, other.ends_at),
            'Exemptions of one extension and category do not overlap. Change the one that exists.', '23P01'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_overlap" AFTER INSERT OR UPDATE ON exemption DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_exemption_overlap();

-- The nearest manager of an extension: of its unit or of the closest unit above that has one, and never the extension's
-- own person, who has the next manager above.
CREATE FUNCTION policy_nearest_manager(of_extension integer) RETURNS integer LANGUAGE sql STABLE AS $$
    WITH RECURSIVE above AS (
        SELECT u.id, u.parent_id, u.manager_id, 1 AS steps
        FROM extension AS e JOIN unit AS u ON u.id = e.unit_id WHERE e.id = of_extension
        UNION ALL
        SELECT u.id, u.parent_id, u.manager_id, above.steps + 1
        FROM above JOIN unit AS u ON u.id = above.parent_id WHERE above.steps < 100
    )
    SELECT above.manager_id FROM above
    WHERE above.manager_id IS DISTINCT FROM (SELECT e.person_id FROM extension AS e WHERE e.id = of_extension)
        AND above.manager_id IS NOT NULL
    ORDER BY above.steps LIMIT 1
$$;

CREATE FUNCTION policy_check_approver() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    manager integer := policy_nearest_manager(NEW.extension_id);
    manager_name text;
BEGIN
    IF manager = NEW.approver_id OR NOT EXISTS (SELECT FROM exemption AS x WHERE x.id = NEW.id) THEN
        RETURN NULL;
    END IF;
    -- Whoever approved it keeps having approved it: a later change that widens nothing needs no new approval.
    IF TG_OP = 'UPDATE' AND (NEW.extension_id, NEW.category, NEW.approver_id)
        = (OLD.extension_id, OLD.category, OLD.approver_id)
        AND NEW.starts_at >= OLD.starts_at AND NEW.ends_at <= OLD.ends_at THEN
        RETURN NULL;
    END IF;
    SELECT format('%s %s (person %s)', p.given_name, p.family_name, p.id) INTO manager_name
    FROM person AS p WHERE p.id = manager;
    PERFORM policy_refuse(
        'exemption', 'exemption_approver',
        CASE WHEN manager IS NULL
            THEN 'Ingen chef kan godkänna undantaget: varken enheten eller någon över den har en chef (utom den det '
                 'gäller). Fyll i unit.manager_id.'
            ELSE format('Undantaget ska godkännas av närmaste chef, %s (R18). Ange den personen som approver_id.',
                        manager_name)
        END,
        'Only the nearest manager approves: of the extension''s unit or the closest above, and not its own person.'
    );
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_approver" AFTER INSERT OR UPDATE ON exemption DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION policy_check_approver();
