-- After how many hours a message that nobody has answered is told to the owner, and to the telephone contact of the unit
-- (R11): hours in which the unit is open. Each organisation's own choice, NULL for never.
-- squawk-ignore-file constraint-missing-not-valid
-- The columns are new and have their defaults: no check of them can hold anybody up.

ALTER TABLE organisation
ADD COLUMN message_owner_hours smallint DEFAULT 4,
ADD COLUMN message_contact_hours smallint DEFAULT 8;
ALTER TABLE organisation
ADD CONSTRAINT organisation_message_owner_hours_range CHECK (message_owner_hours BETWEEN 1 AND 100),
ADD CONSTRAINT organisation_message_contact_hours_range CHECK (message_contact_hours BETWEEN 1 AND 100);

CREATE FUNCTION policy_check_message_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.message_owner_hours NOT BETWEEN 1 AND 100 THEN
        PERFORM policy_refuse(
            'organisation', 'organisation_message_owner_hours_range',
            format('Den som äger en röstbrevlåda kan inte påminnas efter %s timmar. Ange 1 till 100 öppna timmar, eller '
                   'NULL för ingen påminnelse.', NEW.message_owner_hours),
            'message_owner_hours is 1 to 100 open hours, or NULL for no reminder.'
        );
    END IF;
    IF NEW.message_contact_hours NOT BETWEEN 1 AND 100 THEN
        PERFORM policy_refuse(
            'organisation', 'organisation_message_contact_hours_range',
            format('Enhetens telefonkontakt kan inte påminnas efter %s timmar. Ange 1 till 100 öppna timmar, eller NULL '
                   'för ingen påminnelse.', NEW.message_contact_hours),
            'message_contact_hours is 1 to 100 open hours, or NULL for no reminder.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_message_hours BEFORE INSERT OR UPDATE ON organisation
FOR EACH ROW EXECUTE FUNCTION policy_check_message_hours();
