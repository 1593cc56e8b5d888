"""What `callflow call` says, in Swedish and English."""

TEXTS = {
    "sv": {
        "calls": "ringer {number} från {caller}",
        "ring": "ringsignal {number}",
        "say": "hör: ”{text}”",
        "menu": "hör: ”{text}” (val: {digits})",
        "dial": "nu ringer det hos {who}, högst {rings} signaler",
        "voicemail": "röstbrevlåda {mailbox}: uppmaning och pip; ett meddelande talas in",
        "urgent": "brådskande meddelande i brevlåda {mailbox}: uppmaning och pip; ett meddelande talas in",
        "listen": "röstbrevlåda {mailbox}: frågar efter PIN och läser upp meddelanden",
        "hangup": "samtalet avslutas",
        "presses": "trycker {digits}",
        "answered": "samtalet är besvarat",
        "answered_by": "svar från {who}",
        "emergency": "nödsamtalet gick ut på trunken och visar {number} ({status})",
        "emergency_test": "bara prov, inget nödsamtal ringdes; ett nödsamtal skulle visa {number}",
        "fallback": "ingen tjänst svarade ({reason}): Asterisk går efter sitt nät",
        "ended": "slut: {code} {reason}{cause}",
        "hangs_up": "lägger på",
        "unused": "Siffrorna {digits} trycktes aldrig: inget mer val kom.",
        "no_steps": "Systemet är inte startat för prov eller svarar inte på AMI: bara det som telefonen ser visas.",
        "at_refused": "--at fungerar bara på ett system som är startat för prov (callflow run, eller "
        "CALLFLOW_TRYOUT=true för callflow serve). Det här är det inte.",
        "bad_time": "”{text}” är ingen tid; skriv till exempel 2026-03-10 20:00 eller 2026-03-10T20:00:00+01:00.",
        "bad_digits": "”{text}” går inte att trycka; skriv 0-9, * och #, och ett komma för varje sekunds väntan.",
        "no_phone": "{number} har ingen telefon som kan svara: det är en ren mobilanknytning.",
        "no_answer": "Ingen Asterisk svarar på {address}. Starta systemet med `callflow run` (make run).",
        "decision": "Beslutet, ur samma funktion:",
        "stand_in": "Inbyggda telefoner ringer för dem som ingen har inkopplad: {names} (--answer NUMMER svarar)",
        "and": " och ",
    },
    "en": {
        "calls": "calls {number} from {caller}",
        "ring": "ring {number}",
        "say": "hears: “{text}”",
        "menu": "hears: “{text}” (choices: {digits})",
        "dial": "now it rings at {who}, at most {rings} rings",
        "voicemail": "voicemail {mailbox}: invitation and beep; a message is spoken",
        "urgent": "urgent message in mailbox {mailbox}: invitation and beep; a message is spoken",
        "listen": "voicemail {mailbox}: asks for the PIN and plays the messages",
        "hangup": "the call is ended",
        "presses": "presses {digits}",
        "answered": "the call is answered",
        "answered_by": "answer from {who}",
        "emergency": "the emergency call went out on the trunk and shows {number} ({status})",
        "emergency_test": "only a test, no emergency call was made; one would show {number}",
        "fallback": "no service answered ({reason}): Asterisk goes by its net",
        "ended": "end: {code} {reason}{cause}",
        "hangs_up": "hangs up",
        "unused": "The digits {digits} were never pressed: no more choice came.",
        "no_steps": "The system was not started for trying out, or its AMI does not answer: only what the phone sees "
        "is shown.",
        "at_refused": "--at works only on a system started for trying out (callflow run, or CALLFLOW_TRYOUT=true for "
        "callflow serve). This one was not.",
        "bad_time": "“{text}” is no time; write for instance 2026-03-10 20:00 or 2026-03-10T20:00:00+01:00.",
        "bad_digits": "“{text}” cannot be pressed; write 0-9, * and #, and a comma for each second to wait.",
        "no_phone": "{number} has no phone that could answer: it is a mobile alone.",
        "no_answer": "No Asterisk answers at {address}. Start the system with `callflow run` (make run).",
        "decision": "The decision, from the same function:",
        "stand_in": "Built-in phones ring for those without one: {names} (--answer NUMBER takes the call)",
        "and": " and ",
    },
}


def texts(language: str) -> dict[str, str]:
    """Return the texts of a language, Swedish for one that we have not."""
    return TEXTS.get(language, TEXTS["sv"])
