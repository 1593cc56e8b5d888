"""Whether the running Asterisk's trunk keeps a suppressed number to itself (R17): its settings, asked for.

They are rendered by us (asterisk-conf/pjsip.conf); what runs may still be another file, an older one, or one that
somebody changed by hand.
"""

from collections.abc import Iterator, Mapping

TRUNK_MUST = {
    "from_user": ("", "it wins over privacy in From"),
    "callerid": ("<unknown>", "it would stand in place of the caller's"),
    "trust_id_outbound": ("no", "a suppressed number would be sent in P-Asserted-Identity"),
    "send_rpid": ("no", "Remote-Party-ID is read by nobody who keeps its privacy"),
    "send_diversion": ("no", "Diversion is sent with no look at presentation"),
    "send_history_info": ("no", "History-Info is sent with no look at presentation"),
    "send_connected_line": ("no", "the number of the one who answers would be sent"),
    "allow_transfer": ("no", "the network would move calls of ours"),
    "stir_shaken": ("no", "Identity holds the number whatever its presentation"),
}
"""Setting of the endpoint `trunk`: what it must be, and what it would reveal or allow otherwise."""

_NO = {"false": "no", "0": "no"}
"""Asterisk tells some of its switches by other words."""

GLOBAL_MUST = {"use_callerid_contact": ("no", "the number would be sent in Contact")}


def wrong_settings(trunk: Mapping[str, str], everywhere: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong in the trunk's endpoint and in the global settings, in words; empty when nothing is.

    A setting that Asterisk does not tell counts as wrong: nobody knows what it does.
    """
    return (*_wrong("trunk", TRUNK_MUST, trunk), *_wrong("global", GLOBAL_MUST, everywhere))


def _wrong(where: str, must: Mapping[str, tuple[str, str]], found: Mapping[str, str]) -> Iterator[str]:
    for name, (wanted, why) in must.items():
        value = found.get(name)
        if _NO.get(str(value), value) != wanted:
            told = "not told" if value is None else repr(value)
            yield f"pjsip {where}: {name} is {told} and must be {wanted!r}: {why}"
