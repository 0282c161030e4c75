"""A visit passed on: the customer's neighbour follows it, sees nothing else, and only as long as they may."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db.pool import Database
from db.tracking_links import has_living_link
from rooms.principal import Role
from tests.company import found_company, with_database
from tests.errands import connect, fix
from tests.listening import listening
from tests.patience import BUSY_S
from tests.running import Process, serving, token
from tests.unharmed import CLEO, DEE, abused, asked, call, call_as, forget_database, job_in
from tracker.local_postgres import PostgresServer
from tracker.socket_client import SocketRefused

CUT_WITHIN_S = 1 + BUSY_S


@pytest.fixture(scope="module")
def web(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


def own_link(web: Process, job_id: str) -> dict[str, str]:
    """The customer's own link, as it is texted to them, for the header."""
    status, made = call(web, DEE, "POST", f"/api/jobs/{job_id}/tracking-link")
    assert status == 200
    return {"Authorization": f"Link {made['link']}"}


def shared(web: Process, own: dict[str, str], job_id: str) -> dict[str, Any]:
    """A link that the holder of `own` passed on."""
    status, made = call_as(web, own, "POST", f"/api/jobs/{job_id}/shared-links")
    assert status == 200, made
    return made


def listed(web: Process, job_id: str) -> list[dict[str, Any]]:
    status, answer = call(web, CLEO, "GET", f"/api/jobs/{job_id}/shared-links")
    assert (status, answer["at_most"]) == (200, 5)
    return list(answer["links"])


def test_a_neighbour_follows_the_pro_and_is_told_no_more_than_that(web: Process) -> None:
    job_id = job_in(web, "en_route")
    asked(web, "UPDATE jobs SET notes = 'The key is under the mat' WHERE id = $1 RETURNING 1", job_id)
    asked(web, "UPDATE people SET rating_count = 3, rating_sum = 14 WHERE id = 'pat' RETURNING 1")
    own = own_link(web, job_id)
    made = shared(web, own, job_id)
    assert made["url"] == f"{web.url}/track/{made['link']}"

    async def story() -> None:
        async with (
            await connect(web, "pro", "pat") as pat,
            await listening(web.url, link=made["link"]) as next_door,
        ):
            await pat.call("heartbeat", fix(2000, ago_s=20))
            snapshot = (await next_door.call("watch"))["snapshot"]
            assert snapshot["shared"] is True
            assert snapshot["position"]["job_id"] == job_id
            assert snapshot["job"]["pro"] == {
                "name": "Pat Mason",
                "photo": None,
                "rating": 4.67,
                "rating_count": 3,
            }
            await pat.call("heartbeat", fix(1900))
            assert (await next_door.hears("location_update"))["lat"] == fix(1900)["lat"]
        async with await listening(web.url, link=own["Authorization"].removeprefix("Link ")) as customer:
            assert (await customer.call("watch"))["snapshot"]["shared"] is False

    asyncio.run(story())
    status, job = call_as(web, {"Authorization": f"Link {made['link']}"}, "GET", f"/api/jobs/{job_id}")
    assert status == 200
    hidden = ("notes", "price_cents", "final_price_cents", "tip_cents", "reference", "customer", "install")
    assert [job[name] for name in hidden] == [None] * len(hidden)


def test_the_customer_sees_which_links_there_are_and_takes_one_back(web: Process) -> None:
    job_id = job_in(web, "accepted")
    own = own_link(web, job_id)
    kept, gone = shared(web, own, job_id), shared(web, own, job_id)
    assert [(one["id"], one["seen_at"]) for one in listed(web, job_id)] == [
        (kept["shared"]["id"], None),
        (gone["shared"]["id"], None),
    ]

    async def story() -> None:
        async with (
            await listening(web.url, link=kept["link"]) as stays,
            await listening(web.url, link=gone["link"]) as goes,
        ):
            for neighbour in (stays, goes):
                assert (await neighbour.call("watch"))["ok"]
            assert all(one["seen_at"] for one in await asyncio.to_thread(listed, web, job_id))
            path = f"/api/jobs/{job_id}/shared-links/{gone['shared']['id']}"
            assert (await asyncio.to_thread(call_as, web, own, "DELETE", path))[0] == 204
            await goes.hears("revoked")
            await goes.is_cut(CUT_WITHIN_S)
            assert (await stays.call("watch"))["ok"]
        with pytest.raises(SocketRefused):
            await listening(web.url, link=gone["link"])

    asyncio.run(story())
    assert [one["id"] for one in listed(web, job_id)] == [kept["shared"]["id"]]


