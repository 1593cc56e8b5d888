"""A lost phone locked from another phone (R21): `*29*extension*PIN#`, or as it is called there.

The PIN is compared where the change is stored: the policy has none. It stands in nothing that is kept or written.
"""

import re
from dataclasses import replace
from urllib.parse import unquote

from callflow.policy.builder import Node
from callflow.policy.decision import Call, LockChange
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.feature_words import extension_dialled, sorry, told
from callflow.policy.model import Extension, Policy
from callflow.policy.route import Route
from callflow.policy.spoken import prompt

HIDDEN = "…"
"""What stands for all that was dialled after a code that takes a PIN: the PIN may stand anywhere in it."""
_DIALLED = re.compile(r"([0-9+]+)\*([0-9]+)")
_NO_KEY = re.compile(r"[^0-9*#+]")
_ANY_CODE = re.compile(r"^([*#]++[0-9]*+[*#]?+).+")


def lock_lost(route: Route, caller: Extension, rest: str) -> tuple[Node, LockChange]:
    """Return the first step of the plan that tells that the phone is locked, and the change that locks it.

    Also what cannot be an extension with its PIN is a change, which is refused as any other: in the same words, after
    the same time.
    """
    dialled = _DIALLED.fullmatch(rest)
    lost = extension_dialled(route.policy, dialled[1]) if dialled is not None else None
    if lost is None:
        route.note("R21", False, "lock_of_nobody", extension=caller.number)
    else:
        route.note("R21", True, "lock_asked", extension=caller.number, lost=lost.number)
    change = LockChange(
        extension_id=lost.id if lost is not None else None,
        pin=dialled[2] if dialled is not None else "",
        if_refused=sorry(route, "lock-refused"),
        if_not_saved=sorry(route, "change-not-saved"),
        if_not_known=sorry(route, "change-not-known"),
    )
    return told(route, lost or caller, (prompt("phone-is-locked-now"),)), change


def without_pin(call: Call, policy: Policy) -> Call:
    """Return a call as it may be kept and shown."""
    shown = hide_pin(call.called_number, policy)
    return call if shown == call.called_number else replace(call, called_number=shown)


def hide_pin(dialled: str, policy: Policy) -> str:
    """Return what was dialled without all that follows a code that takes a PIN, wherever the code stands."""
    keys = _keys(dialled)
    if "*" not in keys:
        return dialled
    codes = [row.code for row in policy.feature_codes.values() if row.action == FeatureAction.LOCK_LOST]
    ends = [at + len(code) for code in codes if (at := keys.find(code)) >= 0]
    if ends:
        return keys[: min(ends)] + HIDDEN
    return hide_every_code(dialled) if _may_be_mistyped(keys, policy) else dialled


def _may_be_mistyped(keys: str, policy: Policy) -> bool:
    """Tell whether this may be a code with a PIN that was mistyped: none that is known, or listening to voicemail."""
    fitting = [row for row in policy.feature_codes.values() if keys.startswith(row.code)]
    if not fitting:
        return keys.startswith(("*", "#"))
    longest = max(fitting, key=lambda row: len(row.code))
    return longest.action == FeatureAction.VOICEMAIL_OF_ANOTHER and "*" in keys[len(longest.code) :]


def hide_every_code(dialled: str) -> str:
    """Return what was dialled without all that follows a code's first digits: for when nobody knows the codes."""
    keys = _keys(dialled)
    return _ANY_CODE.sub(rf"\1{HIDDEN}", keys) if keys.startswith(("*", "#")) else dialled


def _keys(dialled: str) -> str:
    """Return the keys that were pressed, also of what nobody can read (`bare` would leave nothing of it)."""
    return _NO_KEY.sub("", unquote(dialled))
