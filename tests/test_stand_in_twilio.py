"""The stand-in for Twilio, spoken to by Twilio's own SDK: texts, refusals, callbacks, faults."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.stand_ins import Endpoint, listening
from tracker.stand_ins import Kind, StandIns
from tracker.stand_ins.twilio.messages import segments_of

TO = "+15550102"
CREATE = "POST /2010-04-01/Accounts/*/Messages.json"


class Elsewhere(TwilioHttpClient):
    """The SDK's own HTTP client, at another address."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=5)
        self._url = url

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._url), *rest, **more)


def client_of(stand_ins: StandIns, token: str | None = None) -> Client:
    """Twilio's SDK, signed in at the stand-in."""
    twilio = stand_ins.twilio
    return Client(twilio.account_sid, token or twilio.auth_token, http_client=Elsewhere(twilio.url))


def forms_of(endpoint: Endpoint) -> list[dict[str, str]]:
    """What was posted to an endpoint, in order."""
    return [dict(parse_qsl(body.decode())) for _headers, body in endpoint.got]


def test_a_text_is_queued_sent_and_delivered(stand_ins: StandIns) -> None:
    messages = client_of(stand_ins).messages
    made = messages.create(to=TO, from_="+15005550006", body="Pat is on the way")
    assert (made.status, made.price, made.date_sent, made.num_segments) == ("queued", None, None, "1")
    known = messages(made.sid).fetch()
    assert (known.status, known.body, known.price) == ("delivered", "Pat is on the way", "-0.00790")
    assert isinstance(known.date_sent, datetime)


def test_texts_are_found_by_number_and_day(stand_ins: StandIns) -> None:
    messages = client_of(stand_ins).messages
    made = [messages.create(to=TO, messaging_service_sid="MG1", body=f"text {n}") for n in range(3)]
    messages.create(to="+15550103", messaging_service_sid="MG1", body="to another")
    assert [one.sid for one in messages.list(to=TO)] == [one.sid for one in reversed(made)]
    assert [one.sid for one in messages.list(to=TO, page_size=2)] == [one.sid for one in reversed(made)]
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert len(messages.list(to=TO, date_sent_after=hour_ago)) == 3
    assert not messages.list(to=TO, date_sent_before=hour_ago)
    assert len(messages.list(date_sent=datetime.now(UTC))) <= 4
    stand_ins.twilio.automatic = False
    waiting = messages.create(to=TO, messaging_service_sid="MG1", body="not sent yet")
    assert waiting.sid not in [one.sid for one in messages.list(to=TO, date_sent_after=hour_ago)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "call me"}, 21211),
        ({"to": "+15005550009"}, 21614),
        ({"to": "+15550199"}, 21614),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15550198"}, 21610),
        ({"to": ""}, 21604),
        ({"from_": "Company"}, 21212),
        ({"from_": ""}, 21603),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
    ],
)
def test_what_twilio_would_not_send_is_refused(
    stand_ins: StandIns, change: dict[str, str], code: int
) -> None:
    stand_ins.twilio.is_landline("+15550199")
    stand_ins.twilio.opt_out("+15550198")
    with pytest.raises(TwilioRestException) as error:
        client_of(stand_ins).messages.create(**{"to": TO, "from_": "+15005550006", "body": "Hello", **change})
    assert (error.value.status, error.value.code) == (400, code)
    assert not stand_ins.twilio.sent()


def test_nobody_comes_in_without_the_token(stand_ins: StandIns) -> None:
    with pytest.raises(TwilioRestException) as error:
        client_of(stand_ins, "wrong").messages.create(to=TO, from_="+15005550006", body="Hello")
    assert (error.value.status, error.value.code) == (401, 20003)


def test_callbacks_tell_each_step_and_are_signed_as_the_sdk_wants(stand_ins: StandIns) -> None:
    validator = RequestValidator(stand_ins.twilio.auth_token)
    stand_ins.twilio.fails("+15550103")
    with listening() as endpoint:
        callback = f"{endpoint.url}?delivery=7"
        messages = client_of(stand_ins).messages
        for number in (TO, "+15550103"):
            messages.create(to=number, from_="+15005550006", body="Hello", status_callback=callback)
        stand_ins.twilio.callbacks.settle()
        told = forms_of(endpoint)
        steps = [(one["To"], one["MessageStatus"], one.get("ErrorCode")) for one in told]
        assert steps == [
            *[(TO, status, None) for status in ("queued", "sent", "delivered")],
            *[
                ("+15550103", "queued", None),
                ("+15550103", "sent", None),
                ("+15550103", "undelivered", "30003"),
            ],
        ]
        for (headers, _body), params in zip(endpoint.got, told, strict=True):
            assert validator.validate(callback, params, headers["x-twilio-signature"])
        stand_ins.twilio.false_token = "another"
        messages.create(to=TO, from_="+15005550006", body="Hello", status_callback=callback)
        stand_ins.twilio.callbacks.settle()
        headers, _body = endpoint.got[-1]
        assert not validator.validate(callback, forms_of(endpoint)[-1], headers["x-twilio-signature"])


def test_callbacks_wait_repeat_and_change_places(stand_ins: StandIns) -> None:
    with listening() as endpoint:
        stand_ins.twilio.hold_callbacks()
        client_of(stand_ins).messages.create(
            to=TO, from_="+15005550006", body="Hello", status_callback=endpoint.url
        )
        time.sleep(0.05)
        assert not endpoint.got
        stand_ins.twilio.release_callbacks("reversed", times=2)
        stand_ins.twilio.callbacks.settle()
        told = [one["MessageStatus"] for one in forms_of(endpoint)]
        assert told == ["delivered", "delivered", "sent", "sent", "queued", "queued"]


def test_a_number_that_says_stop_is_left_alone_until_it_says_start(stand_ins: StandIns) -> None:
    messages = client_of(stand_ins).messages
    with listening() as endpoint:
        stand_ins.twilio.incoming_url = endpoint.url
        assert stand_ins.twilio.receive(TO, " stop ") is not None
        with pytest.raises(TwilioRestException):
            messages.create(to=TO, from_="+15005550006", body="Hello")
        stand_ins.twilio.receive(TO, "START")
        messages.create(to=TO, from_="+15005550006", body="Hello")
        assert [(one["From"], one["OptOutType"]) for one in forms_of(endpoint)] == [
            (TO, "STOP"),
            (TO, "START"),
        ]


@pytest.mark.parametrize(
    ("kind", "status", "made"),
    [
        (Kind.SILENT_BEFORE, None, 0),
        (Kind.SILENT_AFTER, None, 1),
        (Kind.ERROR_BEFORE, 500, 0),
        (Kind.ERROR_AFTER, 500, 1),
        (Kind.ERROR_BEFORE, 429, 0),
    ],
)
def test_texts_go_wrong_as_planned(stand_ins: StandIns, kind: Kind, status: int | None, made: int) -> None:
    stand_ins.twilio.faults.plan(CREATE, kind, status=status or 500, delay_s=0.05)
    with pytest.raises((TwilioException, requests.RequestException)) as error:
        client_of(stand_ins).messages.create(to=TO, from_="+15005550006", body="Hello")
    assert getattr(error.value, "status", None) == status
    assert len(stand_ins.twilio.sent()) == made


def test_segments_are_counted_as_they_are_billed() -> None:
    assert [segments_of("a" * length) for length in (1, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [segments_of("€" * length) for length in (80, 81)] == [1, 2]
    assert [segments_of("ñ" * 160), segments_of("í" * 70), segments_of("í" * 71)] == [1, 1, 2]
    assert segments_of("😀" * 36) == 2
