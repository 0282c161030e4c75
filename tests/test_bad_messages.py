"""Bad input about messages: forged callbacks, addresses that are traps, other people's bells, two presses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.running import Process
from tests.unharmed import CLEO, DEE, PAT, ZOE, abused, asked, call, call_as, job_in, unharmed
from tracker.local_postgres import PostgresServer
from tracker.stand_ins.push import PushService
from tracker.stand_ins.twilio.control import sign

TOKEN = "the-token-of-our-account"
FORM = "application/x-www-form-urlencoded"
HOST = "push.example"


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    twilio = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": "+15005550006"}
    away = {"TWILIO_API_URL": "http://127.0.0.1:9", "PUSH_HOSTS": f"{HOST},.below.example"}
    with abused(postgres, template_database, QUIET_HOURS="off", **twilio, **away) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def posted(
    web: Process, body: bytes, signatures: list[str], query: str = "", content_type: str = FORM
) -> tuple[int, dict[str, object]]:
    """Post to Twilio's webhook with these signature headers: status and JSON."""
    connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        connection.putrequest("POST", f"/webhooks/twilio{query}")
        for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body)))):
            connection.putheader(name, value)
        for signature in signatures:
            connection.putheader("X-Twilio-Signature", signature.encode("utf-8"))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}
    finally:
        connection.close()


def signed(web: Process, params: dict[str, str], query: str = "") -> tuple[bytes, list[str]]:
    """A form and the signature that Twilio would give it."""
    return urlencode(params).encode(), [sign(f"{web.url}/webhooks/twilio{query}", params, TOKEN)]


def kept(web: Process) -> object:
    return asked(web, "SELECT count(*) FROM external_events WHERE provider = 'twilio'")


STATUS = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered", "To": "+15550100", "AccountSid": "AC1"}


def test_a_callback_that_twilio_did_not_sign_is_refused_and_not_kept(web: Process) -> None:
    before = kept(web)
    body, (right,) = signed(web, STATUS)
    elsewhere = sign("https://other.example/webhooks/twilio", STATUS, TOKEN)
    another = sign(f"{web.url}/webhooks/twilio", STATUS, "another-token")
    for signatures in (
        [],
        [""],
        [" "],
        ["x"],
        [right[:-1]],
        [right + "A"],
        [right.lower()],
        [right[::-1]],
        [another],
        [elsewhere],
        ["é" * 28],
        ["A" * 5000],
        [right, right],
        [right, another],
    ):
        status, answer = posted(web, body, signatures)
        assert (status, answer["code"]) == (403, "bad_signature"), signatures
    for changed in (
        body + b"&Extra=1",
        body.replace(b"delivered", b"failed"),
        body[:-1],
        b"",
        b"\xff\xfe",
        b"%ff%fe=1",
        b"&".join(b"a%d=1" % number for number in range(500)),
        b'{"MessageSid": "SM1"}',
    ):
        assert posted(web, changed, [right])[0] == 403, changed[:40]
    assert posted(web, body, [right], "?delivery=1")[0] == 403  # signed for another address
    assert kept(web) == before


def test_a_signed_callback_that_is_no_message_is_refused_with_a_reason(web: Process) -> None:
    before = kept(web)
    for params in (
        {},
        {"CallSid": "CA1", "CallStatus": "completed"},
        {**STATUS, "MessageSid": ""},
        {**STATUS, "MessageSid": "../../x"},
        {**STATUS, "MessageSid": "S" * 300},
        {**STATUS, "MessageStatus": "exploded"},
        {**STATUS, "MessageStatus": "received"},
        {"MessageSid": "SM1", "SmsStatus": "received", "From": "nobody", "Body": "STOP"},
        {"MessageSid": "SM\u0661", "MessageStatus": "sent"},
    ):
        status, answer = posted(web, *signed(web, params))
        assert (status, answer["code"]) == (422, "invalid"), params
    for query in ("?delivery=0", "?delivery=x", "?delivery=1&delivery=2", f"?delivery={2**63}", "?other=1"):
        assert posted(web, *signed(web, STATUS, query), query)[0] == 422, query
    assert posted(web, *signed(web, STATUS), content_type="application/json")[0] == 415
    assert posted(web, b"a=" + b"b" * 70_000, ["x"])[0] == 413
    assert call(web, None, "GET", "/webhooks/twilio")[0] == 405
    assert kept(web) == before


