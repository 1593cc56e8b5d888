"""What `callflow run` says, in Swedish and English."""

from dataclasses import dataclass

OUTSIDER = "+46701740605"
EVENING = "2026-03-10 20:00"
DAYTIME = "2026-03-10 10:00"


@dataclass(frozen=True, slots=True)
class ToDial:
    """One thing to try: what to dial on a softphone, what it shows, and arguments of `callflow call` for the same."""

    number: str
    sv: str
    en: str
    arguments: str


def _from_outside(number: str, more: str = "") -> str:
    return f"--from {OUTSIDER} --to {number} {more}".strip()


TO_DIAL = (
    ToDial(
        "61100",
        "R8: ingen svarar, röstbrevlådan efter 4 signaler",
        "R8: nobody answers, voicemail after 4 rings",
        _from_outside("+4690161100"),
    ),
    ToDial(
        "61101",
        "R9: bordstelefon och mobil ringer; mobilen bekräftar med 1",
        "R9: desk phone and mobile ring; the mobile confirms with 1",
        _from_outside("+4690161101"),
    ),
    ToDial(
        "61102",
        "R9: bara mobil; den som svarar trycker 1",
        "R9: mobile only; the one who answers presses 1",
        _from_outside("+4690161102"),
    ),
    ToDial(
        "61103",
        "R9: inget svar på 2 signaler, vidare till 61104",
        "R9: no answer in 2 rings, on to 61104",
        _from_outside("+4690161103"),
    ),
    ToDial(
        "61105",
        "R9: alla samtal vidarekopplade till 61100",
        "R9: all calls diverted to 61100",
        _from_outside("+4690161105"),
    ),
    ToDial(
        "61107",
        "R9: onåbar, vidare till Bygglov",
        "R9: not reachable, on to Building permits",
        _from_outside("+4690161107", "--no-phones"),
    ),
    ToDial(
        "61108",
        "R8: utan röstbrevlåda: besked och enhetens svarsställe",
        "R8: no voicemail: words and the unit's answering place",
        _from_outside("+4690161108", f'--at "{DAYTIME}"'),
    ),
    ToDial(
        "61113",
        "R10: på semester: varför, till när, och val att gå vidare",
        "R10: on holiday: why, until when, and a choice how to go on",
        _from_outside("+4690161113"),
    ),
    ToDial(
        "61200",
        "R4, R6: Bygglov; telefontid 9–11.30 och 13–15",
        "R4, R6: Building permits; telephone hours 9–11.30 and 13–15",
        _from_outside("+4690161200", f'--at "{DAYTIME}"'),
    ),
    ToDial(
        "61200",
        "R6, R7: på kvällen: tiderna läses upp, 1 är brådskande",
        "R6, R7: in the evening: the hours are spoken, 1 is urgent",
        _from_outside("+4690161200", f'--at "{EVENING}" --press 1'),
    ),
    ToDial(
        "61200",
        "R6: på kvällen, från en kollega: ringer som vanligt",
        "R6: in the evening, from a colleague: rings as usual",
        f'--from 61100 --to 61200 --at "{EVENING}"',
    ),
    ToDial(
        "61500",
        "R4: ingen på första svarsstället, vidare till nästa",
        "R4: nobody at the first answering place, on to the next",
        _from_outside("+4690161500", f'--at "{DAYTIME}"'),
    ),
    ToDial(
        "61000",
        "R1: Umeås växel: hälsning och telefonister",
        "R1: Umeå's switchboard: greeting and operators",
        _from_outside("+4690161000", f'--at "{DAYTIME}"'),
    ),
    ToDial(
        "61000",
        "R7: växeln på kvällen: besked och jour",
        "R7: the switchboard in the evening: message and duty",
        _from_outside("+4690161000", f'--at "{EVENING}" --press 1'),
    ),
    ToDial("112", "R23: nödsamtal från varje telefon", "R23: emergency call from any phone", "--from 61100 --to 112"),
    ToDial(
        "*112", "R23: prova vägen till 112 utan att ringa", "R23: test the way to 112", "--from 61100 --to '*112'"
    ),
)

SOFTPHONES = ("61001", "61100", "61104", "61201", "61005")

TEXTS = {
    "sv": {
        "ready": "Callflow körs. Ctrl-C avslutar allt som startades här.",
        "asterisk": "Asterisk (SIP)",
        "trunk": "Trunkens provmotpart",
        "service": "callflow serve",
        "database": "Databas (exempelregionen)",
        "database_of": "adress i {path}",
        "mail": "Mejl sparas i",
        "home": "Allt ligger i",
        "accounts": "Konton för en SIP-telefon (server {server}, UDP):",
        "dial": "Ring och se reglerna (eller kör kommandot i ett annat fönster):",
        "calls": "Samtal, ett per rad:",
        "out": "ut på trunken till {called}, visar {shown}",
        "hidden": "inget nummer",
        "mail_line": "mejl till {to}: {subject}{attached}",
        "attached": " (med inspelning)",
        "stopping": "Avslutar …",
        "stopped": "Allt är avslutat.",
    },
    "en": {
        "ready": "Callflow runs. Ctrl-C ends everything that was started here.",
        "asterisk": "Asterisk (SIP)",
        "trunk": "The trunk's test peer",
        "service": "callflow serve",
        "database": "Database (sample region)",
        "database_of": "its URL is in {path}",
        "mail": "Mail is kept in",
        "home": "Everything is in",
        "accounts": "Accounts for a SIP phone (server {server}, UDP):",
        "dial": "Dial and see the rules (or run the command in another window):",
        "calls": "Calls, one a line:",
        "out": "out on the trunk to {called}, shows {shown}",
        "hidden": "no number",
        "mail_line": "mail to {to}: {subject}{attached}",
        "attached": " (with recording)",
        "stopping": "Stopping …",
        "stopped": "Everything has stopped.",
    },
}


def texts(language: str) -> dict[str, str]:
    """Return the texts of a language, Swedish for one that we have not."""
    return TEXTS.get(language, TEXTS["sv"])
