-- Extensions, ring groups and mailboxes. What stands here becomes sections of Asterisk's configuration.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

CREATE FUNCTION policy_is_sip_username(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'
        AND lower(value) NOT IN (
            'trunk', 'phone', 'phone-auth', 'phone-aor', 'global', 'system', 'transport-udp', 'general', 'anonymous',
            'callflow', 'acl', 'transport'
        )
$$;

CREATE FUNCTION policy_is_sip_password(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^[A-Za-z0-9._~+/=-]{8,64}$'
$$;

CREATE FUNCTION policy_is_pin(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value ~ '^[0-9]{4,10}$' AND value !~ '^(.)\1*$'
        AND position(value IN '01234567890') = 0 AND position(value IN '09876543210') = 0
$$;

ALTER TABLE extension
ADD CONSTRAINT extension_number_number CHECK (policy_is_number(number)),
ADD CONSTRAINT extension_name_text CHECK (policy_is_plain_text(name)),
ADD CONSTRAINT extension_kind_known CHECK (kind IN ('desk', 'mobile', 'twin')),
ADD CONSTRAINT extension_ring_limit_rings CHECK (policy_is_ring_limit(ring_limit)),
ADD CONSTRAINT extension_mobile_number_number CHECK (policy_is_number(mobile_number)),
ADD CONSTRAINT extension_mobile_needed CHECK (kind = 'desk' OR mobile_number IS NOT NULL),
ADD CONSTRAINT extension_not_itself CHECK (mobile_number <> number),
ADD CONSTRAINT extension_sip_account
CHECK ((kind = 'mobile') = (sip_username IS NULL) AND (kind = 'mobile') = (sip_password IS NULL)),
ADD CONSTRAINT extension_sip_username_form CHECK (policy_is_sip_username(sip_username)),
ADD CONSTRAINT extension_sip_username_once UNIQUE (sip_username) DEFERRABLE,
ADD CONSTRAINT extension_sip_password_form CHECK (policy_is_sip_password(sip_password));

-- A number's short form, or its digits where it has none.
CREATE FUNCTION policy_short_number(own_number text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(min(r.short_prefix || right(own_number, r.short_digits)), substr(own_number, 2))
    FROM number_range AS r
    WHERE policy_number_span(r.first_number, r.last_number) @> policy_digits(own_number)
$$;

CREATE FUNCTION policy_check_extension() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_number('extension', 'number', NEW.number);
    PERFORM policy_require_one_of('extension', 'kind', NEW.kind, ARRAY['desk', 'mobile', 'twin']);
    PERFORM policy_require_ring_limit('extension', 'ring_limit', NEW.ring_limit);
    IF NEW.name IS NOT NULL THEN
        PERFORM policy_require_text('extension', 'name', NEW.name);
    END IF;
    IF NEW.mobile_number IS NOT NULL THEN
        PERFORM policy_require_number('extension', 'mobile_number', NEW.mobile_number);
    ELSIF NEW.kind <> 'desk' THEN
        PERFORM policy_refuse(
            'extension', 'extension_mobile_needed',
            format('Anknytning %s är %s men saknar mobilnummer. Fyll i mobile_number eller gör den till desk.',
                   NEW.number, NEW.kind),
            'Kinds mobile and twin need a mobile_number.'
        );
    END IF;
    IF NEW.mobile_number = NEW.number THEN
        PERFORM policy_refuse_itself('extension', format('Anknytning %s: mobilsamtalet', NEW.number));
    END IF;
    RETURN NEW;
END
$$;

-- A phone has a SIP account, and gets one where none is said; a mobile has none.
CREATE FUNCTION policy_complete_sip_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'mobile' THEN
        NEW.sip_username := NULL;
        NEW.sip_password := NULL;
        RETURN NEW;
    END IF;
    NEW.sip_username := coalesce(NEW.sip_username, policy_short_number(NEW.number));
    NEW.sip_password := coalesce(NEW.sip_password, replace(gen_random_uuid()::text, '-', ''));
    IF NOT policy_is_sip_username(NEW.sip_username) THEN
        PERFORM policy_refuse(
            'extension', 'extension_sip_username_form',
            format('Anknytning %s: sip_username kan inte vara %s. Använd bara a–z, A–Z, 0–9, punkt, understreck och '
                   'bindestreck, först en bokstav eller siffra, högst 40 tecken, och inte ett namn som systemet '
                   'självt har (till exempel trunk).',
                   NEW.number, quote_literal(NEW.sip_username)),
            'Use 1 to 40 of A-Z, a-z, 0-9, dot, underscore, hyphen, first a letter or digit, no name of the system''s own.'
        );
    END IF;
    IF NOT policy_is_sip_password(NEW.sip_password) THEN
        PERFORM policy_refuse(
            'extension', 'extension_sip_password_form',
            format('Anknytning %s: SIP-lösenordet måste ha 8 till 64 tecken ur a–z, A–Z, 0–9 och . _ ~ + / = -. '
                   'Sätt det till NULL för att få ett slumpat.', NEW.number),
            'Use 8 to 64 of these characters, or NULL for a random password.'
        );
    END IF;
    RETURN NEW;
END
$$;

-- Triggers run in the order of their names: first the row, then its account.
CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON extension
FOR EACH ROW EXECUTE FUNCTION policy_check_extension();
CREATE TRIGGER policy_complete_sip_account BEFORE INSERT OR UPDATE ON extension
FOR EACH ROW EXECUTE FUNCTION policy_complete_sip_account();

CREATE CONSTRAINT TRIGGER "Policy_sip_username_once" AFTER INSERT OR UPDATE ON extension DEFERRABLE
FOR EACH ROW WHEN (NEW.sip_username IS NOT NULL)
EXECUTE FUNCTION policy_check_once('extension_sip_username_once', 'SIP-kontot', 'sip_username');

ALTER TABLE ring_group ADD CONSTRAINT ring_group_name_text CHECK (policy_is_plain_text(name));
ALTER TABLE ring_group_member
ADD CONSTRAINT ring_group_member_once UNIQUE (ring_group_id, extension_id) DEFERRABLE;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON ring_group
FOR EACH ROW EXECUTE FUNCTION policy_check_name();
CREATE CONSTRAINT TRIGGER "Policy_once" AFTER INSERT OR UPDATE ON ring_group_member DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once(
    'ring_group_member_once', 'Anknytningen i gruppen', 'ring_group_id', 'extension_id'
);

ALTER TABLE mailbox
ADD CONSTRAINT mailbox_number_digits CHECK (number ~ '^[0-9]{2,10}$'),
ADD CONSTRAINT mailbox_number_once UNIQUE (number) DEFERRABLE,
ADD CONSTRAINT mailbox_name_text CHECK (policy_is_plain_text(name)),
ADD CONSTRAINT mailbox_email_email CHECK (policy_is_email(email)),
ADD CONSTRAINT mailbox_language_known CHECK (language IN ('sv', 'en')),
ADD CONSTRAINT mailbox_pin_safe CHECK (policy_is_pin(pin) AND pin <> number);

CREATE FUNCTION policy_check_mailbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('mailbox', 'name', NEW.name);
    PERFORM policy_require_email('mailbox', 'email', NEW.email);
    PERFORM policy_require_one_of('mailbox', 'language', NEW.language, ARRAY['sv', 'en']);
    IF (NEW.number ~ '^[0-9]{2,10}$') IS NOT TRUE THEN
        PERFORM policy_refuse(
            'mailbox', 'mailbox_number_digits',
            format('Röstbrevlådans nummer måste vara 2 till 10 siffror, inte %s.',
                   coalesce(quote_literal(NEW.number), 'tomt')),
            'A mailbox number has 2 to 10 digits.'
        );
    END IF;
    IF (policy_is_pin(NEW.pin) AND NEW.pin <> NEW.number) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'mailbox', 'mailbox_pin_safe',
            format('Pinkoden för röstbrevlåda %s är för lätt att gissa. Ange 4 till 10 siffror som inte är i följd '
                   '(1234), inte alla lika (0000) och inte brevlådans nummer.', NEW.number),
            'A PIN has 4 to 10 digits, not in sequence, not all the same, not the mailbox number.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON mailbox
FOR EACH ROW EXECUTE FUNCTION policy_check_mailbox();
CREATE CONSTRAINT TRIGGER "Policy_number_once" AFTER INSERT OR UPDATE OF number ON mailbox DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once('mailbox_number_once', 'Röstbrevlådan', 'number');