def test_the_same_callback_a_hundred_times_at_once_is_kept_once(web: Process) -> None:
    before = kept(web)
    body, signatures = signed(web, {**STATUS, "MessageSid": "SM" + "1" * 32, "Weird": "{}\u2028%&=+ é"})
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: posted(web, body, signatures)[0], range(100)))
    assert answers == [204] * 100
    assert kept(web) == before + 1  # type: ignore[operator]


def subscription(endpoint: str, **changed: object) -> dict[str, object]:
    browser = PushService().subscribe()
    keys = {"p256dh": browser.p256dh, "auth": browser.auth}
    return {"endpoint": endpoint, "expirationTime": None, "keys": {**keys, **changed}}


def test_only_push_services_that_the_company_trusts_can_be_named(web: Process) -> None:
    for endpoint in (
        f"http://{HOST}/x",
        f"https://{HOST}:444/x",
        f"https://{HOST}.evil.example/x",
        f"https://evil.example/{HOST}",
        f"https://{HOST}@evil.example/x",
        f"https://user:pass@{HOST}/x",
        f"https://evil{HOST}/x",
        "https://below.example/x",
        "https://127.0.0.1/x",
        "http://127.0.0.1:5432/x",
        "http://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        f"https://{HOST}\\@evil.example/",
        f"https://{HOST}/x\r\nHost: evil",
        f"https://{HOST}/ x",
        f"https://{HOST}:99999/x",
        "https://xn--.below.example/x",
        "https://xn--a.below.example/x",
        "https://%2f.below.example/x",
        "https://a_b.below.example/x",
        "https://..below.example/x",
        f"https://{'a' * 64}.below.example/x",
        "file:///etc/passwd",
        f"//{HOST}/x",
        f"HTTPS:{HOST}",
        f"https://{HOST}/#x",
        "https://pu\u0455h.example/x",
        "x",
    ):
        status, answer = call(web, CLEO, "POST", "/api/push/subscriptions", subscription(endpoint))
        assert (status, answer["code"]) == (422, "invalid"), endpoint
    for endpoint in (f"https://{HOST}/x", f"https://{HOST}:443/y", "https://a.b.below.example/z?q=1"):
        assert call(web, CLEO, "POST", "/api/push/subscriptions", subscription(endpoint))[0] == 200
    assert asked(web, "SELECT count(*) FROM push_subscriptions WHERE person_id = 'cleo'") == 3


def test_keys_that_are_none_are_refused(web: Process) -> None:
    good = subscription(f"https://{HOST}/keys")["keys"]
    assert isinstance(good, dict)
    for changed in (
        {"p256dh": "x"},
        {"p256dh": "A" * 87},
        {"p256dh": good["p256dh"][:-4]},
        {"p256dh": "B" + "A" * 86},
        {"p256dh": "é" * 20},
        {"auth": "AAAA"},
        {"auth": "!" * 22},
        {"auth": good["auth"] + "AAAA"},
        {"auth": None},
        {"p256dh": 1},
        {"more": "x"},
    ):
        body = subscription(f"https://{HOST}/keys", **changed)
        assert call(web, ZOE, "POST", "/api/push/subscriptions", body)[0] == 422, changed
    assert call(web, ZOE, "POST", "/api/push/subscriptions", {"endpoint": f"https://{HOST}/k"})[0] == 422


def test_a_person_has_twenty_browsers_and_none_of_anybody_elses(web: Process) -> None:
    def subscribe(number: int) -> int:
        return call(web, PAT, "POST", "/api/push/subscriptions", subscription(f"https://{HOST}/{number}"))[0]

    with ThreadPoolExecutor(8) as crowd:
        answers = sorted(crowd.map(subscribe, range(24)))
    assert answers == [200] * 20 + [409] * 4
    number = asked(web, "SELECT max(id) FROM push_subscriptions WHERE person_id = 'pat'")
    for who in (CLEO, ZOE, DEE):
        assert call(web, who, "DELETE", f"/api/push/subscriptions/{number}")[0] == 404
    assert call(web, PAT, "DELETE", f"/api/push/subscriptions/{number}")[0] == 204
    assert call(web, PAT, "DELETE", f"/api/push/subscriptions/{number}")[0] == 404
    for path in ("0", "-1", "x", "9" * 20):
        assert call(web, PAT, "DELETE", f"/api/push/subscriptions/{path}")[0] == 404


