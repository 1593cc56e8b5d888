"""What starting a region says, in Swedish and English."""

_TEXTS = {
    "sv": {
        "postgres": "Startar PostgreSQL …",
        "sample": "Läste in exempelregionen.",
        "asterisk": "Startar Asterisk …",
        "serve": "Startar callflow serve …",
        "running": "Callflow körs redan i {home}, pid {pid}. Avsluta det först (Ctrl-C där, eller `kill {pid}`), "
        "eller sätt CALLFLOW_HOME till en annan mapp och andra portar.",
        "disk_full": "På disken för {home} är {free} MB lediga, men {needed} MB behövs. Frigör utrymme, eller sätt "
        "CALLFLOW_HOME till en mapp på en annan disk.",
        "home": "Mappen {home} kan inte användas: {error}. Se till att den är din, eller sätt CALLFLOW_HOME till en "
        "mapp som är det.",
        "ended": "{name} slutade av sig självt. Det sade sist:\n{said}\n({log})",
        "not_ready": "callflow serve var inte redo efter {seconds:.0f} s ({url}). Det sade sist:\n{said}",
    },
    "en": {
        "postgres": "Starting PostgreSQL …",
        "sample": "Loaded the sample region.",
        "asterisk": "Starting Asterisk …",
        "serve": "Starting callflow serve …",
        "running": "Callflow already runs in {home}, pid {pid}. Stop it first (Ctrl-C there, or `kill {pid}`), or "
        "set CALLFLOW_HOME to another folder and other ports.",
        "disk_full": "The disk of {home} has {free} MB free, but {needed} MB are needed. Free some space, or set "
        "CALLFLOW_HOME to a folder on another disk.",
        "home": "The folder {home} cannot be used: {error}. See that it is yours, or set CALLFLOW_HOME to a folder "
        "that is.",
        "ended": "{name} ended by itself. It said last:\n{said}\n({log})",
        "not_ready": "callflow serve was not ready after {seconds:.0f} s ({url}). It said last:\n{said}",
    },
}


def region_texts(language: str) -> dict[str, str]:
    """Return the texts of a language, Swedish for one that we have not."""
    return _TEXTS.get(language, _TEXTS["sv"])
