-- Takes back what the other files made. What is known of the messages goes; the messages stay with Asterisk.
-- squawk-ignore-file ban-drop-column, ban-drop-table, ban-drop-function

SELECT FROM policy_revision FOR UPDATE;

DROP TABLE voicemail_message;
DROP FUNCTION policy_check_voicemail_message();

DROP TRIGGER policy_check_message_hours ON organisation;
DROP FUNCTION policy_check_message_hours();
ALTER TABLE organisation DROP COLUMN message_owner_hours, DROP COLUMN message_contact_hours;
