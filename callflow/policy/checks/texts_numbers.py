"""What findings about numbers, diversions, barrings and extensions say, in Swedish and English, and what to do."""

from callflow.policy.checks.wording import Wording

NUMBERS: dict[str, Wording] = {
    "diversion_loop": Wording(
        sv="Vidarekopplingarna går runt: {chain}.",
        en="The diversions go round: {chain}.",
        do_sv="Ändra eller ta bort en av dem.",
        do_en="Change or delete one of them.",
    ),
    "diversion_never_applies": Wording(
        sv="Vidarekopplingen ({condition}) gäller aldrig: alla samtal går till {place}.",
        en="The diversion ({condition}) never applies: all calls go to {place}.",
        do_sv="Ta bort den, eller vidarekopplingen av alla samtal.",
        do_en="Delete it, or the diversion of all calls.",
    ),
    "no_answer_rings_beyond_limit": Wording(
        sv="Vidarekopplingen vid inget svar väntar {rings} signaler, men anknytningen ringer högst {ring_limit}.",
        en="The diversion on no answer waits for {rings} rings, but the extension rings at most {ring_limit}.",
        do_sv="Sänk diversion.rings, eller höj extension.ring_limit.",
        do_en="Lower diversion.rings, or raise extension.ring_limit.",
    ),
    "outside_diversion_too_long": Wording(
        sv="Vidarekopplingen ({condition}) ut till {number} gäller {until}; högst {days} dagar är tillåtet.",
        en="The diversion ({condition}) outside to {number} stands {until}; at most {days} days are allowed.",
        do_sv="Korta den (diversion.ends_at), eller ta bort den.",
        do_en="Shorten it (diversion.ends_at), or delete it.",
    ),
    "target_missing": Wording(
        sv="Målet för {use} finns inte: {place}.",
        en="The target of {use} does not exist: {place}.",
        do_sv="Ange ett annat mål.",
        do_en="Name another target.",
    ),
    "target_unreadable": Wording(
        sv="Målet för {use} går inte att läsa som ett nummer: ”{number}”.",
        en="The target of {use} cannot be read as a number: “{number}”.",
        do_sv="Skriv numret som +4690161000.",
        do_en="Write the number as +4690161000.",
    ),
    "target_emergency": Wording(
        sv="Målet för {use} är nödnumret: {number}.",
        en="The target of {use} is the emergency number: {number}.",
        do_sv="Ange ett annat mål; till nödnumret kopplas aldrig någons samtal vidare.",
        do_en="Name another target; nobody's calls are ever diverted to the emergency number.",
    ),
    "target_unused": Wording(
        sv="Målet för {use}, {number}, ligger i våra nummerserier men används inte.",
        en="The target of {use}, {number}, is in our number ranges but not in use.",
        do_sv="Ange ett nummer som används.",
        do_en="Name a number that is in use.",
    ),
    "target_barred": Wording(
        sv="Målet för {use}, {number}, är spärrat ({category}).",
        en="The target of {use}, {number}, is barred ({category}).",
        do_sv="Ange ett annat mål. För en anknytning kan närmaste chef godkänna ett undantag.",
        do_en="Name another target. For an extension the nearest manager may approve an exemption.",
    ),
    "exemption_ended": Wording(
        sv="Undantaget {exemption} ({category}) gick ut {ends_at}.",
        en="Exemption {exemption} ({category}) ended {ends_at}.",
        do_sv="Ta bort det, eller låt närmaste chef godkänna ett nytt.",
        do_en="Delete it, or let the nearest manager approve a new one.",
    ),
    "exemption_without_end": Wording(
        sv="Undantaget {exemption} ({category}) gäller till {ends_at}, i praktiken för alltid.",
        en="Exemption {exemption} ({category}) holds until {ends_at}, in practice for ever.",
        do_sv="Ange ett slut inom fem år (exemption.ends_at).",
        do_en="Set an end within five years (exemption.ends_at).",
    ),
    "exemption_approver_not_manager": Wording(
        sv="Undantaget {exemption} ({category}) godkändes av {approver}; närmaste chef är nu {manager}.",
        en="Exemption {exemption} ({category}) was approved by {approver}; the nearest manager is now {manager}.",
        do_sv="Låt närmaste chef godkänna det på nytt, eller ta bort det.",
        do_en="Let the nearest manager approve it anew, or delete it.",
    ),
    "exemption_opens_nothing": Wording(
        sv="Undantaget {exemption} öppnar ingenting: {category} är inte spärrat, eller kan aldrig öppnas.",
        en="Exemption {exemption} opens nothing: {category} is not barred, or can never be opened.",
        do_sv="Ta bort det.",
        do_en="Delete it.",
    ),
    "barring_by_default": Wording(
        sv="Spärrar av det som ändå är spärrat för alla: {category} (rad {barrings}).",
        en="Barrings of what is barred for everybody anyway: {category} (row {barrings}).",
        do_sv="Ta bort raderna (barring); inget öppnas av det.",
        do_en="Delete the rows (barring); that opens nothing.",
    ),
    "barring_above": Wording(
        sv="Spärrar som redan gäller ovanifrån: {category} (rad {barrings}).",
        en="Barrings that hold from above already: {category} (row {barrings}).",
        do_sv="Ta bort raderna (barring), eller spärren ovanför.",
        do_en="Delete the rows (barring), or the barring above.",
    ),
    "number_class_as_plan": Wording(
        sv="Nummerklassen {prefix} ({category}) säger det som nummerplanen säger ändå.",
        en="Number class {prefix} ({category}) says what the numbering plan says anyway.",
        do_sv="Ta bort raden (number_class).",
        do_en="Delete the row (number_class).",
    ),
    "number_class_never_matches": Wording(
        sv="Nummerklassen {prefix} ({category}) träffar aldrig: nummer läses med plus och landsnummer, "
        "utan inledande 0.",
        en="Number class {prefix} ({category}) never matches: numbers are read with plus and country code, without "
        "a leading 0.",
        do_sv="Skriv prefixet som +46900 i stället för 0900.",
        do_en="Write the prefix as +46900 instead of 0900.",
    ),
    "feature_code_unknown_action": Wording(
        sv="Tjänstekoder som den här versionen inte känner till: {codes}.",
        en="Feature codes that this version does not know: {codes}.",
        do_sv="Rätta feature_code.action, eller ta bort koderna; den som slår dem får höra att "
        "numret inte går att läsa.",
        do_en="Correct feature_code.action, or delete the codes; who dials them hears that the "
        "number cannot be read.",
    ),
    "number_outside_ranges": Wording(
        sv="{number} ligger inte i någon av nummerserierna.",
        en="{number} is in none of the number ranges.",
        do_sv="Lägg till serien (number_range), eller byt nummer.",
        do_en="Add the range (number_range), or change the number.",
    ),
    "number_of_another_organisation": Wording(
        sv="{number} ligger i en nummerserie som tillhör {owner}.",
        en="{number} is in a number range of {owner}.",
        do_sv="Byt nummer, eller flytta nummerserien (number_range.organisation_id).",
        do_en="Change the number, or move the range (number_range.organisation_id).",
    ),
    "messages_tell_nobody": Wording(
        sv="Ingen får veta att någon lämnat ett meddelande i röstbrevlåda {mailbox}: varken den som har den eller "
        "telefonkontakten har någon e-postadress.",
        en="Nobody is told of messages in mailbox {mailbox}: neither whose it is nor a telephone contact has a mail "
        "address.",
        do_sv="Ange en adress för röstbrevlådan (mailbox.email) eller för personen (person.email).",
        do_en="Set an address for the mailbox (mailbox.email) or for the person (person.email).",
    ),
    "mobile_number_missing": Wording(
        sv="Anknytningen ska ringa i en mobil men har inget mobilnummer.",
        en="The extension is to ring a mobile but has no mobile number.",
        do_sv="Ange mobilnumret (extension.mobile_number), eller ändra extension.kind.",
        do_en="Set the mobile number (extension.mobile_number), or change extension.kind.",
    ),
    "mobile_number_barred": Wording(
        sv="Anknytningens mobilnummer {number} är spärrat ({category}) och ringer aldrig.",
        en="The extension's mobile number {number} is barred ({category}) and never rings.",
        do_sv="Ange ett mobilnummer som får ringas, eller ta bort spärren.",
        do_en="Set a mobile number that may be called, or take the barring away.",
    ),
    "extension_without_phone": Wording(
        sv="Anknytningen har ingen telefon.",
        en="The extension has no phone.",
        do_sv="Ange ett SIP-konto (extension.sip_username), vidarekoppla alla samtal, eller ta bort anknytningen.",
        do_en="Set a SIP account (extension.sip_username), divert all calls, or delete the extension.",
    ),
}
