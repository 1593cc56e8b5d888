"""What the policy database refuses of lost phones and of orders to others (R21)."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases

RECIPIENT = "INSERT INTO outbox_recipient (organisation_id, kind, name, webhook_url, secret) VALUES "
URL, SECRET = "'https://operator.example/orders'", "'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'"
ORDER = "UPDATE extension SET locked = true WHERE id = 1; UPDATE outbox_order SET "
TWICE = f"{RECIPIENT}(NULL, NULL, 'A', {URL}, {SECRET}), (NULL, NULL, 'B', {URL}, {SECRET})"

REFUSALS = [
    Refusal(
        "UPDATE extension SET locked = true WHERE id = 1; SET LOCAL callflow.actor = 'phone:+4690161002';"
        "UPDATE extension SET locked = false WHERE id = 1",
        "extension_locked_by_phone",
        "driftorganisationen",
    ),
    Refusal("INSERT INTO feature_code (organisation_id, code, action) VALUES (1, '*29#', 'lock_lost')",
            "feature_code_code_ending", "måste sluta med *", net=True),
    Refusal(f"{RECIPIENT}(1, 'gossip', 'A', {URL}, {SECRET})", "outbox_recipient_kind_known", "Välj", net=True),
    Refusal(f"{RECIPIENT}(1, NULL, '', {URL}, {SECRET})", "outbox_recipient_name_text", "rad text", net=True),
    Refusal(f"{RECIPIENT}(1, NULL, NULL, {URL}, {SECRET})", "outbox_recipient_name_required", "ifylld"),
    Refusal(f"{RECIPIENT}(1, NULL, 'A', NULL, {SECRET})", "outbox_recipient_webhook_url_required", "ifylld"),
    Refusal(f"{RECIPIENT}(404, NULL, 'A', {URL}, {SECRET})", "outbox_recipient_organisation_id_exists", "finns inte"),
    Refusal(TWICE, "outbox_recipient_once", "Ändra den raden", net=True),
    Refusal(f"{ORDER}state = 'lost'", "outbox_order_state_known", "Välj", net=False),
    Refusal(f"{ORDER}data = '{{}}'", "outbox_order_kept", "i efterhand"),
    Refusal(f"{ORDER}kind = 'lock_subscription'", "outbox_order_kept", "redan ha den"),
    *(
        Refusal(
            f"{RECIPIENT}(1, NULL, 'A', '{url}', {SECRET})", "outbox_recipient_webhook_url_form", "https", net=True
        )
        for url in (
            "http://operator.example/", "ftp://operator.example/", "https://", "https://user:pass@operator.example/",
            "https://operator.example/a b", "http://127.0.0.1.operator.example/", "operator.example",
        )
    ),
    *(
        Refusal(f"{RECIPIENT}(1, NULL, 'A', {URL}, '{secret}')", "outbox_recipient_secret_form", "slumpad", net=True)
        for secret in ("secret", "whsec_", "whsec_c2hvcnQ=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")
    ),
]  # fmt: skip


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)
