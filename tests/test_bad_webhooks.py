"""Stripe's webhook as strangers, proxies and broken clocks use it: a typed 400, and nothing is kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.raw_http import RawAnswer, RawHttp
from tests.patience import BUSY_S
from tests.postgres import PrivatePostgres
from tests.running import Process, serving
from tests.unharmed import abused, asked, unharmed
from tracker.local_postgres import PostgresServer
from tracker.stand_ins import StandIns, running_stand_ins
from tracker.stand_ins.stripe.webhooks import WEBHOOK_SECRET, sign

PATH = "/webhooks/stripe"


@pytest.fixture(scope="module")
def stripe() -> Iterator[StandIns]:
    with running_stand_ins() as running:
        yield running


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str, stripe: StandIns) -> Iterator[Process]:
    with abused(postgres, template_database, **stripe.env()) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def event(event_id: str = "evt_1", **changed: Any) -> dict[str, Any]:
    """An event that says nothing to us, so that it is kept and not acted on."""
    return {
        "id": event_id,
        "object": "event",
        "type": "account.updated",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": "acct_1", "object": "account"}},
        **changed,
    }


def body_of(thing: object) -> bytes:
    """As Stripe writes it."""
    return json.dumps(thing, indent=2).encode()


def post(web: Process, body: bytes, *signatures: bytes, coding: str | None = None) -> RawAnswer:
    """One delivery with any number of signature headers, as they are."""
    connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        connection.putrequest("POST", PATH)
        connection.putheader("Content-Type", "application/json; charset=utf-8")
        connection.putheader("Content-Length", str(len(body)))
        for signature in signatures:
            connection.putheader("Stripe-Signature", signature)
        if coding is not None:
            connection.putheader("Content-Encoding", coding)
        connection.endheaders(body)
        response = connection.getresponse()
        return RawAnswer(
            response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
        )
    finally:
        connection.close()


def kept(web: Process) -> int:
    """How many events are stored."""
    return int(asked(web, "SELECT count(*) FROM external_events"))


def _hex(body: bytes, at: int, secret: str = WEBHOOK_SECRET) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


# What a header may be instead of t=<now>,v1=<the right one>: (now, the right hex) → the header as bytes.
BAD_SIGNATURES: dict[str, Callable[[int, str], bytes]] = {
    "empty": lambda _at, _right: b"",
    "a space": lambda _at, _right: b" ",
    "a word": lambda _at, _right: b"nonsense",
    "only commas": lambda _at, _right: b",,,,",
    "no time": lambda _at, right: f"v1={right}".encode(),
    "no signature": lambda at, _right: f"t={at}".encode(),
    "an empty signature": lambda at, _right: f"t={at},v1=".encode(),
    "an empty time": lambda _at, right: f"t=,v1={right}".encode(),
    "another signature": lambda at, right: f"t={at},v1={right[::-1]}".encode(),
    "a short signature": lambda at, right: f"t={at},v1={right[:-1]}".encode(),
    "a long signature": lambda at, right: f"t={at},v1={right}0".encode(),
    "capital letters": lambda at, right: f"t={at},v1={right.upper().replace('0', 'A')}".encode(),
    "the test scheme": lambda at, right: f"t={at},v0={right}".encode(),
    "a scheme of the future": lambda at, right: f"t={at},v2={right}".encode(),
    "seventeen signatures": lambda at, right: (f"t={at}" + f",v1={right}" * 17).encode(),
    "ten thousand signatures": lambda at, _right: (f"t={at}" + ",v1=aa" * 10_000).encode(),
    "two times": lambda at, right: f"t={at},t={at},v1={right}".encode(),
    "another time": lambda at, right: f"t={at - 1},v1={right}".encode(),
    "a time in words": lambda _at, right: f"t=now,v1={right}".encode(),
    "a negative time": lambda at, right: f"t=-{at},v1={right}".encode(),
    "a time with a sign": lambda at, right: f"t=+{at},v1={right}".encode(),
    "a time with a fraction": lambda at, right: f"t={at}.0,v1={right}".encode(),
    "a time in hexadecimal": lambda at, right: f"t={at:#x},v1={right}".encode(),
    "a time of 5000 digits": lambda _at, right: f"t={'9' * 5000},v1={right}".encode(),
    "a time with an underscore": lambda at, right: f"t={at:_},v1={right}".encode(),
    "Arabic digits": lambda at, right: f"t={at},v1={right}".translate(
        {ord("0") + n: 0x660 + n for n in range(10)}
    ).encode(),
    "letters outside ASCII": lambda at, right: f"t={at},v1={right[:-1]}é".encode(),
    "bytes that are no UTF-8": lambda at, right: f"t={at},v1={right}".encode() + b"\xff\xfe",
    "spaces between": lambda at, right: f"t={at}, v1={right}".encode(),
    "semicolons": lambda at, right: f"t={at};v1={right}".encode(),
    "quotes": lambda at, right: f't="{at}",v1="{right}"'.encode(),
    "two equals signs": lambda at, right: f"t=={at},v1=={right}".encode(),
    "capital keys": lambda at, right: f"T={at},V1={right}".encode(),
    "JSON": lambda at, right: json.dumps({"t": at, "v1": right}).encode(),
    "a bearer token": lambda _at, right: f"Bearer {right}".encode(),
    "SQL": lambda _at, _right: b"t=1,v1='; DROP TABLE external_events; --",
}


def test_a_signature_that_is_not_ours_is_refused_and_nothing_is_kept(web: Process) -> None:
    assert len(BAD_SIGNATURES) >= 30
    before, body = kept(web), body_of(event())
    for what, header in BAD_SIGNATURES.items():
        at = int(time.time())
        answer = post(web, body, header(at, _hex(body, at)))
        assert (answer.status, answer.json()["code"]) == (400, "bad_signature"), what
        assert not answer.flaw(), what
    good = sign(body, WEBHOOK_SECRET).encode()
    for signatures in ((), (good, good), (good, b"x")):
        assert post(web, body, *signatures).json()["code"] == "bad_signature"
    assert kept(web) == before


def test_a_signature_of_another_secret_body_or_time_is_refused(web: Process) -> None:
    before, body, now = kept(web), body_of(event()), time.time()
    for what, signature in {
        "another secret": sign(body, "whsec_another"),
        "an empty secret": sign(body, ""),
        "another body": sign(body + b" ", WEBHOOK_SECRET),
        "old": sign(body, WEBHOOK_SECRET, now - 310),
        "very old": sign(body, WEBHOOK_SECRET, 1),
        "ahead": sign(body, WEBHOOK_SECRET, now + 310),
        "far ahead": sign(body, WEBHOOK_SECRET, 99_999_999_999),
    }.items():
        answer = post(web, body, signature.encode())
        assert (answer.status, answer.json()["code"]) == (400, "bad_signature"), what
    assert kept(web) == before
    for allowed in (now - 280, now + 280):  # a clock that is a little off
        assert post(web, body, sign(body, WEBHOOK_SECRET, allowed).encode()).status == 200
    rolled = f"{sign(body, WEBHOOK_SECRET)},v1={'0' * 64},v0=abc"  # two secrets while one is being rolled
    assert post(web, body, rolled.encode()).json() == {"received": True}


def test_what_is_signed_and_no_event_is_refused(web: Process) -> None:
    before = kept(web)
    nothings: list[bytes] = [
        *(body_of(one) for one in ([], {}, None, 1, "x", True, [event()])),
        *(body_of(event(id=bad)) for bad in ("", None, 7, "é", "a b", "x" * 201, ["evt"], "evt\u0000")),
        *(body_of(event(type=bad)) for bad in ("", None, 7, "Charge Created", "x" * 101)),
        *(body_of(event(object=bad)) for bad in ("", None, "v2.core.event", "charge")),
        *(body_of(event(livemode=bad)) for bad in (None, 0, "false")),
        *(body_of(event(data=bad)) for bad in (None, [], {}, {"object": []}, {"object": {"id": 7}})),
        body_of(event(account=7)),
        b"",
        b"{",
        b"\xff\xfe\x00",
        b'{"id": NaN}',
        b"[" * 100_000,
        body_of(event())[:-1] + b', "id": "evt_2"}',  # a key twice
        json.dumps(event(extra="\ud800")).encode(),
    ]
    for body in nothings:
        answer = post(web, body, sign(body, WEBHOOK_SECRET).encode())
        code = "bad_signature" if body.startswith(b"\xff") else "not_an_event"  # no text has no signature
        assert (answer.status, answer.json()["code"]) == (400, code), body[:80]
        assert not answer.flaw()
    assert kept(web) == before


def test_other_methods_sizes_and_codings_are_refused(web: Process) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert httpx.request(method, web.url + PATH).status_code == 405
    large = body_of(event(extra="x" * 300_000))
    answer = httpx.post(
        web.url + PATH, content=large, headers={"Stripe-Signature": sign(large, WEBHOOK_SECRET)}
    )
    assert answer.status_code == 413
    body = body_of(event("evt_fits", extra="x" * 200_000))
    assert post(web, body, sign(body, WEBHOOK_SECRET).encode()).status == 200
    zipped = post(web, body, sign(body, WEBHOOK_SECRET).encode(), coding="gzip")
    assert zipped.status == 415


def test_the_same_event_a_hundred_times_at_once_is_kept_once(web: Process) -> None:
    body = body_of(event("evt_hundred"))
    headers = {"Stripe-Signature": sign(body, WEBHOOK_SECRET), "Content-Type": "application/json"}

    async def flood() -> list[tuple[int, bytes]]:
        async def some() -> list[tuple[int, bytes]]:
            async with RawHttp(web.port or 0) as http:
                answers = [await http.ask("POST", PATH, headers, body) for _ in range(10)]
            return [(answer.status, answer.body) for answer in answers]

        return [one for part in await asyncio.gather(*(some() for _ in range(10))) for one in part]

    assert asyncio.run(flood()) == [(200, b'{"received":true}')] * 100
    assert asked(web, "SELECT count(*) FROM external_events WHERE event_id = 'evt_hundred'") == 1


def test_an_event_of_the_other_mode_is_kept_and_not_acted_on(web: Process) -> None:
    about = {"object": {"id": "pi_1", "object": "payment_intent"}}
    body = body_of(event("evt_live", livemode=True, type="payment_intent.succeeded", data=about))
    assert post(web, body, sign(body, WEBHOOK_SECRET).encode()).status == 200
    assert asked(web, "SELECT count(*) FROM external_events WHERE event_id = 'evt_live'") == 1
    assert asked(web, "SELECT count(*) FROM outbox WHERE subject = 'evt_live'") == 0


def test_without_a_secret_there_is_no_webhook(postgres: PostgresServer, template_database: str) -> None:
    with abused(postgres, template_database) as web, unharmed(web):
        body = body_of(event())
        assert post(web, body, sign(body, WEBHOOK_SECRET).encode()).status == 404


def test_an_event_that_comes_while_the_database_is_away_is_taken_when_it_is_back(
    postgres_server: PrivatePostgres, folder: Path, stripe: StandIns
) -> None:
    with serving(folder, postgres_server.url, **stripe.env()) as web:
        body = body_of(event("evt_meanwhile"))

        def deliver() -> RawAnswer:
            return post(web, body, sign(body, WEBHOOK_SECRET).encode())

        postgres_server.kill()
        begun = time.monotonic()
        away = deliver()
        assert time.monotonic() - begun < 2 + BUSY_S
        assert (away.status, away.json()["code"]) == (503, "unavailable")
        assert "retry-after" in away.headers
        postgres_server.start()
        deadline = time.monotonic() + 10
        while (answer := deliver()).status == 503:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert answer.json() == {"received": True}
        assert deliver().status == 200
        question = "SELECT count(*) FROM external_events WHERE event_id = 'evt_meanwhile'"
        assert asked(web, question) == 1
