"""The board and its saved views as strangers and broken clients use them: a 4xx, an ack, nothing written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote
from uuid import uuid4

import pytest

from bench.bad_values import SQL
from tests.errands import link_to, move
from tests.listening import listening
from tests.running import Process, token
from tests.unharmed import CLEO, DEE, PAT, abused, asked, call, call_as, job_in, unharmed
from tracker.local_postgres import PostgresServer

BOARD, VIEWS = "/api/dispatch/board", "/api/dispatch/views"
VIEW = {"name": "Mine", "filter": {}}
STAFF_ONLY = [
    ("GET", BOARD, None),
    ("GET", f"{BOARD}?format=csv", None),
    ("GET", "/api/dispatch/payouts?format=csv", None),
    ("GET", VIEWS, None),
    ("POST", VIEWS, VIEW),
    ("PUT", f"{VIEWS}/1", VIEW),
    ("DELETE", f"{VIEWS}/1", None),
]


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def test_the_board_is_dispatchs_and_nobody_elses(web: Process) -> None:
    job_id = job_in(web, "en_route")
    link = {"Authorization": f"Link {link_to(web, job_id)}"}
    for method, path, body in STAFF_ONLY:
        for who in (PAT, CLEO):
            assert call(web, who, method, path, body)[0] == 403, (who, path)
        assert call_as(web, link, method, path, body)[0] == 403, path
        assert call(web, None, method, path, body)[0] == 401, path

    async def story() -> None:
        async with (
            await listening(web.url, token=token(*PAT)) as pat,
            await listening(web.url, token=token(*CLEO)) as cleo,
            await listening(web.url, link=link_to(web, job_id)) as guest,
            await listening(web.url, token=token(*DEE)) as dee,
        ):
            for nosy in (pat, cleo, guest):
                assert (await nosy.call("watch_board"))["error"]["code"] == "forbidden"
                assert (await nosy.call("unwatch_board"))["ok"]
            assert (await dee.call("watch_board"))["ok"]
            await asyncio.to_thread(move, web, job_id, "arrived")
            await dee.hears("board_changed", lambda told: told["jobs"] == [job_id])
            assert [nosy.all("board_changed") for nosy in (pat, cleo, guest)] == [[], [], []]

    asyncio.run(story())


def test_a_filter_that_means_nothing_is_refused_by_name_and_not_saved(web: Process) -> None:
    for name, value in (
        ("status", "open,lost"),
        ("status", ""),
        ("status", "open,"),
        ("flags", "some"),
        ("lane", "byo"),
        ("lane", "BYO,,HYBRID"),
        ("money", "gone"),
        ("money", "held,'"),
        ("from", "yesterday"),
        ("from", "2026-02-30"),
        ("to", "0001-01-01"),
        ("to", "2026-11-21\n"),
        ("to", "2026-11-21T00:00:00Z"),
        ("sort", "oldest"),
        ("late", "yes"),
        ("unassigned", "nobody"),
        ("search", ""),
        ("search", "x" * 101),
        ("pro_id", "p" * 129),
        ("nonsense", "1"),
    ):
        status, refused = call(web, DEE, "GET", f"{BOARD}?{name}={quote(value)}")
        assert status == 422, (name, value)
        assert refused.get("field", "nonsense") == name, refused
        body = {"name": "Bad", "filter": {name: value}}
        assert call(web, DEE, "POST", VIEWS, body)[0] == 422, (name, value)
    for query in ("from=2026-11-22&to=2026-11-21", "from=tomorrow&to=today"):
        assert call(web, DEE, "GET", f"{BOARD}?{query}")[0] == 422
    assert asked(web, "SELECT count(*) FROM saved_views") == 0


def test_pages_and_ids_that_cannot_be_are_refused(web: Process) -> None:
    for query in (
        "limit=0",
        "limit=1001",
        "cursor=x",
        "cursor=MjAyNi0xMS0yMXxub3RoaW5n",
        "ids=",
        "ids=1",
        f"ids={uuid4()},",
        "ids=" + ",".join([str(uuid4())] * 201),
        "format=xml",
    ):
        assert call(web, DEE, "GET", f"{BOARD}?{query}")[0] == 422, query
    status, nothing = call(web, DEE, "GET", f"{BOARD}?ids={uuid4()}")
    assert (status, nothing["cards"], nothing["next"]) == (200, [], None)


def test_a_view_of_the_wrong_shape_is_refused_and_any_text_is_a_name(web: Process) -> None:
    for body in (
        {},
        {"name": "No filter"},
        {"filter": {}},
        {"name": "", "filter": {}},
        {"name": " x", "filter": {}},
        {"name": "x\n", "filter": {}},
        {"name": "two\nlines", "filter": {}},
        {"name": "n" * 61, "filter": {}},
        {"name": 1, "filter": {}},
        {"name": "List", "filter": []},
        {"name": "Null", "filter": None},
        {"name": "Pages", "filter": {"limit": 5}},
        {"name": "Ids", "filter": {"ids": str(uuid4())}},
        {"name": "Number", "filter": {"search": 5}},
        {"name": "Shared", "filter": {}, "shared": "yes"},
        {"name": "Owner", "filter": {}, "owner_id": "root"},
    ):
        assert call(web, DEE, "POST", VIEWS, body)[0] == 422, body
        assert call(web, DEE, "PUT", f"{VIEWS}/1", body)[0] == 422, body
    assert call(web, DEE, "PUT", f"{VIEWS}/{2**63 - 1}", VIEW)[0] == 404
    assert asked(web, "SELECT count(*) FROM saved_views") == 0
    texts = [text.strip()[:60].strip() for text in SQL if "\n" not in text and text.strip()]
    for text in {*texts, "<script>alert(1)</script>", "‮gnp.exe", "👩‍👩‍👧"}:
        status, made = call(web, DEE, "POST", VIEWS, {"name": text, "filter": {"search": text}})
        assert (status, made["view"]["name"], made["view"]["filter"]) == (200, text, {"search": text})
        assert call(web, DEE, "GET", f"{BOARD}?search={quote(text)}&customer={quote(text)}")[0] == 200
        assert call(web, DEE, "DELETE", f"{VIEWS}/{made['view']['id']}")[0] == 204


def test_a_screen_that_watches_and_leaves_at_any_moment_leaves_nothing_behind(web: Process) -> None:
    job_in(web, "open")

    async def story() -> None:
        for steps in (
            ["watch_board"],
            ["watch_board", "watch_board", "watch_board"],
            ["unwatch_board", "watch_board", "unwatch_board", "unwatch_board"],
            ["watch_board", "watch_fleet"],
        ):
            async with await listening(web.url, token=token(*DEE)) as dee:
                await asyncio.gather(*(dee.call(step, {}) for step in steps))
        async with await listening(web.url, token=token(*DEE)) as dee:
            for data in ({"status": "open"}, {"jobs": []}):
                assert (await dee.call("watch_board", data))["error"]["code"] == "invalid"
                assert (await dee.call("unwatch_board", data))["error"]["code"] == "invalid"

    asyncio.run(story())
