"""What each reason in a trace says to people, in Swedish and English; `{…}` is filled from the line's values."""

from callflow.policy.decision import Outcome, TraceLine

LANGUAGES = ("sv", "en")

REASONS: dict[str, tuple[str, str]] = {
    "emergency": (
        "{number} är nödnumret: samtalet går fram före allt annat.",
        "{number} is the emergency number: the call goes ahead of everything else.",
    ),
    "not_emergency": ("Numret är inte nödnumret.", "The number is not the emergency number."),
    "internal_caller": ("Den som ringer är anknytning {extension}.", "The caller is extension {extension}."),
    "external_caller": ("Den som ringer kommer utifrån.", "The caller is from outside."),
    "caller_missing": (
        "Den uppringande anknytningen (id {id}) finns inte; samtalet räknas som utifrån.",
        "The calling extension (id {id}) does not exist; the call counts as from outside.",
    ),
    "caller_locked": (
        "Anknytning {extension} är spärrad: bara nödsamtal går fram.",
        "Extension {extension} is locked: only emergency calls go ahead.",
    ),
    "number_unreadable": ("”{number}” går inte att läsa som ett nummer.", "“{number}” cannot be read as a number."),
    "number_found": ("{number} är vårt nummer ({kind}).", "{number} is a number of ours ({kind})."),
    "number_unused": (
        "{number} ligger i våra nummerserier men används inte.",
        "{number} is in our number ranges but not in use.",
    ),
    "no_transit": (
        "{number} är inte vårt nummer; ett samtal utifrån kopplas aldrig ut igen.",
        "{number} is not ours; a call from outside is never carried out again.",
    ),
    "outside_number_allowed": ("{number} får ringas ({category}).", "{number} may be called ({category})."),
    "outside_number_barred": ("{number} är spärrat ({category}).", "{number} is barred ({category})."),
    "number_unclassified": (
        "Ingen vet vad {number} är för nummer, och därför är det spärrat; en rad i number_class säger det.",
        "Nobody knows what kind of number {number} is, so it is barred; a row in number_class tells.",
    ),
    "transferred_by": (
        "Anknytning {extension} kopplar samtalet, och det är dess spärrar som gäller.",
        "Extension {extension} transfers the call, and its barrings count.",
    ),
    "mover_missing": (
        "Anknytningen som kopplar samtalet (id {id}) finns inte.",
        "The extension that transfers the call (id {id}) does not exist.",
    ),
    "back_to_mover": (
        "Kommer samtalet inte fram går det tillbaka till anknytning {extension}.",
        "If the call does not get through it goes back to extension {extension}.",
    ),
    "number_hidden": ("Numret visas inte utåt.", "The number is not shown to the outside."),
    "number_shown": ("Utåt visas {number}.", "To the outside {number} is shown."),
    "extension_locked": (
        "Anknytning {extension} är spärrad och ringer inte; samtalet följer dess hänvisning: {why}.",
        "Extension {extension} is locked and does not ring; the call follows its referral: {why}.",
    ),
    "lock_asked": (
        "Anknytning {extension} spärrar {lost} som förlorad, om pinkoden är rätt.",
        "Extension {extension} locks {lost} as lost, if the PIN is right.",
    ),
    "lock_of_nobody": (
        "Anknytning {extension} vill spärra en förlorad telefon, men det som slogs är ingen anknytning med pinkod.",
        "Extension {extension} wants to lock a lost phone, but what was dialled is no extension with its PIN.",
    ),
    "change_refused": (
        "Spärren togs inte emot: fel pinkod, ingen röstbrevlåda, ingen anknytning eller för många försök.",
        "The lock was not taken: a wrong PIN, no mailbox, no extension or too many tries.",
    ),
    "extension_not_locked": ("Anknytning {extension} är inte spärrad.", "Extension {extension} is not locked."),
    "no_diversion_of_all_calls": (
        "Anknytning {extension} har ingen vidarekoppling av alla samtal.",
        "Extension {extension} has no diversion of all calls.",
    ),
    "diverted": (
        "Anknytning {extension} är vidarekopplad ({condition}) till {place}.",
        "Extension {extension} is diverted ({condition}) to {place}.",
    ),
    "loop_skipped": (
        "{place} är redan prövad för samtalet och hoppas över.",
        "{place} has been tried for this call and is skipped.",
    ),
    "change_not_stored": (
        "Ändringen kunde inte sparas i policydatabasen, och ingenting är ändrat.",
        "The change could not be stored in the policy database, and nothing is changed.",
    ),
    "change_not_known": (
        "Policydatabasen försvann medan ändringen sparades: den gäller kanske, kanske inte.",
        "The policy database was lost while the change was stored: it may apply or not.",
    ),
    "target_unreadable": (
        "Målet ”{number}” går inte att läsa som ett nummer.",
        "The target “{number}” cannot be read as a number.",
    ),
    "diversion_set": (
        "Anknytning {extension} vidarekopplas ({condition}) till {place}.",
        "Extension {extension} is diverted ({condition}) to {place}.",
    ),
    "diversion_cancelled": (
        "Vidarekopplingen av anknytning {extension} tas bort ({condition}).",
        "The diversion of extension {extension} is removed ({condition}).",
    ),
    "diversions_cancelled": (
        "Alla vidarekopplingar av anknytning {extension} tas bort.",
        "All diversions of extension {extension} are removed.",
    ),
    "code_with_more": (
        "Efter koden från anknytning {extension} ska ingenting slås, men {more} följde; ingenting ändras.",
        "Nothing is to follow the code from extension {extension}, but {more} did; nothing is changed.",
    ),
    "voicemail_heard": (
        "Anknytning {extension} lyssnar av röstbrevlåda {mailbox}, mot PIN.",
        "Extension {extension} listens to voicemail {mailbox}, with its PIN.",
    ),
    "no_voicemail_to_hear": (
        "Anknytning {extension} har ingen röstbrevlåda att lyssna av.",
        "Extension {extension} has no voicemail to listen to.",
    ),
    "code_unknown": ("Ingen tjänstekod passar ”{code}”.", "No feature code fits “{code}”."),
    "duty_taken": (
        "Anknytning {extension} tar över jouren ({roster}) till {until}.",
        "Extension {extension} takes over duty ({roster}) until {until}.",
    ),
    "duty_handed_back": (
        "Anknytning {extension} lämnar tillbaka jouren ({roster}).",
        "Extension {extension} hands duty back ({roster}).",
    ),
    "duty_not_taken_over": (
        "Anknytning {extension} har inte tagit över någon jour.",
        "Extension {extension} has not taken over any duty.",
    ),
    "duty_asked": (
        "Anknytning {extension} frågar: jouren ({roster}) har {place}.",
        "Extension {extension} asks: duty ({roster}) is with {place}.",
    ),
    "duty_asked_none": (
        "Anknytning {extension} frågar: ingen har jouren ({roster}).",
        "Extension {extension} asks: nobody has duty ({roster}).",
    ),
    "duty_refused": (
        "Anknytning {extension} får inte besked om jouren eller ta över den: {why}.",
        "Extension {extension} is not told of duty and cannot take it over: {why}.",
    ),
    "unit_forced": (
        "Anknytning {extension} sätter {unit}: {state} till {until}.",
        "Extension {extension} forces {unit}: {state} until {until}.",
    ),
    "unit_forced_asked": (
        "Anknytning {extension} frågar: {unit} är {state} till {until}.",
        "Extension {extension} asks: {unit} is {state} until {until}.",
    ),
    "unit_not_forced": (
        "{unit} följer sina vanliga tider; anknytning {extension} ändrar ingenting.",
        "{unit} follows its usual hours; extension {extension} changes nothing.",
    ),
    "unit_as_usual": (
        "Anknytning {extension} låter {unit} följa sina vanliga tider igen.",
        "Extension {extension} has {unit} follow its usual hours again.",
    ),
    "unit_hours_refused": (
        "Anknytning {extension} kan inte ändra eller fråga om enhetens tider: {why}.",
        "Extension {extension} cannot change or ask about the unit's hours: {why}.",
    ),
    "acts_for": (
        "Anknytning {extension} får ställa in åt anknytning {other}.",
        "Extension {extension} may act for extension {other}.",
    ),
    "may_not_act_for": (
        "Anknytning {extension} är varken chef, telefonkontakt eller telefonist för anknytning {other}.",
        "Extension {extension} is neither manager, telephone contact nor operator for extension {other}.",
    ),
    "no_such_extension": (
        "Anknytning {extension} slog en kod för ”{number}”, som inte är någon anknytning.",
        "Extension {extension} dialled a code for “{number}”, which is no extension.",
    ),
    "diversion_asked": (
        "Anknytning {extension} frågar: vidarekopplad ({condition}) till {place}.",
        "Extension {extension} asks: diverted ({condition}) to {place}.",
    ),
    "diversion_asked_none": (
        "Anknytning {extension} frågar: inte vidarekopplad ({condition}).",
        "Extension {extension} asks: not diverted ({condition}).",
    ),
    "diversion_refused": (
        "Anknytning {extension} får inte vidarekopplas till ”{number}”: {why}.",
        "Extension {extension} may not be diverted to “{number}”: {why}.",
    ),
    "target_unused": ("Målet {number} används inte.", "The target {number} is not in use."),
    "outside_number": ("Samtalet går ut till {number}.", "The call goes out to {number}."),
    "absent": (
        "Innehavaren av anknytning {extension} är frånvarande, ingen vet hur länge.",
        "The holder of extension {extension} is absent, nobody knows for how long.",
    ),
    "absent_until": (
        "Innehavaren av anknytning {extension} är frånvarande och åter {back}.",
        "The holder of extension {extension} is absent and back at {back}.",
    ),
    "referral_outside_ended": (
        "Hänvisningen från anknytning {extension} till {number} har gällt så länge den får och räknas inte längre.",
        "The referral from extension {extension} to {number} has stood as long as it may and counts no more.",
    ),
    "absent_does_not_ring": (
        "Anknytning {extension} ringer inte: innehavaren är frånvarande.",
        "Extension {extension} does not ring: its holder is absent.",
    ),
    "absence_set": (
        "Innehavaren av anknytning {extension} anmäler frånvaro, åter {back}.",
        "The holder of extension {extension} reports absence, back at {back}.",
    ),
    "absence_ended": (
        "Frånvaron för innehavaren av anknytning {extension} tas bort.",
        "The absence of the holder of extension {extension} is ended.",
    ),
    "absence_asked": (
        "Anknytning {extension} frågar: innehavaren är frånvarande, åter {back}.",
        "Extension {extension} asks: its holder is absent, back at {back}.",
    ),
    "absence_asked_none": (
        "Innehavaren av anknytning {extension} är inte frånvarande.",
        "The holder of extension {extension} is not absent.",
    ),
    "absence_refused": (
        "Frånvaron från anknytning {extension} går inte att sätta: {why}.",
        "The absence from extension {extension} cannot be set: {why}.",
    ),
    "absence_reason_withheld": (
        "Orsaken till frånvaron sägs inte för den som ringer utifrån.",
        "The reason of the absence is not told to a caller from outside.",
    ),
    "group_member_away": (
        "Anknytning {extension} i {group} är spärrad, vidarekopplad eller frånvarande och ringer inte.",
        "Extension {extension} in {group} is locked, diverted or absent and does not ring.",
    ),
    "extension_rings": (
        "Anknytning {extension} ringer högst {rings} signaler.",
        "Extension {extension} rings at most {rings} times.",
    ),
    "extension_has_no_phone": (
        "Anknytning {extension} har ingen telefon som kan ringa.",
        "Extension {extension} has no phone that can ring.",
    ),
    "spoken_before_more_rings": (
        "En röst svarar innan det ringer på nästa ställe.",
        "A voice answers before the next place rings.",
    ),
    "plan_too_long": (
        "Kedjan är för lång; samtalet går till sista utvägen.",
        "The chain is too long; the call goes to the last resort.",
    ),
    "voicemail_of_extension": (
        "Utan svar går samtalet till röstbrevlådan för anknytning {extension}.",
        "Unanswered, the call goes to the voicemail of extension {extension}.",
    ),
    "extension_without_mailbox": (
        "Anknytning {extension} har ingen röstbrevlåda; enheten svarar.",
        "Extension {extension} has no voicemail; its unit answers.",
    ),
    "mailbox_missing": ("Brevlådan (id {id}) finns inte.", "The mailbox (id {id}) does not exist."),
    "place_missing": ("{place} finns inte och hoppas över.", "{place} does not exist and is skipped."),
    "name_withheld": (
        "Enheten är sekretesskyddad: namnet sägs inte för den som ringer utifrån.",
        "The unit is confidential: its names are not spoken to a caller from outside.",
    ),
    "schedule_missing": ("Schemat (id {id}) finns inte.", "The schedule (id {id}) does not exist."),
    "always_open": (
        "{unit} har inga tider satta och är alltid öppen.",
        "{unit} has no hours set and is always open.",
    ),
    "unit_is_forced_open": (
        "{unit} är satt öppen till {until}, vilka tider enheten än har.",
        "{unit} is forced open until {until}, whatever its hours.",
    ),
    "unit_is_forced_closed": (
        "{unit} är satt stängd till {until}, vilka tider enheten än har.",
        "{unit} is forced closed until {until}, whatever its hours.",
    ),
    "telephone_hours_open": (
        "{unit} har telefontid nu ({schedule}).",
        "{unit} has telephone hours now ({schedule}).",
    ),
    "telephone_hours_closed": (
        "{unit} har inte telefontid nu ({schedule}).",
        "{unit} has no telephone hours now ({schedule}).",
    ),
    "internal_rings_as_usual": (
        "{unit} ringer som vanligt för den som ringer inifrån.",
        "{unit} rings as usual for a caller from inside.",
    ),
    "external_hears_the_hours": (
        "Den som ringer {unit} utifrån hör tiderna och kan välja brådskande.",
        "A caller to {unit} from outside hears the hours and can choose urgent.",
    ),
    "no_answering_places": ("{unit} har inga svarsställen.", "{unit} has no answering places."),
    "answering_place": ("{unit} prövar svarsställe {position}.", "{unit} tries answering place {position}."),
    "group_rings_in_part": (
        "{group} har fler telefoner än som kan ringa på en gång: {ringing} av {phones} ringer.",
        "{group} has more phones than can ring at once: {ringing} of {phones} ring.",
    ),
    "nobody_in_group": ("Ingen i {group} kan ringas.", "Nobody in {group} can be rung."),
    "nobody_at_the_unit": ("Ingen svarar hos {unit}.", "Nobody answers at {unit}."),
    "voicemail_of_unit": ("Röstbrevlådan för {unit} svarar.", "The voicemail of {unit} answers."),
    "unit_above": ("Samtalet går vidare till enheten {unit}.", "The call goes on to the unit {unit}."),
    "operators_ring": ("Telefonisterna svarar för {organisation}.", "The operators answer for {organisation}."),
    "no_operators": (
        "{organisation} har ingen telefonist som kan ringas.",
        "{organisation} has no operator who can be rung.",
    ),
    "switchboard_closed": ("Växeln för {organisation} är stängd.", "The switchboard of {organisation} is closed."),
    "duty_phone_in_working_hours": (
        "Brådskande samtal går till jourtelefonen, {place}, i arbetstid.",
        "Urgent calls go to the duty phone, {place}, in working hours.",
    ),
    "outside_working_hours": (
        "Jourtelefonen, {place}, gäller i arbetstid, och det är det inte nu.",
        "The duty phone, {place}, is for working hours, and it is not that now.",
    ),
    "on_duty_taken_over": (
        "{roster}, nivå {level}: {place} har tagit över jouren.",
        "{roster}, level {level}: {place} has taken duty over.",
    ),
    "on_duty_by_shift": (
        "{roster}, nivå {level}: {place} har jour enligt schema.",
        "{roster}, level {level}: {place} has duty by shift.",
    ),
    "on_duty_standing": (
        "{roster}, nivå {level}: {place} har stående jour.",
        "{roster}, level {level}: {place} has standing duty.",
    ),
    "nobody_on_duty": (
        "{roster}, nivå {level}: ingen har jour och nivån hoppas över.",
        "{roster}, level {level}: nobody has duty and the level is skipped.",
    ),
    "duty_already_tried": (
        "{roster}, nivå {level}: {place} är redan prövad.",
        "{roster}, level {level}: {place} has been tried already.",
    ),
    "roster_missing": ("Jourlistan (id {id}) finns inte.", "The duty roster (id {id}) does not exist."),
    "no_duty": ("Ingen jour är satt.", "No duty is set."),
    "urgent_message_mailed": (
        "Svarar ingen i jouren tas ett meddelande som mejlas genast.",
        "If nobody on duty answers, a message is taken and mailed at once.",
    ),
    "last_resort_message": (
        "Inget annat återstår: meddelande till {organisation}.",
        "Nothing else is left: a message to {organisation}.",
    ),
    "last_resort_words": (
        "Inget annat återstår hos {organisation}: besked och avslut.",
        "Nothing else is left at {organisation}: words and a goodbye.",
    ),
}

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    Outcome.EMERGENCY: ("Nödsamtal", "Emergency call"),
    Outcome.EXTENSION: ("Samtal till en anknytning", "Call to an extension"),
    Outcome.UNIT_OPEN: ("Samtal till en enhet i telefontid", "Call to a unit in its telephone hours"),
    Outcome.UNIT_CLOSED: ("Samtal till en enhet utanför telefontid", "Call to a unit outside its telephone hours"),
    Outcome.SWITCHBOARD_OPEN: ("Samtal till växeln", "Call to the switchboard"),
    Outcome.SWITCHBOARD_CLOSED: ("Samtal till stängd växel", "Call to the closed switchboard"),
    Outcome.OUTSIDE: ("Samtal ut", "Call to the outside"),
    Outcome.FEATURE_CODE: ("Tjänstekod", "Feature code"),
    Outcome.REFUSED: ("Samtalet kopplas inte", "The call is not put through"),
}


