"""Credentials that are wrong, stale, stolen or meant for something else, on every way in."""

from __future__ import annotations

import asyncio
import json
import re
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from rooms.principal import Role
from tests.listening import listening
from tests.raw_socket import QUERY, opened, refusal_of, upgrade_answer
from tests.running import SECRET, Process, token
from tests.unharmed import (
    CLEO,
    DEE,
    PAT,
    QUINN,
    ROOT,
    ZOE,
    Person,
    abused,
    asked,
    call,
    call_as,
    job_in,
    unharmed,
)
from tracker.identity.tokens import mint
from tracker.local_postgres import PostgresServer
from tracker.socket_client import SocketRefused

NO_JOB = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def claims(**change: Any) -> dict[str, Any]:
    """A dispatcher's good claims with a change; None takes a claim away."""
    now = time.time()
    good = {"sub": "dee", "role": "dispatcher", "iat": now, "exp": now + 600}
    return {name: value for name, value in {**good, **change}.items() if value is not None}


def hs512(facts: dict[str, Any]) -> str:
    """Signed with the right secret and the wrong algorithm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)
        return jwt.encode(facts, SECRET, algorithm="HS512")


def false_tokens() -> dict[str, str]:
    """Tokens that nobody may enter with."""
    good = token(*DEE)
    head, body, signature = good.split(".")
    other_body = token("admin", "root").split(".")[1]
    signed = {
        "no sub": claims(sub=None),
        "an empty sub": claims(sub=""),
        "a number for a sub": claims(sub=5),
        "a long sub": claims(sub="x" * 129),
        "a sub with NUL": claims(sub="a\x00b"),
        "a sub with a newline": claims(sub="a\nb"),
        "the sub of a link": claims(sub="link:1"),
        "no role": claims(role=None),
        "an unknown role": claims(role="superadmin"),
        "a role in capitals": claims(role="ADMIN"),
        "a list of roles": claims(role=["admin"]),
        "no exp": claims(exp=None),
        "expired": claims(exp=time.time() - 1),
        "exp as text": claims(exp=str(time.time() + 600)),
        "exp true": claims(exp=True),
        "exp null of JSON": {**claims(), "exp": None},
        "iat in an hour": claims(iat=time.time() + 3600),
        "nbf in an hour": claims(nbf=time.time() + 3600),
        "nbf as text": claims(nbf="soon"),
    }
    return {
        **{name: jwt.encode(facts, SECRET, algorithm="HS256") for name, facts in signed.items()},
        "another secret": jwt.encode(claims(), "x" * 32, algorithm="HS256"),
        "another algorithm": hs512(claims()),
        "exp beyond 64 bits": jwt.encode(claims(exp=2**63), SECRET, algorithm="HS256"),
        "alg none": jwt.encode(claims(), None, algorithm="none"),
        "alg none with a signature": jwt.encode(claims(), None, algorithm="none") + signature,
        "no signature": f"{head}.{body}.",
        "another body": f"{head}.{other_body}.{signature}",
        "a byte more": good + "A",
        "four parts": good + ".x",
        "nothing but dots": "..",
        "not base64": "%%%.%%%.%%%",
        "not ASCII": "\u00e9" * 20,
        "very long": "x" * 9000,
        "claims that are a list": jwt.PyJWS().encode(b"[]", SECRET, algorithm="HS256"),
        "claims twice": jwt.PyJWS().encode(
            json.dumps(claims()).replace('"dee"', '"dee","sub":"pat"').encode(), SECRET, algorithm="HS256"
        ),
    }


def test_no_false_token_opens_http_or_a_socket(web: Process) -> None:
    async def story() -> None:
        for kind, false in false_tokens().items():
            if false.isascii():
                status, problem = call_as(web, {"Authorization": f"Bearer {false}"}, "GET", "/api/me")
                assert (status, problem["code"]) == (401, "unauthorized"), kind
            told = await refusal_of(web, {"token": false})
            assert told["data"] == {"code": "unauthorized", "retry": False}, kind

    asyncio.run(story())


def test_an_auth_object_of_the_wrong_shape_is_a_refusal(web: Process) -> None:
    good = token(*PAT)
    shapes: list[dict[str, Any]] = [
        *({}, {"token": None}, {"token": 5}, {"token": [good]}, {"token": {"token": good}}, {"Token": good}),
        *(
            {"link": None},
            {"link": 5},
            {"link": ""},
            {"token": good, "link": "x"},
            {"token": f"Bearer {good}"},
        ),
        *({"link": "x" * 60_000}, {"token": good, "role": "admin"}, {"user": "pat", "role": "admin"}),
    ]

    async def story() -> None:
        for shape in shapes:
            told = await refusal_of(web, shape)
            assert told["data"] == {"code": "unauthorized", "retry": False}, shape

    asyncio.run(story())


def test_a_token_in_the_query_opens_nothing(web: Process) -> None:
    for name in ("token", "access_token", "auth", "jwt", "link"):
        path = f"/api/me?{name}={token(*ROOT)}"
        assert call(web, None, "GET", path)[0] == 401, name

    async def story() -> None:
        async with opened(web, f"{QUERY}&token={token(*ROOT)}") as client:
            await client.send("40")
            assert json.loads((await client.receive())[2:])["data"]["code"] == "unauthorized"

    asyncio.run(story())


def test_a_token_for_ever_is_a_good_token(web: Process) -> None:
    """Whether that is wise is the issuer's business; it must not break the clock that ends sockets."""

    async def story() -> None:
        for exp in (time.time() + 1e10, 1e18, 1e300, 2**63 - 1):
            for_ever = jwt.encode(claims(exp=exp), SECRET, algorithm="HS256")
            assert call_as(web, {"Authorization": f"Bearer {for_ever}"}, "GET", "/api/me")[0] == 200
            async with await listening(web.url, token=for_ever) as dee:
                assert (await dee.call("watch_fleet", {"bbox": [-3, 53, -2, 54]}))["ok"]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, b"101"),
        ("http://127.0.0.1:{port}", b"101"),
        ("http://evil.example", b"403"),
        ("null", b"403"),
        ("", b"403"),
        ("http://127.0.0.1:1", b"403"),
        ("file://", b"403"),
        ("http://127.0.0.1:{port}.evil.example", b"403"),
        ("http://127.0.0.1:{port}@evil.example", b"403"),
        ("http://[", b"403"),
        ("http://127.0.0.1:99999999", b"403"),
    ],
)
def test_only_our_own_pages_and_native_apps_may_open_a_socket(
    web: Process, origin: str | None, status: bytes
) -> None:
    headers = () if origin is None else (f"Origin: {origin.format(port=web.port)}",)
    assert upgrade_answer(web, *headers).split()[1] == status
    assert upgrade_answer(web, "Origin: http://a.example", "Origin: http://b.example").split()[1] == b"403"


