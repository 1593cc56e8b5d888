"""Listening to voicemail by feature code, one's own or from another's phone (R11)."""

from typing import Any

import pytest

from callflow.policy.decision import Decision, Outcome
from callflow.policy.explain import as_json, as_text
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Policy
from tests.builders import TUESDAY_TEN, decided, extension, internal, mailbox, policy, reasons, way

CODES = {"*98#": "voicemail", "*98*": "voicemail_of_another"}
GOODBYE = ["say [goodbye]", "hangup normal"]


def town(**tables: Any) -> Policy:
    """Return a policy in which extension 1 has voicemail and 2 has none."""
    defaults: dict[str, Any] = {
        "extensions": [extension(1, mailbox_id=1), extension(2)],
        "mailboxes": [mailbox(1)],
        "feature_codes": [
            FeatureCode(id=row_id, organisation_id=1, code=code, action=action)
            for row_id, (code, action) in enumerate(CODES.items())
        ],
    }
    return policy(**{**defaults, **tables})


def dial(code: str, caller: int, rows: Policy | None = None) -> Decision:
    decision = decided(rows or town(), internal(code, caller))
    assert decision.outcome is Outcome.FEATURE_CODE
    assert decision.change is None
    return decision


@pytest.mark.parametrize(("code", "caller"), [("*98#", 1), ("*98*61001#", 2), ("*98*090161001#", 2)])
def test_messages_are_listened_to_from_the_own_phone_and_from_another(code: str, caller: int) -> None:
    decision = dial(code, caller)
    assert way(decision) == ["voicemail 70001 listen", *GOODBYE]
    assert reasons(decision, "R11") == ["voicemail_heard"]


@pytest.mark.parametrize(
    ("code", "why", "heard"),
    [
        ("*98#", "no_voicemail_to_hear", "no-voicemail"),
        ("*98*61002#", "no_voicemail_to_hear", "no-voicemail"),
        ("*98*61009#", "no_such_extension", "no-such-extension"),
        ("*98*#", "no_such_extension", "no-such-extension"),
    ],
)
def test_where_there_is_no_voicemail_the_caller_hears_so(code: str, why: str, heard: str) -> None:
    decision = dial(code, 2)
    assert way(decision) == [f"say [{heard}]", *GOODBYE]
    assert reasons(decision, "R11") == [why]


def test_voicemail_that_is_missing_from_the_policy_is_none() -> None:
    assert way(dial("*98#", 1, town(mailboxes=[]))) == ["say [no-voicemail]", *GOODBYE]


def test_explanation_tells_that_it_is_listened_to() -> None:
    decision = dial("*98#", 1)
    assert "röstbrevlåda 70001 (avlyssning)" in as_text(decision, "sv")
    assert "voicemail 70001 (listening)" in as_text(decision, "en")
    shown = as_json(decision, internal("*98#", 1), TUESDAY_TEN)["steps"]
    assert isinstance(shown, list)
    assert shown[0] == {
        "step": 0, "verb": "voicemail", "mailbox": "70001", "urgent": False, "listen": True, "next_step": 1
    }  # fmt: skip
