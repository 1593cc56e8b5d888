-- How the reading of each calendar goes: no policy, and so neither a revision nor the audit. Whoever reads calendars
-- takes what is due by moving `due_at`, so that of several only one reads a calendar; that time is also the mark by
-- which it knows afterwards that nobody has changed or removed the feed meanwhile.
-- The table is new and empty: no lock can hold anybody up.
-- squawk-ignore-file adding-foreign-key-constraint, require-concurrent-index-creation

CREATE TABLE calendar_reading (
    feed_id integer PRIMARY KEY,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    read_at timestamptz,
    whole_at timestamptz,
    problem text,
    failures integer NOT NULL DEFAULT 0,
    etag text,
    modified text
);

ALTER TABLE calendar_reading ADD FOREIGN KEY (feed_id) REFERENCES calendar_feed ON DELETE CASCADE;
CREATE INDEX calendar_reading_due_at_idx ON calendar_reading (due_at);

-- A new feed, and one that has become another, is due at once, and nothing is known of it.
CREATE FUNCTION policy_calendar_due() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM calendar_reading WHERE feed_id = NEW.id;
    INSERT INTO calendar_reading (feed_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;

-- What a calendar said of times to come goes with it; what is past stays as it was.
CREATE FUNCTION policy_calendar_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM absence
    WHERE person_id = OLD.person_id AND calendar_event IS NOT NULL AND returns_at > clock_timestamp();
    RETURN NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION policy_calendar_due(), policy_calendar_gone() FROM public;

CREATE TRIGGER calendar_feed_made AFTER INSERT ON calendar_feed
FOR EACH ROW EXECUTE FUNCTION policy_calendar_due();
CREATE TRIGGER calendar_feed_changed AFTER UPDATE ON calendar_feed
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION policy_calendar_due();
CREATE TRIGGER calendar_feed_moved AFTER UPDATE ON calendar_feed
FOR EACH ROW WHEN (OLD.person_id IS DISTINCT FROM NEW.person_id) EXECUTE FUNCTION policy_calendar_gone();
CREATE TRIGGER calendar_feed_removed AFTER DELETE ON calendar_feed
FOR EACH ROW EXECUTE FUNCTION policy_calendar_gone();