def test_two_devices_of_one_pro_both_send_and_make_one_trail(web: Process) -> None:
    job_id = job_in(web, "en_route")

    async def story() -> None:
        async with (
            await listening(web.url, token=token(*PAT)) as phone,
            await listening(web.url, token=token(*PAT)) as tablet,
        ):
            for number in range(10):
                device = (phone, tablet)[number % 2]
                at = round(time.time() * 1000) - (20 - number) * 1000
                fix = {"lat": 53.4 + number / 10_000, "lng": -2.99, "recorded_at": at, "seq": number // 2}
                ack = await device.call("heartbeat", {**fix, "session": f"device-{number % 2}"})
                assert ack["accepted"] == 1, ack

    asyncio.run(story())
    _, trail = call(web, PAT, "GET", f"/api/jobs/{job_id}/trail")
    assert len(trail["points"]) == 10


def test_signing_out_ends_every_socket_and_every_older_token(web: Process) -> None:
    old, other = token("customer", "leaver"), token(*CLEO)

    async def story() -> None:
        async with (
            await listening(web.url, token=old) as phone,
            await listening(web.url, token=old) as tablet,
            await listening(web.url, token=other) as cleo,
        ):
            as_old = {"Authorization": f"Bearer {old}"}
            assert (await asyncio.to_thread(call_as, web, as_old, "POST", "/api/me/sign-out"))[0] == 204
            await phone.is_cut(2)
            await tablet.is_cut(2)
            assert (await cleo.call("watch", {"job_id": NO_JOB}))["error"]["code"] == "not_found"
            assert (await asyncio.to_thread(call_as, web, as_old, "GET", "/api/me"))[0] == 401
        with pytest.raises(SocketRefused):
            await listening(web.url, token=old)
        async with await listening(web.url, token=mint(SECRET, "leaver", Role.CUSTOMER, 60)):
            pass  # a new token is good

    asyncio.run(story())


def test_a_token_that_expires_ends_http_and_the_socket(web: Process) -> None:
    async def story() -> None:
        short = mint(SECRET, "dee", Role.DISPATCHER, 1.5)
        as_short = {"Authorization": f"Bearer {short}"}
        async with await listening(web.url, token=short) as dee:
            assert (await asyncio.to_thread(call_as, web, as_short, "GET", "/api/me"))[0] == 200
            await dee.is_cut(4)
        assert (await asyncio.to_thread(call_as, web, as_short, "GET", "/api/me"))[0] == 401

    asyncio.run(story())


def test_a_suspended_person_is_out_on_every_way_and_back_when_reinstated(web: Process) -> None:
    quinn = {"Authorization": f"Bearer {token(*QUINN)}"}

    async def story() -> None:
        async with await listening(web.url, token=token(*QUINN)) as phone:
            assert await asyncio.to_thread(call, web, DEE, "POST", "/api/dispatch/people/quinn/suspend")
            await phone.is_cut(2)
        for method, path in (("GET", "/api/me"), ("GET", "/api/hauler/feed?lat=53&lng=-3")):
            assert (await asyncio.to_thread(call_as, web, quinn, method, path))[0] == 401
        with pytest.raises(SocketRefused):
            await listening(web.url, token=token(*QUINN))
        assert await asyncio.to_thread(call, web, DEE, "POST", "/api/dispatch/people/quinn/reinstate")
        assert (await asyncio.to_thread(call_as, web, quinn, "GET", "/api/me"))[0] == 200

    asyncio.run(story())


def test_a_dispatcher_neither_changes_nor_locks_out_an_admin(web: Process) -> None:
    boss = {"role": "admin", "name": "Bo Ross"}
    assert call(web, DEE, "PUT", "/api/dispatch/people/boss", boss)[0] == 403
    assert call(web, ROOT, "PUT", "/api/dispatch/people/boss", boss)[0] == 200
    for who in (DEE, PAT, CLEO):
        for method, path, body in (
            ("PUT", "/api/dispatch/people/boss", {"role": "customer", "name": "Nobody"}),
            ("POST", "/api/dispatch/people/boss/suspend", None),
            ("POST", "/api/dispatch/people/boss/reinstate", None),
        ):
            assert call(web, who, method, path, body)[0] == 403, (who, path)
    assert asked(web, "SELECT role || name FROM people WHERE id = 'boss' AND suspended_at IS NULL")
    assert call(web, ROOT, "POST", "/api/dispatch/people/boss/suspend")[0] == 200


def job_routes(web: Process) -> list[tuple[str, str, list[str], object, str]]:
    """Every declared route about one job: method, path, its roles, a body that it takes, its media type."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    window = {"window_start": tomorrow, "window_end": tomorrow + timedelta(hours=2)}
    drawn = {"width": 90, "height": 50, "strokes": [[[1, 1], [2, 2], [3, 3], [4, 4]]]}
    bodies = {
        "/api/jobs/{id}/status": {"status": "cancelled"},
        "/api/jobs/{id}/schedule": {name: at.isoformat() for name, at in window.items()},
        "/api/jobs/{id}/tip": {"amount_cents": 100, "key": "a-tip"},
        "/api/jobs/{id}/evidence/uploads": {"kind": "before", "upload_key": "k"},
        "/api/jobs/{id}/evidence/signature": {"upload_key": "k", **drawn},
        "/api/dispatch/jobs/{id}/assign": {"pro_id": "pat"},
    }
    queries = {("POST", "/api/jobs/{id}/evidence"): "?kind=before&upload_key=k"}
    paths = httpx.get(f"{web.url}/openapi.json").json()["paths"]
    return [
        (
            method.upper(),
            re.sub(r"\{(?!id)[a-z_]+\}", "1", path) + queries.get((method.upper(), path), ""),
            operation["x-roles"],
            bodies.get(path),
            next(iter(operation.get("requestBody", {}).get("content", {})), "application/json"),
        )
        for path, methods in paths.items()
        if "/jobs/{id}" in path
        for method, operation in methods.items()
    ]


@pytest.mark.parametrize("stranger", [ZOE, QUINN, ("customer", "nobody"), ("pro", "nobody")])
def test_another_persons_job_looks_like_none_on_every_route(web: Process, stranger: Person) -> None:
    job_id = job_in(web, "en_route")
    before = asked(web, "SELECT jobs::text FROM jobs WHERE id = $1", job_id)
    routes = job_routes(web)
    assert len(routes) >= 7
    for method, path, roles, body, media_type in routes:
        headers = {"Authorization": f"Bearer {token(*stranger)}", "Content-Type": media_type}
        theirs, nothing = (call_as(web, headers, method, path.format(id=id), body) for id in (job_id, NO_JOB))
        if path.endswith("/accept") and stranger[0] == "pro":
            assert (theirs[0], theirs[1]["code"]) == (409, "job_taken")  # it was on offer: that is no secret
            continue
        assert without_number(theirs) == without_number(nothing), (method, path)
        assert theirs[0] == (404 if stranger[0] in roles else 403), (method, path)
    assert asked(web, "SELECT jobs::text FROM jobs WHERE id = $1", job_id) == before


LINK_MAY = {  # and what its own job, under way, answers
    ("GET", ""): 200,
    ("GET", "/trail"): 200,
    ("GET", "/evidence"): 200,
    ("GET", "/receipt"): 409,
    ("POST", "/tip"): 200,
    ("GET", "/shared-links"): 200,
    ("POST", "/shared-links"): 200,
    ("DELETE", "/shared-links/1"): 404,
}


def test_a_link_opens_its_own_job_for_looking_and_the_customers_few_wishes(web: Process) -> None:
    own, other = job_in(web, "en_route"), job_in(web, "en_route", customer="zoe", pro="quinn")
    link = {"Authorization": f"Link {link_to(web, own)}"}
    for method, path, _, body, _ in job_routes(web):
        own_answer = call_as(web, link, method, path.format(id=own), body)
        may = LINK_MAY.get((method, path.removeprefix("/api/jobs/{id}")))
        assert own_answer[0] == (may or 403), (method, path)
        foreign, nothing = (call_as(web, link, method, path.format(id=id), body) for id in (other, NO_JOB))
        assert without_number(foreign) == without_number(nothing), (method, path)
        assert foreign[0] == (404 if may else 403), (method, path)
    for method, path in (("GET", "/api/me"), ("POST", "/api/me/sign-out"), ("GET", "/api/dispatch/jobs")):
        assert call_as(web, link, method, path)[0] == 403
    read = call_as(web, link, "GET", f"/api/jobs/{own}")[1]
    assert "+1555" not in json.dumps(read)  # nobody's phone number


def test_links_that_are_expired_tampered_rotated_revoked_or_invented_are_told_the_very_same(
    web: Process,
) -> None:
    job_id = job_in(web, "en_route")
    rotated = link_to(web, job_id)
    tampered = rotated[:-1] + ("A" if rotated[-1] != "A" else "B")
    expired = link_to(web, job_id)
    asked(web, "UPDATE tracking_links SET expires_at = now() WHERE revoked_at IS NULL RETURNING 1")
    gone = job_in(web, "en_route")
    revoked = link_to(web, gone)
    assert call(web, DEE, "DELETE", f"/api/jobs/{gone}/tracking-link")[0] == 204
    dead = [
        rotated,
        expired,
        tampered,
        revoked,
        "invented",
        "\u00fc" * 10,
        "' OR 1=1 --",
        "x" * 60_000,
        job_id,
    ]

    async def told() -> list[dict[str, Any]]:
        return [await refusal_of(web, {"link": link}) for link in dead]

    answers = asyncio.run(told())
    assert answers[0]["data"]["retry"] is False
    assert all(answer == answers[0] for answer in answers)
    short = [link for link in dead if link.isascii() and len(link) < 8000]
    over_http = [
        without_number(call_as(web, {"Authorization": f"Link {link}"}, "GET", f"/api/jobs/{job_id}"))
        for link in short
    ]
    assert over_http[0][0] == 401
    assert all(answer == over_http[0] for answer in over_http)


def test_a_job_that_is_followed_is_lost_with_the_right_to_it(web: Process) -> None:
    """Reassigned mid-watch, over the socket and over HTTP."""
    job_id = job_in(web, "accepted")

    async def story() -> None:
        async with await listening(web.url, token=token(*PAT)) as pat:
            assert (await pat.call("watch", {"job_id": job_id}))["ok"]
            body = {"pro_id": "quinn"}
            path = f"/api/dispatch/jobs/{job_id}/assign"
            assert (await asyncio.to_thread(call, web, DEE, "POST", path, body))[0] == 200
            assert (await pat.hears("revoked"))["job_id"] == job_id
            assert (await pat.call("watch", {"job_id": job_id}))["error"]["code"] == "not_found"

    asyncio.run(story())
    for method, path in (("GET", ""), ("GET", "/trail"), ("POST", "/release"), ("POST", "/tracking-link")):
        assert call(web, PAT, method, f"/api/jobs/{job_id}{path}")[0] == 404


def link_to(web: Process, job_id: str) -> str:
    """A new link to a job."""
    status, made = call(web, DEE, "POST", f"/api/jobs/{job_id}/tracking-link")
    assert status == 200
    return str(made["link"])


def without_number(answer: tuple[int, dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """An answer without the request's own number."""
    status, content = answer
    return status, {name: value for name, value in content.items() if name != "instance"}
