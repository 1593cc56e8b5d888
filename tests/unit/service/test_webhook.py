"""A signed webhook: what is sent, and what each answer means; against real receivers on loopback."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from callflow.service import webhook
from callflow.service.outbox import Answer, Fate, Order, Recipient
from callflow.service.webhook import LONGEST_RECEIPT, body_of, headers_of, post, printable, signature
from tests.fakes.ports import port_of
from tests.fakes.receiver import Receiver, verified

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ORDER = Order(
    id=1,
    key="8a1f5e4c-0000-4000-8000-000000000001",
    kind="lock_subscription",
    data={"mobile_number": "+46701740610", "holder": "Åsa Öberg"},
    created_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    attempts=0,
    recipient=Recipient(name="Operatören", url="http://127.0.0.1:1/", secret=SECRET),
)


def to(url: str) -> Order:
    return replace(ORDER, recipient=replace(ORDER.recipient, url=url))


@asynccontextmanager
async def answering(**values: object) -> AsyncIterator[Receiver]:
    async with Receiver(secret=SECRET, **values).running() as receiver:  # type: ignore[arg-type]
        yield receiver


def test_signature_is_that_of_the_specifications_own_example() -> None:
    told = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_body_and_headers_tell_the_order_and_its_key() -> None:
    body = body_of(ORDER)
    assert json.loads(body) == {
        "type": "lock_subscription",
        "timestamp": "2026-11-24T09:00:00+00:00",
        "data": {"mobile_number": "+46701740610", "holder": "Åsa Öberg"},
    }
    headers = headers_of(ORDER, body, ORDER.created_at)
    assert headers["webhook-id"] == ORDER.key
    assert headers["webhook-timestamp"] == "1795510800"
    assert verified(headers, body, SECRET)
    assert not verified(headers, body + b" ", SECRET)


def test_nothing_shown_of_an_order_has_its_secret_or_its_people() -> None:
    assert SECRET not in repr(ORDER)
    assert "Öberg" not in repr(ORDER)
    assert "http" not in repr(ORDER)


async def test_order_is_delivered_with_its_receipt() -> None:
    async with answering(body="Ärende 4711\r\n\0 mottaget") as receiver:
        assert await post(to(receiver.url)) == Answer(Fate.DELIVERED, "200 Ärende 4711 mottaget", "200")
    assert [key for key, _ in receiver.taken] == [ORDER.key]
    assert receiver.forged == 0


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (201, Fate.DELIVERED),
        (204, Fate.DELIVERED),
        (400, Fate.REFUSED),
        (401, Fate.REFUSED),
        (404, Fate.REFUSED),
        (410, Fate.REFUSED),
        (408, Fate.LATER),
        (425, Fate.LATER),
        (429, Fate.LATER),
        (500, Fate.LATER),
        (503, Fate.LATER),
    ],
)
async def test_each_answer_means_what_http_says(status: int, fate: Fate) -> None:
    async with answering(status=status) as receiver:
        answer = await post(to(receiver.url))
    assert answer.fate is fate
    assert answer.said.startswith(str(status))
    assert answer.brief == str(status)


async def test_redirect_is_not_followed() -> None:
    async with answering() as real, answering(status=307, location=real.url) as first:
        answer = await post(to(first.url))
    assert answer.fate is Fate.LATER
    assert "redirect" in answer.said
    assert (len(first.taken), real.taken) == (1, [])


async def test_long_receipt_is_cut() -> None:
    async with answering(body="å" * 5000) as receiver:
        answer = await post(to(receiver.url))
    assert answer.fate is Fate.DELIVERED
    assert len(answer.said) <= LONGEST_RECEIPT


async def test_receiver_that_is_down_or_cannot_be_found_is_tried_later() -> None:
    for url in ("http://127.0.0.1:1/", "http://no-such-host.invalid/", "http://127.0.0.1:99999/"):
        answer = await post(to(url))
        assert answer.fate is Fate.LATER
        assert answer.said


async def test_slow_receiver_is_given_up_and_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "REQUEST_SECONDS", 0.05)
    async with answering(stuck=True) as receiver:
        answer = await post(to(receiver.url))
    assert (answer.fate, answer.said) == (Fate.LATER, "no answer within 0.05 s")


async def test_order_is_delivered_though_its_receipt_breaks_off() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    app = web.Application()
    app.router.add_post("/", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    answer = await post(to(f"http://127.0.0.1:{port_of(runner)}/"))
    await runner.cleanup()
    assert answer.fate is Fate.DELIVERED


def test_text_of_somebody_else_is_shown_as_one_harmless_line() -> None:
    assert printable("a\x1b[31m b\u2028c\0\td") == "a [31m b c d"