WORDS: dict[str, tuple[str, str]] = {
    "extension": ("anknytning", "extension"),
    "unit": ("enhet", "unit"),
    "ring_group": ("svarsgrupp", "ring group"),
    "mailbox": ("röstbrevlåda", "mailbox"),
    "switchboard": ("växeln", "switchboard"),
    "number": ("nummer", "number"),
    "all": ("alla samtal", "all calls"),
    "no_answer": ("inget svar", "no answer"),
    "busy": ("upptaget", "busy"),
    "unreachable": ("onåbar", "unreachable"),
    "change_not_known": (
        "Policydatabasen försvann medan ändringen sparades: den gäller kanske, kanske inte.",
        "The policy database was lost while the change was stored: it may apply or not.",
    ),
    "target_unreadable": ("numret går inte att läsa", "the number cannot be read"),
    "target_is_emergency": ("nödnumret", "the emergency number"),
    "target_unused": ("numret används inte", "the number is not in use"),
    "target_is_own": ("det egna numret", "its own number"),
    "target_barred": ("numret är spärrat", "the number is barred"),
    "target_loops": ("samtalen går runt", "the calls go round"),
    "target_loops_later": ("samtalen går ibland runt", "the calls sometimes go round"),
    "diversion_without_number": ("numret saknas", "the number is missing"),
    "diversion_seconds_unreadable": ("sekunderna går inte att läsa", "the seconds cannot be read"),
    "diversion_without_mailbox": ("anknytningen har ingen röstbrevlåda", "the extension has no voicemail"),
    "locked_absent": ("frånvaron", "the absence"),
    "locked_undiverted": ("vidarekoppling saknas", "no diversion"),
    "phone_is_nobodys": ("telefonen tillhör ingen person", "the phone is nobody's"),
    "absence_unreadable": ("koden går inte att läsa", "the code cannot be read"),
    "absence_reason_unknown": ("ingen orsak har den siffran", "no reason has that digit"),
    "forced_open": ("öppen", "open"),
    "forced_closed": ("stängd", "closed"),
    "duty_unreadable": ("koden går inte att läsa", "the code cannot be read"),
    "unit_hours_unreadable": ("koden går inte att läsa", "the code cannot be read"),
    "no_such_unit": ("ingen enhet har det numret", "no unit has that number"),
    "no_duty_here": ("enheten har ingen jourlista", "the unit has no duty roster"),
    "may_not_act_for_unit": ("telefonen får inte det för enheten", "the phone may not for the unit"),
    "return_passed": ("tiden har redan passerat", "the time has passed already"),
    "return_impossible": ("det är varken en tid eller ett datum", "it is neither a time nor a date"),
    "international": ("utland", "international"),
    "premium": ("betalnummer", "premium"),
    "mass_call": ("massanrop", "mass call"),
    "directory": ("nummerupplysning", "directory service"),
    "satellite": ("satellit", "satellite"),
    "operator_prefix": ("operatörsprefix", "operator prefix"),
    "unclassified": ("okänt slag", "unknown kind"),
    "national": ("fast eller vanligt nummer", "ordinary number"),
    "mobile": ("mobil", "mobile"),
    "freephone": ("frisamtal", "freephone"),
    "shared_cost": ("delad kostnad", "shared cost"),
    "service": ("kort servicenummer", "short service number"),
    "sms_purchase": ("köp med SMS", "purchase by SMS"),
    "data_purchase": ("köp av data", "purchase of data"),
    "outside_diversion": ("vidarekoppling ut", "diversion to the outside"),
}
"""The model's own words (kinds of targets, of numbers, conditions), where they stand in a line's values."""


def reason_text(line: TraceLine, language: str) -> str:
    """Return what a trace line says in a language (`sv`, `en`; any other reads as English)."""
    values = {name: _in_words(name, value, language) for name, value in line.values.items()}
    return _in(language, REASONS[line.reason]).format_map(values)


def _in_words(name: str, value: str, language: str) -> str:
    if name == "category":
        return ", ".join(_in(language, WORDS[word]) for word in value.split())
    if name not in {"kind", "condition", "place", "why", "state"}:
        return value
    first, space, rest = value.partition(" ")
    return (_in(language, WORDS[first]) if first in WORDS else first) + space + rest


def outcome_text(outcome: Outcome, language: str) -> str:
    """Return what an outcome is called in a language."""
    return _in(language, OUTCOMES[outcome])


def _in(language: str, texts: tuple[str, str]) -> str:
    return texts[0] if language == "sv" else texts[1]
