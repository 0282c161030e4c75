"""The stand-ins for SendGrid, a push service and a mail server: what they take, refuse and do wrong."""

from __future__ import annotations

import base64
import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from pywebpush import WebPushException, webpush

from tracker.messages.vapid import read_private_key
from tracker.stand_ins import Kind, StandIns
from tracker.stand_ins.push import Browser
from tracker.stand_ins.sendgrid import API_KEY


def mail(**change: Any) -> dict[str, Any]:
    """A receipt, as SendGrid's API wants it; None takes a part away."""
    whole = {
        "personalizations": [{"to": [{"email": "cleo@example.com"}], "custom_args": {"delivery": "7"}}],
        "from": {"email": "hello@company.example", "name": "Wrenford"},
        "subject": "Your receipt",
        "content": [
            {"type": "text/plain", "value": "Total 120.00"},
            {"type": "text/html", "value": "<b>Total 120.00</b>"},
        ],
        "attachments": [
            {
                "content": base64.b64encode(b"a photo").decode(),
                "filename": "before.jpg",
                "type": "image/jpeg",
                "disposition": "inline",
                "content_id": "before",
            }
        ],
        **change,
    }
    return {name: value for name, value in whole.items() if value is not None}


def send(stand_ins: StandIns, told: Any, key: str = API_KEY) -> httpx.Response:
    """Hand a mail to SendGrid."""
    return httpx.post(
        f"{stand_ins.sendgrid.url}/v3/mail/send",
        json=told,
        headers={"Authorization": f"Bearer {key}"},
        trust_env=False,
        timeout=5,
    )


def test_sendgrid_takes_a_mail_and_keeps_it_whole(stand_ins: StandIns) -> None:
    answer = send(stand_ins, mail())
    assert (answer.status_code, answer.content) == (202, b"")
    (kept,) = stand_ins.sendgrid.mails
    assert kept.id == answer.headers["x-message-id"]
    assert (kept.to, kept.sender, kept.subject) == (
        ("cleo@example.com",),
        "hello@company.example",
        "Your receipt",
    )
    assert (kept.text, kept.html) == ("Total 120.00", "<b>Total 120.00</b>")
    assert kept.custom_args == {"delivery": "7"}
    (photo,) = kept.attachments
    assert (photo.name, photo.data, photo.content_id) == ("before.jpg", b"a photo", "before")


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"personalizations": None}, 400, "personalizations"),
        ({"personalizations": []}, 400, "personalizations"),
        ({"personalizations": [{"to": []}]}, 400, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "cleo"}]}]}, 400, "personalizations.0.to.email"),
        (
            {"personalizations": [{"to": [{"email": "a@b.example"}], "cc": [{"email": "A@b.example"}]}]},
            400,
            "personalizations.0",
        ),
        ({"from": {"email": "nobody"}}, 400, "from.email"),
        ({"subject": None}, 400, "subject"),
        ({"content": None}, 400, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, 400, "content.0.value"),
        (
            {"content": [{"type": "text/html", "value": "a"}, {"type": "text/plain", "value": "b"}]},
            400,
            "content",
        ),
        ({"attachments": [{"content": "not base64!", "filename": "a"}]}, 400, "attachments.0"),
        ({"headers": {"X-Evil": "a\r\nBcc: zoe@example.com"}}, 400, "headers"),
        ({"send_at": 5}, 501, None),
    ],
)
def test_sendgrid_refuses_what_it_could_not_send(
    stand_ins: StandIns, change: dict[str, Any], status: int, field: str | None
) -> None:
    answer = send(stand_ins, mail(**change))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
    assert not stand_ins.sendgrid.mails


def test_sendgrid_lets_nobody_in_without_its_key_and_goes_wrong_as_planned(stand_ins: StandIns) -> None:
    assert send(stand_ins, mail(), key="SG.wrong").status_code == 401
    stand_ins.sendgrid.faults.plan("POST *", Kind.ERROR_BEFORE, status=429)
    stand_ins.sendgrid.faults.plan("POST *", Kind.SILENT_AFTER, delay_s=0.05)
    busy = send(stand_ins, mail())
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
    with pytest.raises(httpx.RemoteProtocolError):
        send(stand_ins, mail())
    assert len(stand_ins.sendgrid.mails) == 1


