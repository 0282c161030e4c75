"""Who may not share a visit, and what a shared link may not do, on every route of the running application."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.company import DOOR
from tests.listening import listening
from tests.running import Process
from tests.test_bad_auth import job_routes, link_to, without_number
from tests.unharmed import CLEO, DEE, PAT, QUINN, ROOT, ZOE, abused, asked, call, call_as, job_in, unharmed
from tracker.local_postgres import PostgresServer

NO_JOB = "00000000-0000-4000-8000-000000000000"
MADE_UP = {"endpoint": "https://fcm.googleapis.com/fcm/send/x", "keys": {"p256dh": "x", "auth": "x"}}


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def as_link(secret: str) -> dict[str, str]:
    return {"Authorization": f"Link {secret}"}


def shared_link(web: Process, job_id: str) -> dict[str, str]:
    """A link that the customer passed on, for the header."""
    who = CLEO if asked(web, "SELECT customer_id FROM jobs WHERE id = $1", job_id) == "cleo" else ZOE
    status, made = call(web, who, "POST", f"/api/jobs/{job_id}/shared-links")
    assert status == 200, made
    return as_link(made["link"])


@pytest.mark.parametrize("status", ["en_route", "completed"])
def test_a_shared_link_opens_the_live_visit_and_no_other_route(web: Process, status: str) -> None:
    job_id = job_in(web, "en_route")
    neighbour = shared_link(web, job_id)
    if status == "completed":
        for step in ("arrived", "in_progress", "completed"):
            assert call(web, DEE, "POST", f"/api/jobs/{job_id}/status", {"status": step})[0] == 200
    kept = "SELECT (status, pro_id, price_cents, final_price_cents, tip_cents, window_start)::text FROM jobs"
    before = asked(web, f"{kept} WHERE id = $1", job_id)
    routes = job_routes(web)
    assert len(routes) > 20
    for method, path, _, body, _ in routes:
        looks = method == "GET" and path.removeprefix("/api/jobs/{id}") in ("", "/trail")
        answer = call_as(web, neighbour, method, path.format(id=job_id), body)
        assert answer[0] == (200 if looks else 403), (method, path)
    for method, path, content in (
        ("POST", "/api/reviews", {"job_id": job_id, "rating": 5}),
        ("GET", "/api/push/key", None),
        ("POST", "/api/push/subscriptions", MADE_UP),
        ("DELETE", "/api/push/subscriptions/1", None),
        ("GET", "/api/me", None),
        ("POST", "/api/me/sign-out", None),
        ("GET", "/api/dispatch/jobs", None),
    ):
        assert call_as(web, neighbour, method, path, content)[0] == 403, path
    assert asked(web, f"{kept} WHERE id = $1", job_id) == before
    assert asked(web, "SELECT count(*) FROM reviews WHERE job_id = $1", job_id) == 0


def test_a_shared_link_watches_and_says_nothing(web: Process) -> None:
    job_id, other = job_in(web, "en_route"), job_in(web, "en_route", pro="quinn", customer="zoe")
    neighbour = shared_link(web, job_id)["Authorization"].removeprefix("Link ")

    async def story() -> None:
        async with await listening(web.url, link=neighbour) as client:
            assert (await client.call("watch"))["ok"]
            assert (await client.call("watch", {"job_id": other}))["error"]["code"] == "not_found"
            for event, data in (
                ("heartbeat", {"lat": DOOR[0], "lng": DOOR[1]}),
                ("watch_fleet", {"bbox": [-3, 53, -2, 54]}),
                ("watch_feed", {"lat": 53.4, "lng": -2.9}),
            ):
                assert (await client.call(event, data))["error"]["code"] == "forbidden"

    asyncio.run(story())


def test_a_socket_that_did_not_watch_when_its_link_died_does_not_watch_afterwards(web: Process) -> None:
    job_id = job_in(web, "en_route")
    neighbour = shared_link(web, job_id)["Authorization"].removeprefix("Link ")

    async def story() -> None:
        async with await listening(web.url, link=neighbour) as client:
            assert (await asyncio.to_thread(call, web, DEE, "DELETE", f"/api/jobs/{job_id}/tracking-link"))[0]
            assert (await client.call("watch"))["error"]["code"] == "not_found"

    asyncio.run(story())


def test_nobody_shares_lists_or_stops_a_visit_that_is_not_theirs(web: Process) -> None:
    job_id, other = job_in(web, "en_route"), job_in(web, "en_route", pro="quinn", customer="zoe")
    made = call(web, CLEO, "POST", f"/api/jobs/{job_id}/shared-links")[1]["shared"]["id"]
    foreign = as_link(link_to(web, other))
    for method, path in (
        ("POST", "/shared-links"),
        ("GET", "/shared-links"),
        ("DELETE", f"/shared-links/{made}"),
    ):
        at_job, at_none = f"/api/jobs/{job_id}{path}", f"/api/jobs/{NO_JOB}{path}"
        nothing = without_number(call(web, ZOE, method, at_none))
        assert nothing[0] == 404
        assert without_number(call(web, ZOE, method, at_job)) == nothing
        assert without_number(call_as(web, foreign, method, at_job)) == nothing
        for who in (PAT, QUINN, DEE, ROOT):
            assert call(web, who, method, at_job)[0] == 403, who
        assert call(web, None, method, at_job)[0] == 401
    shared = "SELECT count(*) FROM tracking_links WHERE kind = 'shared' AND job_id = ANY($1::uuid[])"
    assert asked(web, shared, [job_id, other]) == 1
    assert asked(web, "SELECT count(*) FROM tracking_links WHERE id = $1 AND revoked_at IS NULL", made) == 1


def test_stopping_takes_a_shared_link_of_this_job_and_nothing_else(web: Process) -> None:
    job_id, other = job_in(web, "en_route"), job_in(web, "en_route", customer="zoe", pro="quinn")
    own = as_link(link_to(web, job_id))
    own_id = asked(web, "SELECT max(id) FROM tracking_links")
    foreign = call(web, ZOE, "POST", f"/api/jobs/{other}/shared-links")[1]["shared"]["id"]
    made = call_as(web, own, "POST", f"/api/jobs/{job_id}/shared-links")[1]["shared"]["id"]
    for number in (own_id, foreign, 2**62):
        status, problem = call_as(web, own, "DELETE", f"/api/jobs/{job_id}/shared-links/{number}")
        assert (status, problem["code"]) == (404, "not_found")
    for number in ("0", "-1", "x", str(2**64), "1e3", "%00"):
        assert call_as(web, own, "DELETE", f"/api/jobs/{job_id}/shared-links/{number}")[0] in (404, 422)
    path = f"/api/jobs/{job_id}/shared-links/{made}"
    assert [call_as(web, own, "DELETE", path)[0] for _ in range(2)] == [204, 404]
    living = "SELECT count(*) FROM tracking_links WHERE id = ANY($1::bigint[]) AND revoked_at IS NULL"
    assert asked(web, living, [own_id, foreign]) == 2


def test_an_own_link_that_was_revoked_shares_nothing_more(web: Process) -> None:
    job_id = job_in(web, "en_route")
    own = as_link(link_to(web, job_id))

    def share_and_revoke(revoke: bool) -> tuple[int, Any]:
        if revoke:
            return call(web, DEE, "DELETE", f"/api/jobs/{job_id}/tracking-link")
        return call_as(web, own, "POST", f"/api/jobs/{job_id}/shared-links")

    async def at_once() -> list[tuple[int, Any]]:
        turns = [False] * 3 + [True] + [False] * 3
        return await asyncio.gather(*(asyncio.to_thread(share_and_revoke, revoke) for revoke in turns))

    answers = asyncio.run(at_once())
    assert {status for status, _ in answers} <= {200, 204, 401, 409}
    alive = "SELECT count(*) FROM tracking_links WHERE job_id = $1 AND revoked_at IS NULL"
    assert asked(web, alive, job_id) == 0
    assert call_as(web, own, "POST", f"/api/jobs/{job_id}/shared-links")[0] == 401


def test_a_suspended_customers_link_acts_for_nobody(web: Process) -> None:
    job_id = job_in(web, "completed", customer="zoe")
    going_on = job_in(web, "en_route", customer="zoe", pro="quinn")
    asked(
        web,
        "INSERT INTO tracking_links (job_id, token_hash, created_by)"
        " VALUES ($1, sha256('own'), 'dee') RETURNING 1",
        job_id,
    )
    ended, own = as_link("own"), as_link(link_to(web, going_on))
    assert call(web, DEE, "POST", "/api/dispatch/people/zoe/suspend")[0] == 200
    try:
        for link, method, path, body in (
            (ended, "GET", f"/api/jobs/{job_id}/receipt", None),
            (ended, "POST", f"/api/jobs/{job_id}/tip", {"amount_cents": 500, "key": "k"}),
            (own, "POST", f"/api/jobs/{going_on}/tip", {"amount_cents": 500, "key": "k"}),
            (own, "POST", f"/api/jobs/{going_on}/shared-links", None),
            (own, "GET", f"/api/jobs/{going_on}/shared-links", None),
        ):
            assert call_as(web, link, method, path, body)[0] == 404, path
        assert asked(web, "SELECT sum(tip_cents) FROM jobs WHERE id IN ($1, $2)", job_id, going_on) == 0
    finally:
        assert call(web, DEE, "POST", "/api/dispatch/people/zoe/reinstate")[0] == 200
