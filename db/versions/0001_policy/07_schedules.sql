-- Schedules: weeks, exceptions and holidays. Hours are whole minutes; 24:00 ends a day.
-- The tables are new and empty: no lock can hold anybody up.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint

CREATE FUNCTION policy_minutes(opens time, closes time) RETURNS int4range LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int4range((extract(EPOCH FROM opens) / 60)::integer, (extract(EPOCH FROM closes) / 60)::integer)
$$;

CREATE FUNCTION policy_is_hours(opens time, closes time) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT opens < closes AND extract(SECOND FROM opens) = 0 AND extract(SECOND FROM closes) = 0
$$;

ALTER TABLE holiday_calendar ADD CONSTRAINT holiday_calendar_name_text CHECK (policy_is_plain_text(name));
ALTER TABLE holiday
ADD CONSTRAINT holiday_name_text CHECK (policy_is_plain_text(name)),
ADD CONSTRAINT holiday_date_time CHECK (policy_is_date(date)),
ADD CONSTRAINT holiday_date_once UNIQUE (holiday_calendar_id, date) DEFERRABLE;
ALTER TABLE schedule
ADD CONSTRAINT schedule_name_text CHECK (policy_is_plain_text(name)),
ADD CONSTRAINT schedule_half_day_closes_minute CHECK (extract(SECOND FROM half_day_closes) = 0);
ALTER TABLE schedule_hours
ADD CONSTRAINT schedule_hours_weekday_known CHECK (weekday BETWEEN 1 AND 7),
ADD CONSTRAINT schedule_hours_closes_order CHECK (policy_is_hours(opens, closes)),
ADD CONSTRAINT schedule_hours_no_overlap EXCLUDE USING gist (
    schedule_id WITH =, weekday WITH =, policy_minutes(opens, closes) WITH &&
) DEFERRABLE;
ALTER TABLE schedule_exception
ADD CONSTRAINT schedule_exception_name_text CHECK (policy_is_plain_text(name)),
ADD CONSTRAINT schedule_exception_last_date_order CHECK (first_date <= last_date),
ADD CONSTRAINT schedule_exception_first_date_time CHECK (policy_is_date(first_date)),
ADD CONSTRAINT schedule_exception_last_date_time CHECK (policy_is_date(last_date)),
ADD CONSTRAINT schedule_exception_dates_once UNIQUE (schedule_id, first_date, last_date) DEFERRABLE;
ALTER TABLE schedule_exception_hours
ADD CONSTRAINT schedule_exception_hours_closes_order CHECK (policy_is_hours(opens, closes)),
ADD CONSTRAINT schedule_exception_hours_no_overlap EXCLUDE USING gist (
    schedule_exception_id WITH =, policy_minutes(opens, closes) WITH &&
) DEFERRABLE;

-- For tables whose only text is a name.
CREATE FUNCTION policy_check_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text(TG_TABLE_NAME, 'name', NEW.name);
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON holiday_calendar
FOR EACH ROW EXECUTE FUNCTION policy_check_name();

CREATE FUNCTION policy_check_holiday() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('holiday', 'name', NEW.name);
    PERFORM policy_require_time('holiday', 'date', policy_is_date(NEW.date));
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON holiday
FOR EACH ROW EXECUTE FUNCTION policy_check_holiday();

CREATE CONSTRAINT TRIGGER "Policy_date_once" AFTER INSERT OR UPDATE ON holiday DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once(
    'holiday_date_once', 'En helgdag på det datumet', 'holiday_calendar_id', 'date'
);

CREATE FUNCTION policy_require_minute(in_table text, in_column text, value time) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF extract(SECOND FROM value) <> 0 THEN
        PERFORM policy_refuse(
            in_table, in_table || '_' || in_column || '_minute',
            format('%s.%s är %s. Ange hela minuter, till exempel 16:30.', in_table, in_column, value),
            'Hours are whole minutes, such as 16:30.'
        );
    END IF;
END
$$;

CREATE FUNCTION policy_check_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('schedule', 'name', NEW.name);
    PERFORM policy_require_minute('schedule', 'half_day_closes', NEW.half_day_closes);
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON schedule
FOR EACH ROW EXECUTE FUNCTION policy_check_schedule();

