-- What a call from outside to an extension comes to, in one row: whom to ring (nothing when nobody is to ring), for how
-- many seconds, where a message goes, and whether its unit answers the telephone now. Rules as far as one query goes:
-- extension by number, reported lost, diverted to a number of ours, ring limit, telephone hours with
-- holidays and half days. `:number` is what was dialled.
SELECT
    COALESCE('PJSIP/' || CASE
        WHEN diverted.id IS NOT NULL THEN diverted.sip_username
        WHEN extension.locked THEN NULL
        ELSE extension.sip_username
    END, '') AS legs,
    extension.ring_limit * (organisation.ring_tone_ms + organisation.ring_pause_ms) / 1000 AS seconds,
    COALESCE(mailbox.number || '@callflow', '') AS mailbox,
    CASE WHEN hours.id IS NULL OR holiday.id IS NOT NULL THEN 0 ELSE 1 END AS open
FROM extension
JOIN organisation ON organisation.id = extension.organisation_id
JOIN unit ON unit.id = extension.unit_id
LEFT JOIN mailbox ON mailbox.id = extension.mailbox_id
LEFT JOIN diversion ON diversion.extension_id = extension.id AND diversion.condition = 'all'
    AND (diversion.ends_at IS NULL OR diversion.ends_at > now())
LEFT JOIN extension AS diverted ON diverted.id = diversion.to_extension_id AND NOT diverted.locked
LEFT JOIN schedule ON schedule.id = unit.telephone_schedule_id
LEFT JOIN holiday ON holiday.holiday_calendar_id = organisation.holiday_calendar_id AND NOT schedule.open_on_holidays
    AND holiday.date = (now() AT TIME ZONE organisation.time_zone)::date
    AND (NOT holiday.half_day OR (now() AT TIME ZONE organisation.time_zone)::time >= schedule.half_day_closes)
LEFT JOIN schedule_hours AS hours ON hours.schedule_id = schedule.id
    AND hours.weekday = EXTRACT(isodow FROM now() AT TIME ZONE organisation.time_zone)
    AND (now() AT TIME ZONE organisation.time_zone)::time >= hours.opens
    AND (now() AT TIME ZONE organisation.time_zone)::time < hours.closes
WHERE extension.number = :number
LIMIT 1
