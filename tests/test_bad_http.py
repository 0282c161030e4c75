"""Bad requests to the whole running application, driven from its own /openapi.json."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from bench.bad_requests import BadRequest, bad_requests
from bench.bad_values import NO_HTTP, SQL
from bench.raw_http import RawHttp
from tests.patience import BUSY_S
from tests.running import Process, token
from tests.unharmed import CLEO, DEE, PAT, ZOE, abused, asked, call, job_in, resident_mb, unharmed
from tracker.local_postgres import PostgresServer

AT_ONCE = 8
PER_CALLER = 150  # below the burst that one caller has
ORDER = {
    "customer_id": "cleo",
    "skill": "tv_mounting",
    "service": "Mount a TV",
    "lat": 53.4,
    "lng": -2.99,
    "address": "1 Some Street, Liverpool",
    "price_cents": 9000,
}


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def send_all(web: Process, requests: list[BadRequest]) -> list[str]:
    """Send them all, a few at once; what was answered wrongly."""
    queue, wrong, count = iter(requests), [], itertools.count()

    async def sender() -> None:
        async with RawHttp(web.port or 0) as http:
            for one in queue:
                headers = dict(one.headers)
                if one.role is not None:
                    caller = token(one.role, f"{one.role}{next(count) // PER_CALLER}")
                    headers["Authorization"] = f"Bearer {caller}"
                answer = await http.ask(one.method, one.path, headers, one.body)
                if answer.status not in one.statuses:
                    wrong.append(f"{one.kind}: {answer.status} {answer.body[:200]!r}")
                elif answer.status >= 400 and (flaw := answer.flaw()):
                    wrong.append(f"{one.kind}: {flaw}")

    async def everything() -> None:
        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))

    asyncio.run(everything())
    return wrong


def test_no_bad_request_to_any_declared_route_gets_a_5xx_or_changes_the_job(web: Process) -> None:
    job_id = job_in(web, "accepted")
    openapi = httpx.get(f"{web.url}/openapi.json").json()
    good = {
        "customer_id": "cleo",
        "skill": "tv_mounting",
        "status": "accepted",
        "pro_id": "pat",
        "role": "customer",
    }
    requests = list(bad_requests(openapi, {"id": job_id, "person": "somebody"}, good))
    assert len({one.kind for one in requests}) >= 2000
    wrong = send_all(web, requests)
    assert not wrong, f"{len(wrong)} of {len(requests)}:\n" + "\n".join(wrong[:40])
    assert asked(web, "SELECT status FROM jobs WHERE id = $1", job_id) == "accepted"
    # What an admin asks with one odd text may be a right request: a price with that reason, a hold.
    later = "SELECT count(*) FROM job_events WHERE job_id = $1 AND version > 3"
    assert asked(web, f"{later} AND actor_role IN ('pro', 'customer')", job_id) == 0


def test_texts_are_kept_as_they_were_written_whatever_they_say(web: Process) -> None:
    for number, text in enumerate(SQL):
        order = {**ORDER, "reference": f"texts-{number}", "notes": text, "service": text, "address": text}
        status, made = call(web, DEE, "POST", "/api/jobs", order)
        assert status == 200, made
        _, read = call(web, DEE, "GET", f"/api/jobs/{made['id']}")
        assert (read["notes"], read["service"], read["address"]) == (text, text, text)
        _, found = call(web, DEE, "GET", f"/api/dispatch/jobs?search={quote(text)}")
        assert made["id"] in {job["id"] for job in found["jobs"]}
    assert asked(web, "SELECT count(*) FROM people WHERE id = 'pat'") == 1


def test_a_name_longer_than_the_record_is_refused_and_not_a_failure(web: Process) -> None:
    for length, expected in ((200, 200), (201, 422)):
        assert call(web, ZOE, "PATCH", "/api/me", {"name": "n" * length})[0] == expected
    assert call(web, DEE, "PUT", "/api/dispatch/people/new", {"role": "pro", "name": "n" * 201})[0] == 422


def test_nobody_writes_what_the_server_decides(web: Process) -> None:
    job_id = job_in(web, "accepted")
    before = asked(web, "SELECT jobs::text FROM jobs WHERE id = $1", job_id)
    for field, value in (
        ("status", "completed"),
        ("pro_id", "quinn"),
        ("proId", "quinn"),
        ("final_price_cents", 1),
        ("finalPrice", 1),
        ("version", 99),
        ("customer_id", "zoe"),
    ):
        body = {"status": "en_route"} if field != "status" else {"notes": "n"}
        answer, _ = call(web, PAT, "POST", f"/api/jobs/{job_id}/status", {**body, field: value})
        assert answer in (409, 422), field
        extra = {**ORDER, field: value} if field not in ORDER else {**ORDER, "Status": "paid"}
        assert call(web, DEE, "POST", "/api/jobs", extra)[0] == 422, field
        assert call(web, PAT, "PATCH", "/api/me", {"role": "admin"})[0] == 422
        batch = {"lat": 53.4, "lng": -2.9, field: value}
        assert call(web, PAT, "POST", "/api/hauler/location", batch)[0] == 422, field
    assert asked(web, "SELECT jobs::text FROM jobs WHERE id = $1", job_id) == before


def test_an_order_is_taken_in_once_and_its_reference_never_means_another(web: Process) -> None:
    order = {**ORDER, "reference": "order-1"}
    _, first = call(web, DEE, "POST", "/api/jobs", order)
    status, again = call(web, DEE, "POST", "/api/jobs", order)
    assert (status, again["id"], again["created"]) == (200, first["id"], False)
    for field, other in (
        ("price_cents", 1),
        ("address", "2 Else Street"),
        ("lat", 10.0),
        ("customer_id", "zoe"),
    ):
        status, refused = call(web, DEE, "POST", "/api/jobs", {**order, field: other})
        assert (status, refused["code"]) == (409, "reference_conflict"), field
    assert asked(web, "SELECT count(*) FROM jobs WHERE reference = 'order-1'") == 1


def test_a_job_may_be_at_the_ends_of_the_earth_and_is_found_there(web: Process) -> None:
    for lat, lng in itertools.product((90, -90, 0, 1e-310, 89.95), (180, -180, 5e-324)):
        status, made = call(web, DEE, "POST", "/api/jobs", {**ORDER, "lat": lat, "lng": lng, "open": True})
        assert status == 200, made
        status, feed = call(web, PAT, "GET", f"/api/hauler/feed?lat={lat}&lng={lng}&radius=1&limit=500")
        assert status == 200, feed
        assert made["id"] in {job["id"] for job in feed["jobs"]}, (lat, lng)


def test_what_is_no_http_gets_a_400_or_a_closed_connection(web: Process) -> None:
    for number, data in enumerate(NO_HTTP):
        with socket.create_connection(("127.0.0.1", web.port or 0), timeout=5) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            answer = raw.recv(65536)
            assert not answer or answer[9:12] in (b"400", b"404", b"413", b"431", b"405"), (
                number,
                answer[:100],
            )


def test_a_body_that_never_comes_whole_holds_nothing(web: Process) -> None:
    head = b"POST /api/hauler/location HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Authorization: Bearer " + token(*PAT).encode() + b"\r\n"
    for rest in (
        b"Content-Length: 100\r\n\r\n" + b'{"lat"',
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", web.port or 0), timeout=5) as raw:
            raw.sendall(head + rest)


def test_a_hundred_megabytes_in_chunks_are_refused_early(web: Process) -> None:
    head = b"POST /api/hauler/location HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Authorization: Bearer " + token(*PAT).encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk, sent = b"10000\r\n" + b"x" * 65536 + b"\r\n", 0
    with socket.create_connection(("127.0.0.1", web.port or 0), timeout=10) as raw:
        raw.sendall(head)
        try:
            while sent < 100_000_000:
                raw.sendall(chunk)
                sent += 65536
        except OSError:
            pass
        answer = b""
        with contextlib.suppress(OSError):
            answer = raw.recv(65536)
    assert sent < 20_000_000
    assert not answer or answer.startswith(b"HTTP/1.1 413")


def test_a_caller_who_asks_too_often_is_told_when_to_come_back(web: Process) -> None:
    async def flood() -> list[int]:
        headers = {"Authorization": f"Bearer {token('customer', 'flood')}"}

        async def some() -> list[int]:
            async with RawHttp(web.port or 0) as http:
                answers = [await http.ask("GET", "/api/me", headers) for _ in range(100)]
            assert all("retry-after" in answer.headers for answer in answers if answer.status == 429)
            return [answer.status for answer in answers]

        return [status for part in await asyncio.gather(*(some() for _ in range(8))) for status in part]

    statuses = set(asyncio.run(flood()))
    assert statuses == {200, 429}
    assert call(web, CLEO, "GET", "/api/me")[0] == 200  # nobody else notices


def test_a_header_without_end_costs_neither_memory_nor_anybodys_time(web: Process) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    post = b"POST /api/hauler/location HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    post += b"Authorization: Bearer " + token(*PAT).encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    for beginning, piece in (
        (head, b"A: b\r\n" * 10_000),
        (head + b"A: ", b"x" * 60_000),
        (head, b"x" * 60_000),
        (b"GET /", b"x" * 60_000),
        (post + b"5;", b"x" * 60_000),
        (post + b"1\r\n{\r\n0\r\nA: ", b"x" * 60_000),
        (post + b"1\r\n{\r\n0\r\n", b"A: b\r\n" * 10_000),
        (b"", b"\r\n" * 30_000),
    ):
        assert sent_until_cut(web, beginning, piece) < 20_000_000, beginning[-20:]


def test_requests_sent_ahead_without_reading_the_answers_are_not_kept(web: Process) -> None:
    before = resident_mb(web)
    for path in (b"/healthz", b"/openapi.json"):
        ahead = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        assert sent_until_cut(web, b"", ahead * 1000) < 20_000_000
    assert resident_mb(web) - before < 20
    with socket.create_connection(("127.0.0.1", web.port or 0), timeout=5) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 10)  # a few are fine
        answers = b""
        while answers.count(b'{"status":"ok"}') < 10:
            answers += raw.recv(65536)


def sent_until_cut(web: Process, beginning: bytes, piece: bytes) -> int:
    """How many bytes of a request without end are taken, up to 30 MB, by a server that serves others."""
    sent = 0
    with socket.create_connection(("127.0.0.1", web.port or 0), timeout=5) as raw:
        with contextlib.suppress(OSError):
            raw.sendall(beginning)
            while sent < 30_000_000:
                raw.sendall(piece)
                sent += len(piece)
        begun = time.monotonic()
        assert call(web, PAT, "GET", "/api/me")[0] == 200
        assert time.monotonic() - begun < 1 + BUSY_S
    return sent