def test_nobody_reads_anybody_elses_bell(web: Process) -> None:
    job_id = job_in(web, "open")
    assert call(web, PAT, "POST", f"/api/jobs/{job_id}/accept")[0] == 200
    number = None
    while number is None:
        number = asked(web, "SELECT id FROM notifications WHERE person_id = 'pat' AND job_id = $1", job_id)
    for who in (CLEO, ZOE, DEE):
        assert call(web, who, "POST", f"/api/notifications/{number}/read")[0] == 404
    assert asked(web, "SELECT read_at FROM notifications WHERE id = $1", number) is None
    for query in ("cursor=0", "cursor=x", f"cursor={2**63}", "limit=0", "limit=101", "who=cleo"):
        assert call(web, PAT, "GET", f"/api/notifications?{query}")[0] == 422, query
    _, link = call(web, DEE, "POST", f"/api/jobs/{job_id}/tracking-link")
    holder = {"Authorization": f"Link {link['link']}"}
    for path in ("/api/notifications", "/api/me/message-preferences"):
        assert call_as(web, holder, "GET", path)[0] == 403
    assert call_as(web, holder, "GET", "/api/push/key")[0] == 200
    for path in ("/api/dispatch/messages", f"/api/dispatch/messages?job_id={job_id}"):
        assert [call(web, who, "GET", path)[0] for who in (PAT, CLEO, DEE)] == [403, 403, 200]


def test_preferences_that_cannot_be_meant_are_refused_and_nothing_changes(web: Process) -> None:
    path = "/api/me/message-preferences"
    good = {"language": "es", "time_zone": "Europe/Madrid", "quiet_from": "22:30", "quiet_until": "07:00"}
    status, answer = call(web, ZOE, "PUT", path, {**good, "refused": [{"kind": "*", "channel": "push"}]})
    assert status == 200
    assert {name: answer[name] for name in good} == good
    for bad in (
        {"language": "fr"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "America"},
        {"time_zone": "UTC\u0000"},
        {"quiet_from": "22:00"},
        {"quiet_from": "24:00", "quiet_until": "07:00"},
        {"quiet_from": "7:00", "quiet_until": "08:00"},
        {"refused": [{"kind": "everything", "channel": "sms"}]},
        {"refused": [{"kind": "receipt", "channel": "pigeon"}]},
        {"refused": [{"kind": "receipt", "channel": "sms"}] * 41},
        {"refused": "all"},
        {"role": "admin"},
    ):
        assert call(web, ZOE, "PUT", path, bad)[0] == 422, bad
    assert call(web, ZOE, "GET", path)[1] == answer
    assert call(web, ZOE, "PUT", path, {})[1]["refused"] == []
    assert call(web, ZOE, "GET", path)[1]["language"] == "en"


def test_a_failed_message_is_sent_again_once_per_press_and_others_never(web: Process) -> None:
    job_id = job_in(web, "open")
    assert call(web, PAT, "POST", f"/api/jobs/{job_id}/accept")[0] == 200
    number = None
    while number is None:
        number = asked(
            web,
            "SELECT d.id FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
            " WHERE n.job_id = $1 AND d.channel = 'sms' AND n.person_id = 'pat'",
            job_id,
        )
    path = f"/api/dispatch/messages/{number}/resend"
    status, answer = call(web, DEE, "POST", path)  # it waits for Twilio, which is away
    assert (status, answer["code"]) == (409, "not_resendable")
    for who in (PAT, CLEO):
        assert call(web, who, "POST", path)[0] == 403
    assert call(web, DEE, "POST", "/api/dispatch/messages/999999/resend")[0] == 404
    asked(web, "UPDATE deliveries SET status = 'failed', problem = 'no' WHERE id = $1", number)
    with ThreadPoolExecutor(8) as crowd:
        answers = sorted(crowd.map(lambda _: call(web, DEE, "POST", path)[0], range(8)))
    assert answers == [200] + [409] * 7
    events = "SELECT count(*) FROM job_events WHERE job_id = $1 AND kind = 'message_resent'"
    assert asked(web, events, job_id) == 1
    asked(web, "UPDATE deliveries SET status = 'failed' WHERE id = $1", number)
    asked(web, "UPDATE people SET phone = 'none' WHERE id = 'pat'")
    status, answer = call(web, DEE, "POST", path)
    assert (status, answer["code"]) == (409, "not_resendable")
    assert "country code" in answer["detail"]
    for query in ("status=lost", "channel=fax", "job_id=1", "cursor=0", "limit=201"):
        assert call(web, DEE, "GET", f"/api/dispatch/messages?{query}")[0] == 422, query