def test_a_household_has_five_at_a_time_however_many_ask_at_once(web: Process) -> None:
    job_id = job_in(web, "accepted")
    own = own_link(web, job_id)

    async def ask_at_once() -> list[tuple[int, dict[str, Any]]]:
        path = f"/api/jobs/{job_id}/shared-links"
        return await asyncio.gather(*(asyncio.to_thread(call_as, web, own, "POST", path) for _ in range(9)))

    answers = asyncio.run(ask_at_once())
    assert sorted(status for status, _ in answers) == [200] * 5 + [409] * 4
    refused = next(answer for status, answer in answers if status == 409)
    assert (refused["code"], refused["at_most"]) == ("too_many_shared_links", 5)
    first = listed(web, job_id)[0]["id"]
    assert call(web, CLEO, "DELETE", f"/api/jobs/{job_id}/shared-links/{first}")[0] == 204
    shared(web, own, job_id)
    assert len(listed(web, job_id)) == 5


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_shared_links_die_with_the_customers_own(web: Process, method: str) -> None:
    job_id = job_in(web, "en_route")
    made = shared(web, own_link(web, job_id), job_id)

    async def story() -> None:
        async with await listening(web.url, link=made["link"]) as neighbour:
            assert (await neighbour.call("watch"))["ok"]
            await asyncio.to_thread(call, web, DEE, method, f"/api/jobs/{job_id}/tracking-link")
            await neighbour.is_cut(CUT_WITHIN_S)

    asyncio.run(story())
    assert listed(web, job_id) == []


def test_a_shared_link_is_no_reason_to_open_a_page_that_was_closed(web: Process) -> None:
    """The link in a message is replaced where the customer has another of their own, and only there."""
    job_id = job_in(web, "en_route")
    assert call(web, CLEO, "POST", f"/api/jobs/{job_id}/shared-links")[0] == 200

    async def has_own(database: Database) -> bool:
        async with database.connection() as conn:
            return await has_living_link(conn, UUID(job_id), datetime.now(UTC))

    assert with_database(web.env["DATABASE_URL"], has_own) is False
    own_link(web, job_id)
    assert with_database(web.env["DATABASE_URL"], has_own) is True


def test_the_end_of_the_visit_is_the_end_of_sharing(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    own = own_link(web, job_id)
    made = shared(web, own, job_id)
    assert call(web, DEE, "POST", f"/api/jobs/{job_id}/status", {"status": "completed"})[0] == 200
    status, refused = call_as(web, own, "POST", f"/api/jobs/{job_id}/shared-links")
    assert (status, refused["code"]) == (409, "job_ended")

    async def story() -> None:
        async with await listening(web.url, link=made["link"]) as neighbour:
            snapshot = (await neighbour.call("watch"))["snapshot"]
            assert (snapshot["job"]["status"], snapshot["position"], snapshot["trail"]) == (
                "completed",
                None,
                [],
            )
            ended = "UPDATE tracking_links SET expires_at = now() WHERE job_id = $1 RETURNING 1"
            await asyncio.to_thread(asked, web, ended, job_id)  # the grace period is over
        with pytest.raises(SocketRefused):
            await listening(web.url, link=made["link"])

    asyncio.run(story())
    assert listed(web, job_id) == []


def test_a_link_that_is_taken_back_on_one_node_ends_on_the_other_at_once(
    folder: Path, database_url: str, valkey_url: str
) -> None:
    with_database(database_url, found_company)
    a, b = (serving(folder, database_url, valkey_url) for _ in range(2))
    a.launch()
    with b, a:
        job_id = job_in(a, "en_route")
        made = shared(a, own_link(a, job_id), job_id)

        async def story() -> None:
            async with await listening(b.url, link=made["link"]) as neighbour:
                assert (await neighbour.call("watch"))["ok"]
                path = f"/api/jobs/{job_id}/shared-links/{made['shared']['id']}"
                assert (await asyncio.to_thread(call, a, CLEO, "DELETE", path))[0] == 204
                await neighbour.is_cut(CUT_WITHIN_S)

        asyncio.run(story())
        forget_database(database_url)


def test_the_customer_without_a_link_shares_with_their_own_token(web: Process) -> None:
    job_id = job_in(web, "accepted")
    with web.http(token(Role.CUSTOMER, "cleo")) as cleo:
        made = cleo.post(f"/api/jobs/{job_id}/shared-links").raise_for_status().json()
    assert call_as(web, {"Authorization": f"Link {made['link']}"}, "GET", f"/api/jobs/{job_id}")[0] == 200
