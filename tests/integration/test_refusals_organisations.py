"""Organisations, units, people and their hours that the policy database refuses."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases

HOURS = "INSERT INTO schedule_hours (schedule_id, weekday, opens, closes) VALUES "
EXCEPTION = "INSERT INTO schedule_exception (schedule_id, first_date, last_date, name) VALUES "
EXCEPTION_HOURS = "INSERT INTO schedule_exception_hours (schedule_exception_id, opens, closes) VALUES "

REFUSALS = [
    Refusal("UPDATE organisation SET key = 'Umeå' WHERE id = 1", "organisation_key_form", "bindestreck", net=True),
    Refusal("UPDATE organisation SET key = 'vannas' WHERE id = 1", "organisation_key_once", "finns redan", net=True),
    Refusal("UPDATE organisation SET name = ''", "organisation_name_text", "rad text", net=True),
    Refusal("UPDATE organisation SET name = E'U\\n[trunk]'", "organisation_name_text", "radbrytningar", net=True),
    Refusal("UPDATE organisation SET language = 'fi'", "organisation_language_known", "sv, en", net=True),
    Refusal("UPDATE organisation SET time_zone = 'Umeå'", "organisation_time_zone_known", "Europe/Stockholm"),
    Refusal("UPDATE organisation SET ring_tone_ms = 99", "organisation_cadence", "99 ms ton", net=True),
    Refusal("UPDATE organisation SET ring_pause_ms = 10001", "organisation_cadence", "10001 ms paus", net=True),
    Refusal("UPDATE organisation SET history_days = 0", "organisation_history_days_range", "i 0 dagar", net=True),
    Refusal(
        "UPDATE organisation SET history_days = 3651", "organisation_history_days_range", "1 till 3650", net=True
    ),
    Refusal("UPDATE organisation SET history_days = NULL", "organisation_history_days_range", "okänt antal"),
    Refusal("UPDATE organisation SET mailbox_id = 3 WHERE id = 1", "organisation_mailbox_id_own", "Vännäs"),
    Refusal(
        "UPDATE organisation SET switchboard_schedule_id = 2 WHERE id = 1",
        "organisation_switchboard_schedule_id_own",
        "Vännäs",
    ),
    Refusal("UPDATE organisation SET duty_roster_id = 99", "organisation_duty_roster_id_exists", "finns inte"),
    Refusal("UPDATE organisation SET id = 9 WHERE id = 1", "organisation_same_id", "ändras"),
    Refusal("UPDATE mailbox SET organisation_id = 2 WHERE id = 1", "mailbox_same_organisation", "flyttas"),
    Refusal("UPDATE unit SET name = E'a\\tb'", "unit_name_text", "styrtecken", net=True),
    Refusal("UPDATE unit SET presents = 'none'", "unit_presents_known", "own, unit, organisation", net=True),
    Refusal(
        "UPDATE unit SET parent_id = 2 WHERE id = 1", "unit_tree", "Socialkontoret → Hemtjänsten → Socialkontoret"
    ),
    Refusal("UPDATE unit SET parent_id = 1 WHERE id = 1", "unit_tree", "överordnade"),
    Refusal("UPDATE unit SET parent_id = 3 WHERE id = 2", "unit_parent_id_own", "Vännäs"),
    Refusal("UPDATE unit SET manager_id = 3 WHERE id = 2", "unit_manager_id_own", "Vännäs"),
    Refusal("UPDATE unit SET telephone_contact_id = 3 WHERE id = 2", "unit_telephone_contact_id_own", "Vännäs"),
    Refusal("UPDATE unit SET telephone_schedule_id = 2 WHERE id = 2", "unit_telephone_schedule_id_own", "Vännäs"),
    Refusal("UPDATE unit SET working_schedule_id = 2 WHERE id = 2", "unit_working_schedule_id_own", "Vännäs"),
    Refusal("UPDATE unit SET mailbox_id = 3 WHERE id = 2", "unit_mailbox_id_own", "Vännäs"),
    Refusal("UPDATE person SET given_name = ' '", "person_given_name_text", "rad text", net=True),
    Refusal("UPDATE person SET family_name = NULL", "person_family_name_required", "ifylld"),
    Refusal("UPDATE person SET email = 'anna'", "person_email_email", "e-postadress: 'anna'", net=True),
    Refusal("UPDATE person SET unit_id = 3 WHERE id = 1", "person_unit_id_own", "Vännäs"),
    Refusal("UPDATE schedule SET name = ''", "schedule_name_text", "rad text", net=True),
    Refusal(
        "UPDATE schedule SET half_day_closes = '12:00:30'", "schedule_half_day_closes_minute", "minuter", net=True
    ),
    Refusal(HOURS + "(1, 0, '08:00', '16:00')", "schedule_hours_weekday_known", "söndag", net=True),
    Refusal(HOURS + "(1, 8, '08:00', '16:00')", "schedule_hours_weekday_known", "måndag", net=True),
    Refusal(HOURS + "(1, 3, '16:00', '08:00')", "schedule_hours_closes_order", "midnatt", net=True),
    Refusal(HOURS + "(1, 3, '08:00', '08:00')", "schedule_hours_closes_order", "före", net=True),
    Refusal(HOURS + "(1, 3, '08:00:10', '16:00')", "schedule_hours_opens_minute", "minuter"),
    Refusal(HOURS + "(1, 1, '15:59', '17:00')", "schedule_hours_no_overlap", "08:00–16:00", net=True),
    Refusal(HOURS + "(99, 1, '08:00', '16:00')", "schedule_hours_schedule_id_exists", "finns inte"),
    Refusal(EXCEPTION + "(1, '2027-01-02', '2027-01-01', 'x')", "schedule_exception_last_date_order", "x", net=True),
    Refusal(EXCEPTION + "(1, '2026-12-24', '2026-12-26', 'x')", "schedule_exception_dates_once", "redan", net=True),
    Refusal(EXCEPTION + "(1, '2027-01-01', '2027-01-01', '')", "schedule_exception_name_text", "rad text", net=True),
    Refusal(EXCEPTION_HOURS + "(1, '13:00', '12:00')", "schedule_exception_hours_closes_order", "före", net=True),
    Refusal(EXCEPTION_HOURS + "(1, '11:00', '13:00')", "schedule_exception_hours_no_overlap", "10:00", net=True),
    Refusal(
        "INSERT INTO holiday (holiday_calendar_id, date, name) VALUES (1, '2026-12-25', 'x')",
        "holiday_date_once",
        "2026-12-25",
        net=True,
    ),
    Refusal("UPDATE organisation SET main_number = NULL", "organisation_main_number_required", "ange ett värde"),
    Refusal(
        "UPDATE schedule_exception SET last_date = 'infinity'", "schedule_exception_last_date_time", "år", net=True
    ),
    Refusal(
        "UPDATE schedule_exception SET first_date = '1999-12-31'",
        "schedule_exception_first_date_time",
        "år",
        net=True,
    ),
    Refusal("UPDATE holiday SET date = 'infinity'", "holiday_date_time", "mellan år", net=True),
    Refusal("UPDATE holiday SET name = ''", "holiday_name_text", "rad text", net=True),
    Refusal("UPDATE holiday_calendar SET name = ''", "holiday_calendar_name_text", "rad text", net=True),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)
