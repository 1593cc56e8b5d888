"""What findings about units, switchboards, duty and schedules say, in Swedish and English, and what to do."""

from callflow.policy.checks.wording import Wording

ANSWERS: dict[str, Wording] = {
    "unit_without_manager": Wording(
        sv="Varken enheten eller någon över den har en chef.",
        en="Neither the unit nor one above it has a manager.",
        do_sv="Ange enhetens chef (unit.manager_id). Utan chef kan ingen godkänna undantag från spärrar.",
        do_en="Set the unit's manager (unit.manager_id). Without one nobody can approve exemptions from barrings.",
    ),
    "unit_without_telephone_contact": Wording(
        sv="Varken enheten eller någon över den har en telefonkontakt.",
        en="Neither the unit nor one above it has a telephone contact.",
        do_sv="Ange enhetens telefonkontakt (unit.telephone_contact_id).",
        do_en="Set the unit's telephone contact (unit.telephone_contact_id).",
    ),
    "working_hours_uncovered": Wording(
        sv="Telefontiden ({telephone_schedule}) täcker inte arbetstiden ({working_schedule}): {hours}.",
        en="The telephone hours ({telephone_schedule}) do not cover the working hours ({working_schedule}): {hours}.",
        do_sv="Låt telefontiden sammanfalla med arbetstiden, eller ändra arbetstiden.",
        do_en="Let the telephone hours coincide with the working hours, or change the working hours.",
    ),
    "nobody_answers": Wording(
        sv="Enheten har öppet men ingenting ringer, varken där eller någon annanstans: {hours}.",
        en="The unit is open but nothing rings, there or anywhere else: {hours}.",
        do_sv="Ge enheten en svarsplats som ringer, eller ändra telefontiden.",
        do_en="Give the unit an answering place that rings, or change its telephone hours.",
    ),
    "only_voicemail_answers": Wording(
        sv="Enheten har öppet men bara en röstbrevlåda svarar: {hours}.",
        en="The unit is open but only a voicemail answers: {hours}.",
        do_sv="Ge enheten en svarsplats med någon som svarar, eller ändra telefontiden.",
        do_en="Give the unit an answering place where somebody answers, or change its telephone hours.",
    ),
    "answering_places_reach_nobody": Wording(
        sv="Ingen av enhetens svarsplatser ringer, så samtalen går vidare någon annanstans: {hours}.",
        en="None of the unit's answering places rings, so calls go on elsewhere: {hours}.",
        do_sv="Se över svarsplatserna: anknytningar utan telefon, spärrade eller vidarekopplade, tomma svarsgrupper, "
        "spärrade nummer.",
        do_en="Look at the answering places: extensions without a phone, locked or diverted, empty ring groups, "
        "barred numbers.",
    ),
    "no_answering_places": Wording(
        sv="Enheten har ett nummer men inga svarsplatser, så samtalen går till en annan enhet eller växeln.",
        en="The unit has a number but no answering places, so calls go to another unit or the switchboard.",
        do_sv="Lägg till svarsplatser (answering_place), eller ta bort enhetens nummer.",
        do_en="Add answering places (answering_place), or take the unit's number away.",
    ),
    "answering_place_never_reached": Wording(
        sv="Svarsplats {position} ({place}) nås aldrig: svarsplats {behind} före den ({answers}) svarar alltid.",
        en="Answering place {position} ({place}) is never reached: answering place {behind} before it ({answers}) "
        "always answers.",
        do_sv="Lägg platsen som alltid svarar sist, eller ta bort dem som ligger efter.",
        do_en="Put the place that always answers last, or delete those behind it.",
    ),
    "answering_place_twice": Wording(
        sv="Svarsplats {position} är densamma som svarsplats {first} ({place}) och ringer aldrig en gång till.",
        en="Answering place {position} is the same as answering place {first} ({place}) and never rings again.",
        do_sv="Ta bort den ena, eller ange en annan plats.",
        do_en="Delete one of them, or name another place.",
    ),
    "switchboard_without_operators": Wording(
        sv="Ingen telefonist kan nås: svarsgruppen saknas, är tom, eller alla i den är spärrade, vidarekopplade "
        "eller utan telefon.",
        en="No operator can be reached: the ring group is missing or empty, or all in it are locked, diverted or "
        "without a phone.",
        do_sv="Ange en svarsgrupp med telefonister (organisation.operator_group_id).",
        do_en="Set a ring group with operators (organisation.operator_group_id).",
    ),
    "ring_group_too_large": Wording(
        sv="Svarsgruppen har fler telefoner än som kan ringa på en gång: {ringing} av {phones} ringer. Mobiler "
        "utelämnas först.",
        en="The ring group has more phones than can ring at once: {ringing} of {phones} ring. Mobiles are "
        "left out first.",
        do_sv="Dela upp den i flera svarsgrupper, som ringer efter varandra som svarsplatser.",
        do_en="Divide it into several ring groups, which ring one after another as answering places.",
    ),
    "no_duty_roster": Wording(
        sv="Ingen jourlista finns, så den som ringer i ett brådskande ärende när det är stängt når ingen.",
        en="There is no duty roster, so an urgent caller reaches nobody when it is closed.",
        do_sv="Ange en jourlista (duty_roster_id) för enheten, en enhet över den eller organisationen.",
        do_en="Set a duty roster (duty_roster_id) for the unit, one above it or the organisation.",
    ),
    "no_duty_phone": Wording(
        sv="Telefontiden är kortare än arbetstiden, och enheten saknar jourtelefon för resten: {hours}.",
        en="The telephone hours are shorter than the working hours, with no duty phone for the rest: {hours}.",
        do_sv="Ange enhetens jourtelefon (unit.duty_phone_…).",
        do_en="Set the unit's duty phone (unit.duty_phone_…).",
    ),
    "duty_phone_reaches_nobody": Wording(
        sv="Jourtelefonen ({place}) ringer inte på arbetstid: {hours}.",
        en="The duty phone ({place}) does not ring in working hours: {hours}.",
        do_sv="Se över den: utan telefon, spärrad, vidarekopplad eller stängd. Ange annars en annan.",
        do_en="Look at it: without a phone, locked, diverted or closed. Or set another one.",
    ),
    "duty_roster_without_levels": Wording(
        sv="Jourlistan har varken nivåer eller pass.",
        en="The duty roster has neither levels nor shifts.",
        do_sv="Lägg till en nivå (duty_level) eller pass (duty_shift), eller ta bort listan.",
        do_en="Add a level (duty_level) or shifts (duty_shift), or delete the roster.",
    ),
    "duty_gap": Wording(
        sv="Ingen har jour från {starts} till {ends}.",
        en="Nobody has duty from {starts} to {ends}.",
        do_sv="Lägg in ett pass (duty_shift) för tiden, eller en ständig jour på en nivå (duty_level.standing_…).",
        do_en="Add a shift (duty_shift) for that time, or a standing duty on a level (duty_level.standing_…).",
    ),
    "duty_reaches_nobody": Wording(
        sv="Någon har jour från {starts} till {ends}, men ingen telefon ringer.",
        en="Somebody has duty from {starts} to {ends}, but no phone rings.",
        do_sv="Se över dem som har jour: utan telefon, spärrade, vidarekopplade eller med spärrade nummer.",
        do_en="Look at those on duty: without a phone, locked, diverted or with barred numbers.",
    ),
    "absence_without_return": Wording(
        sv="Frånvaron har pågått sedan {since} och saknar återkomst.",
        en="The absence has gone on since {since} and has no return.",
        do_sv="Ange när personen är åter (absence.returns_at), eller ta bort frånvaron.",
        do_en="Set when the person returns (absence.returns_at), or delete the absence.",
    ),
    "schedule_exception_past": Wording(
        sv="{count} undantag i schemat har passerat, senast {exception} ({last_date}).",
        en="{count} exceptions of the schedule have passed, the latest {exception} ({last_date}).",
        do_sv="Ta bort dem (schedule_exception).",
        do_en="Delete them (schedule_exception).",
    ),
    "schedule_exception_shadowed": Wording(
        sv="Undantaget {exception} ({first_date}–{last_date}) gäller aldrig: kortare undantag täcker varje dag.",
        en="Exception {exception} ({first_date} to {last_date}) never applies: shorter ones take every day of it.",
        do_sv="Ta bort det, eller ändra datumen.",
        do_en="Delete it, or change the dates.",
    ),
}