CREATE FUNCTION policy_check_schedule_exception() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_text('schedule_exception', 'name', NEW.name);
    PERFORM policy_require_time('schedule_exception', 'first_date', policy_is_date(NEW.first_date));
    PERFORM policy_require_time('schedule_exception', 'last_date', policy_is_date(NEW.last_date));
    IF (NEW.first_date <= NEW.last_date) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'schedule_exception', 'schedule_exception_last_date_order',
            format('Undantaget %s börjar %s men slutar %s. Första dagen kan inte vara efter den sista.',
                   NEW.name, coalesce(NEW.first_date::text, 'utan dag'), coalesce(NEW.last_date::text, 'utan dag')),
            'first_date must not be after last_date. For one day, set both to it.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON schedule_exception
FOR EACH ROW EXECUTE FUNCTION policy_check_schedule_exception();

CREATE CONSTRAINT TRIGGER "Policy_dates_once" AFTER INSERT OR UPDATE ON schedule_exception DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_once(
    'schedule_exception_dates_once', 'Ett undantag för de dagarna', 'schedule_id', 'first_date', 'last_date'
);

CREATE FUNCTION policy_check_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM policy_require_minute(TG_TABLE_NAME, 'opens', NEW.opens);
    PERFORM policy_require_minute(TG_TABLE_NAME, 'closes', NEW.closes);
    IF (NEW.opens < NEW.closes) IS NOT TRUE THEN
        PERFORM policy_refuse(
            TG_TABLE_NAME, TG_TABLE_NAME || '_closes_order',
            format('Öppet %s–%s går inte: öppningstiden måste vara före stängningstiden. Öppet över midnatt skrivs som '
                   'två rader, till exempel 22:00–24:00 och 00:00–06:00 nästa dag.',
                   coalesce(NEW.opens::text, '?'), coalesce(NEW.closes::text, '?')),
            'opens must be before closes. Write hours over midnight as two rows; a day ends at 24:00.'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION policy_check_weekday() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.weekday BETWEEN 1 AND 7) IS NOT TRUE THEN
        PERFORM policy_refuse(
            'schedule_hours', 'schedule_hours_weekday_known',
            format('Veckodag %s finns inte. Ange 1 (måndag) till 7 (söndag).', coalesce(NEW.weekday::text, 'NULL')),
            'Weekdays are 1 (Monday) to 7 (Sunday).'
        );
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON schedule_hours
FOR EACH ROW EXECUTE FUNCTION policy_check_hours();
CREATE TRIGGER policy_check_weekday BEFORE INSERT OR UPDATE ON schedule_hours
FOR EACH ROW EXECUTE FUNCTION policy_check_weekday();
CREATE TRIGGER policy_check_row BEFORE INSERT OR UPDATE ON schedule_exception_hours
FOR EACH ROW EXECUTE FUNCTION policy_check_hours();

CREATE FUNCTION policy_refuse_hours_overlap(
    in_table text, new_opens time, new_closes time, other_opens time, other_closes time
) RETURNS void LANGUAGE sql AS $$
    SELECT policy_refuse(
        in_table, in_table || '_no_overlap',
        format('Tiderna %s–%s och %s–%s går in i varandra. Slå ihop dem till en rad eller ändra en av dem.',
               left(new_opens::text, 5), left(new_closes::text, 5), left(other_opens::text, 5),
               left(other_closes::text, 5)),
        'The hours overlap. Join them into one row, or change one.', '23P01'
    )
$$;

CREATE FUNCTION policy_check_week_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    SELECT h.opens, h.closes INTO other FROM schedule_hours AS h
    WHERE h.id <> NEW.id AND h.schedule_id = NEW.schedule_id AND h.weekday = NEW.weekday
        AND policy_minutes(h.opens, h.closes) && policy_minutes(NEW.opens, NEW.closes) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse_hours_overlap('schedule_hours', NEW.opens, NEW.closes, other.opens, other.closes);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION policy_check_exception_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    SELECT h.opens, h.closes INTO other FROM schedule_exception_hours AS h
    WHERE h.id <> NEW.id AND h.schedule_exception_id = NEW.schedule_exception_id
        AND policy_minutes(h.opens, h.closes) && policy_minutes(NEW.opens, NEW.closes) LIMIT 1;
    IF FOUND THEN
        PERFORM policy_refuse_hours_overlap(
            'schedule_exception_hours', NEW.opens, NEW.closes, other.opens, other.closes
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "Policy_overlap" AFTER INSERT OR UPDATE ON schedule_hours DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_week_overlap();
CREATE CONSTRAINT TRIGGER "Policy_overlap" AFTER INSERT OR UPDATE ON schedule_exception_hours DEFERRABLE
FOR EACH ROW EXECUTE FUNCTION policy_check_exception_overlap();