def push(stand_ins: StandIns, browser: Browser, text: str = "Hello", **headers: str) -> Any:
    """Push by pywebpush, as a web server does."""
    return webpush(
        {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
        text,
        vapid_private_key=stand_ins.vapid_private_key,
        vapid_claims={"sub": "mailto:ops@company.example"},
        ttl=60,
        headers=headers,
        timeout=5,
    )


def test_a_browser_reads_the_push_that_was_encrypted_for_it(stand_ins: StandIns) -> None:
    browser = stand_ins.push.subscribe(stand_ins.vapid_public_key)
    answer = push(stand_ins, browser, "Pat is on the way – 12 min", Urgency="high", Topic="job-7")
    assert (answer.status_code, answer.headers["ttl"]) == (201, "60")
    (got,) = browser.received
    assert got.payload.decode() == "Pat is on the way – 12 min"
    assert (got.ttl_s, got.urgency, got.topic, got.subject) == (
        60,
        "high",
        "job-7",
        "mailto:ops@company.example",
    )
    assert stand_ins.push.received(browser.endpoint) == ["Pat is on the way – 12 min"]


def another_servers_key(stand_ins: StandIns, _browser: Browser) -> Browser:
    return stand_ins.push.subscribe("another server's key")


def gone(stand_ins: StandIns, browser: Browser) -> Browser:
    stand_ins.push.unsubscribe(browser.endpoint)
    return browser


def never_there(stand_ins: StandIns, browser: Browser) -> Browser:
    stranger = stand_ins.push.subscribe()
    stranger.endpoint = f"{stand_ins.push.url}/push/nobody"
    return stranger


def with_other_keys(stand_ins: StandIns, browser: Browser) -> Browser:
    other = stand_ins.push.subscribe()
    browser.p256dh = other.p256dh
    return browser


@pytest.mark.parametrize(
    ("change", "status"),
    [(another_servers_key, 403), (gone, 410), (never_there, 404), (with_other_keys, 400)],
)
def test_a_push_that_no_browser_could_read_is_refused(
    stand_ins: StandIns, change: Callable[[StandIns, Browser], Browser], status: int
) -> None:
    browser = change(stand_ins, stand_ins.push.subscribe(stand_ins.vapid_public_key))
    with pytest.raises(WebPushException) as error:
        push(stand_ins, browser)
    assert error.value.response.status_code == status
    assert not browser.received


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "vapid t=a.b.c, k=zzz"}, 401),
        ({"TTL": "soon"}, 400),
        ({"Urgency": "now"}, 400),
        ({"Topic": "a topic with spaces"}, 400),
        ({"Content-Encoding": "aesgcm"}, 400),
        ({}, 400),  # the body is no message
    ],
)
def test_a_push_without_its_headers_is_refused(
    stand_ins: StandIns, headers: dict[str, str], status: int
) -> None:
    browser = stand_ins.push.subscribe()
    answer = post_push(stand_ins, browser, {"exp": int(time.time()) + 60}, headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "claims", [{"exp": 1}, {"exp": 4_000_000_000}, {"aud": "https://elsewhere.example"}, {"sub": "nobody"}]
)
def test_a_push_with_a_bad_token_is_refused(stand_ins: StandIns, claims: dict[str, Any]) -> None:
    assert post_push(stand_ins, stand_ins.push.subscribe(), claims, {}).status_code == 401


def post_push(
    stand_ins: StandIns, browser: Browser, claims: dict[str, Any], headers: dict[str, str]
) -> httpx.Response:
    """A push by hand, with a token of these claims."""
    whole = {"aud": stand_ins.push.url, "exp": int(time.time()) + 60, "sub": "mailto:a@b.example", **claims}
    token = jwt.encode(whole, read_private_key(stand_ins.vapid_private_key), algorithm="ES256")
    signed = f"vapid t={token}, k={stand_ins.vapid_public_key}"
    good = {"Authorization": signed, "TTL": "60", "Content-Encoding": "aes128gcm"}
    return httpx.post(
        browser.endpoint, content=b"x" * 200, headers={**good, **headers}, trust_env=False, timeout=5
    )


def test_a_push_that_is_too_long_or_comes_too_often_is_refused(stand_ins: StandIns) -> None:
    browser = stand_ins.push.subscribe()
    with pytest.raises(WebPushException) as error:
        push(stand_ins, browser, "x" * 4_000)
    assert error.value.response.status_code == 413
    stand_ins.push.faults.plan("POST /push/*", Kind.ERROR_BEFORE, status=429)
    with pytest.raises(WebPushException) as error:
        push(stand_ins, browser)
    assert (error.value.response.status_code, error.value.response.headers["Retry-After"]) == (429, "1")


def letter() -> EmailMessage:
    """A mail with a line that begins with a dot, and an umlaut."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "hello@company.example", "cleo@example.com", "Beleg für Cleo"
    made.set_content("First\n.dotted\n..twice\nGrüße")
    return made


def hand_over(stand_ins: StandIns, made: EmailMessage | None = None) -> None:
    """Send a mail by the standard library's client."""
    where = urlsplit(stand_ins.smtp.url)
    with smtplib.SMTP(where.hostname or "", where.port or 0, timeout=5) as client:
        client.send_message(made or letter())


def test_a_mail_server_keeps_what_it_is_given(stand_ins: StandIns) -> None:
    hand_over(stand_ins)
    (kept,) = stand_ins.smtp.letters
    assert (kept.sender, kept.recipients) == ("hello@company.example", ("cleo@example.com",))
    assert kept.message["Subject"] == "Beleg für Cleo"
    assert kept.message.get_content() == "First\n.dotted\n..twice\nGrüße\n"


@pytest.mark.parametrize(
    ("step", "kind", "status", "error", "kept"),
    [
        ("CONNECT", Kind.ERROR_BEFORE, 421, smtplib.SMTPConnectError, 0),
        ("MAIL *", Kind.ERROR_BEFORE, 451, smtplib.SMTPSenderRefused, 0),
        ("RCPT cleo@*", Kind.ERROR_BEFORE, 550, smtplib.SMTPRecipientsRefused, 0),
        ("DATA", Kind.ERROR_BEFORE, 554, smtplib.SMTPDataError, 0),
        ("TAKE", Kind.ERROR_BEFORE, 452, smtplib.SMTPDataError, 0),
        ("TAKE", Kind.SILENT_BEFORE, 0, smtplib.SMTPServerDisconnected, 0),
        ("TAKE", Kind.SILENT_AFTER, 0, smtplib.SMTPServerDisconnected, 1),
        ("TAKE", Kind.CUT, 0, smtplib.SMTPServerDisconnected, 1),
    ],
)
def test_a_mail_server_goes_wrong_as_planned(
    stand_ins: StandIns, step: str, kind: Kind, status: int, error: type[Exception], kept: int
) -> None:
    fault = stand_ins.smtp.faults.plan(step, kind, status=status, delay_s=0.05)
    with pytest.raises(error):
        hand_over(stand_ins)
    assert (fault.met, len(stand_ins.smtp.letters)) == (1, kept)
    hand_over(stand_ins)
    assert len(stand_ins.smtp.letters) == kept + 1
