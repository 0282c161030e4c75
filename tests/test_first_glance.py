"""What the customer's page learns before it has a socket: the same as from one, for the same links only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.raw_http import RawHttp
from db.pool import Database
from tests.company import add_job, found_company, with_company, with_database
from tests.errands import fix, job, link_to, post
from tests.listening import listening
from tests.pages import chromium, visiting
from tests.running import Process, serving, token

PAT, DEE = ("pro", "pat"), ("dispatcher", "dee")


@pytest.fixture
def web(folder: Path, database_url: str) -> Iterator[Process]:
    with_database(database_url, found_company)
    with serving(folder, database_url) as process:
        yield process


def glance(web: Process, link: str) -> httpx.Response:
    """What the page's markup asks for."""
    return httpx.get(f"{web.url}/track/{link}?now", timeout=10)


async def watched(web: Process, link: str) -> dict[str, Any]:
    """What a socket's first `watch` answers."""
    async with await listening(web.url, link=link) as customer:
        return await customer.call("watch")


def heartbeat(web: Process) -> None:
    """Pat is half a kilometre away."""
    with web.http(token(*PAT)) as http:
        http.post("/api/hauler/location", json=fix(500)).raise_for_status()


def test_the_first_glance_is_what_the_first_watch_answers(web: Process) -> None:
    link = link_to(web, job(web, "en_route"))
    heartbeat(web)
    answer = glance(web, link)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["snapshot"]["position"] is not None
    assert answer.json() == asyncio.run(watched(web, link))


@pytest.mark.browser
def test_the_page_shows_the_visit_and_the_dot_before_its_socket_answers(
    web: Process, chromium_path: str
) -> None:
    link = link_to(web, job(web, "en_route"))
    heartbeat(web)
    asked: list[str] = []
    with chromium(chromium_path) as browser, visiting(browser, "about:blank") as customer:
        customer.page.route_web_socket("**", lambda _socket: None)  # it opens, and nobody speaks
        customer.page.on("request", lambda request: asked.append(request.url))
        customer.page.clock.install()
        customer.page.goto(f"{web.url}/track/{link}")
        customer.sees("#status", "Pat Mason is on the way")
        customer.page.locator(".vehicle").wait_for()
        # The markup's glance and the script's are one, and the page's own styles are in it.
        assert [url.endswith("?now") for url in asked].count(True) == 1
        assert not [url for url in asked if url.endswith(".css") and "base_map" not in url]
        assert customer.text("#own") == ""
        customer.page.clock.fast_forward(9_000)
        customer.sees("#own", "Reconnecting to us…")  # a glance is no promise that more will come


def test_a_glance_shows_no_pro_who_has_not_set_out(web: Process) -> None:
    link = link_to(web, job(web, "accepted"))
    heartbeat(web)
    snapshot = glance(web, link).json()["snapshot"]
    assert (snapshot["position"], snapshot["trail"], snapshot["eta"]) == (None, [], None)


def test_links_that_open_nothing_are_refused_alike(web: Process) -> None:
    job_id = job(web, "en_route")
    link = link_to(web, job_id)
    with web.http(token(*DEE)) as http:
        http.delete(f"/api/jobs/{job_id}/tracking-link").raise_for_status()
    answers = [glance(web, each) for each in (link, "unknown", "x" * 500, "%00")]
    assert {answer.status_code for answer in answers} == {401}
    problems = [{**answer.json(), "request_id": None, "instance": None} for answer in answers]
    assert all(problem == problems[0] for problem in problems)


def test_a_link_that_was_passed_on_glances_as_it_watches(web: Process) -> None:
    job_id = job(web, "en_route")
    heartbeat(web)
    shared = str(post(web, f"/api/jobs/{job_id}/shared-links", ("customer", "cleo"))["link"])
    answer = glance(web, shared).json()
    assert answer["snapshot"]["shared"] is True
    assert answer == asyncio.run(watched(web, shared))


def test_a_glance_counts_towards_what_its_link_may_ask(web: Process) -> None:
    """It reads as much as a `watch`, and a link may be in many hands."""
    link = link_to(web, job(web, "en_route"))

    async def flood() -> set[int]:
        async def some() -> list[int]:
            glances = []
            async with RawHttp(web.port or 0) as http:
                for turn in range(100):
                    if turn % 10:
                        await http.ask("GET", "/api/push/key", {"Authorization": f"Link {link}"})
                    else:
                        glances.append((await http.ask("GET", f"/track/{link}?now")).status)
            return glances

        return {status for part in await asyncio.gather(*(some() for _ in range(8))) for status in part}

    assert asyncio.run(flood()) == {200, 429}
    assert glance(web, "unknown").status_code == 401


@pytest.mark.browser
def test_a_window_is_read_in_the_companys_time_wherever_it_is_read(
    folder: Path, database_url: str, chromium_path: str
) -> None:
    async def agree(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        async with database.connection() as conn:
            await conn.execute(
                "UPDATE jobs SET window_start = '2026-06-01T13:00Z', window_end = '2026-06-01T15:00Z'"
                " WHERE id = $1",
                job_id,
            )
        agreed.append(str(job_id))

    agreed: list[str] = []
    with_company(database_url, agree)
    with (
        serving(folder, database_url, TIME_ZONE="America/New_York") as web,
        chromium(chromium_path) as browser,
    ):
        address = f"{web.url}/track/{link_to(web, agreed[0])}"
        for zone, said in (("America/New_York", "9:00 AM–11:00 AM"), ("Asia/Tokyo", "11:00 AM (EDT)")):
            with visiting(browser, address, locale="en-US", timezone_id=zone) as reader:
                reader.sees("#facts", said)
