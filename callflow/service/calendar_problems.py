"""What can be wrong with a calendar, in words; never with anything that stands in it or in its address."""

from callflow.errors import CallflowError

WORDS = {
    "address": ("adressen går inte att använda", "the address cannot be used"),
    "this_machine": (
        "adressen leder till den här datorn eller dess länk, vilket CALLFLOW_CALENDAR_LOCAL inte tillåter",
        "the address leads to this machine or its link, which CALLFLOW_CALENDAR_LOCAL does not allow",
    ),
    "unknown_host": ("serverns namn finns inte i DNS", "the server's name is not in DNS"),
    "no_connection": ("servern går inte att nå: {detail}", "the server cannot be reached: {detail}"),
    "certificate": (
        "ingen säker förbindelse: serverns certifikat gäller inte, eller så har den inget",
        "no secure connection: the server's certificate is not valid, or it has none",
    ),
    "too_slow": ("servern svarade inte i tid", "the server did not answer in time"),
    "cut_off": ("svaret bröts av", "the answer was cut off"),
    "not_http": ("svaret följer inte HTTP", "the answer is not HTTP"),
    "status": ("servern svarade {detail}", "the server answered {detail}"),
    "redirects": ("servern hänvisar runt eller till en adress som inte går", "the server redirects to no avail"),
    "compressed": ("svaret är packat, trots att det inte fick vara det", "the answer is compressed in spite of us"),
    "too_large": ("kalendern är större än {detail} MB", "the calendar is larger than {detail} MB"),
    "no_calendar": ("svaret är ingen hel kalender", "the answer is no whole calendar"),
    "too_much": ("kalendern tar för mycket att räkna ut", "the calendar takes too much to work out"),
    "too_many": ("kalendern har fler än {detail} händelser", "the calendar has more than {detail} events"),
    "unreadable_events": (
        "{detail} händelser i kalendern går inte att läsa, resten gäller",
        "{detail} events of the calendar cannot be read, the rest counts",
    ),
    "ours": ("ett fel hos oss; loggen visar vilket", "an error of ours; the log tells which"),
}
"""Each problem in Swedish and English; `{detail}` is a number or the system's own words."""


class CalendarProblemError(CallflowError):
    """A calendar that could not be read; `problem` is a word of `WORDS`, with its detail after a colon."""

    code = "calendar_problem"

    def __init__(self, word: str, detail: object = "") -> None:
        """Take what is wrong by its word."""
        self.problem = f"{word}:{detail}" if detail != "" else word
        super().__init__(problem_words(self.problem, "en"))


def problem_words(problem: str, language: str) -> str:
    """Return a problem in words (`sv`; any other language has the English ones)."""
    word, _, detail = problem.partition(":")
    swedish, english = WORDS.get(word, (word, word))
    return (swedish if language == "sv" else english).format(detail=detail)
