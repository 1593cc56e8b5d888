"""Listening to voicemail by feature code (R11): `*98#` to one's own, `*98*extension#` from any phone of ours."""

from callflow.policy.builder import Node
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.feature_words import extension_dialled, told
from callflow.policy.model import Extension
from callflow.policy.route import Route
from callflow.policy.routing import goodbye
from callflow.policy.spoken import prompt

ACTIONS = frozenset((FeatureAction.VOICEMAIL, FeatureAction.VOICEMAIL_OF_ANOTHER))


def listen(route: Route, caller: Extension, action: FeatureAction, rest: str) -> Node:
    """Return the step that asks for the mailbox's PIN and plays its messages, or tells that there is none."""
    owner = caller if action is FeatureAction.VOICEMAIL else extension_dialled(route.policy, rest)
    if owner is None:
        route.note("R11", False, "no_such_extension", extension=caller.number, number=rest.partition("*")[0])
        return told(route, caller, (prompt("no-such-extension"),))
    mailbox = route.policy.mailboxes.get(owner.mailbox_id or 0)
    if mailbox is None:
        route.note("R11", False, "no_voicemail_to_hear", extension=owner.number)
        return told(route, caller, (prompt("no-voicemail"),))
    route.note("R11", True, "voicemail_heard", extension=caller.number, mailbox=mailbox.number)
    return route.builder.voicemail(mailbox.number, goodbye(route), listen=True)
