"""Saved views: a dispatcher's own by name, shared ones seen by all, changed by who made them or an admin."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.running import Process
from tests.unharmed import DEE, ROOT, abused, call, job_in
from tracker.local_postgres import PostgresServer

VIEWS = "/api/dispatch/views"
DAN = ("dispatcher", "dan")  # without a record of his own
URGENT = {"status": "open,accepted", "flags": "critical", "from": "today", "sort": "window"}


@pytest.fixture(scope="module")
def web(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as web:
        yield web


def save(web: Process, who: tuple[str, str], name: str, **facts: Any) -> tuple[int, dict[str, Any]]:
    return call(web, who, "POST", VIEWS, {"name": name, "filter": URGENT, **facts})


def seen_by(web: Process, who: tuple[str, str]) -> list[tuple[str, bool, bool]]:
    """(name, mine, may change) of each view somebody sees, in order."""
    status, answer = call(web, who, "GET", VIEWS)
    assert status == 200
    return [(view["name"], view["mine"], view["may_change"]) for view in answer["views"]]


def test_a_view_comes_back_as_it_was_saved_and_is_what_the_board_takes(web: Process) -> None:
    job_in(web, "open")
    status, made = save(web, DEE, "Urgent today")
    assert (status, made["view"]["filter"], made["view"]["owner"]) == (200, URGENT, "Dee Novak")
    view = call(web, DEE, "GET", VIEWS)[1]["views"][0]
    assert view == made["view"]
    assert call(web, DEE, "GET", f"/api/dispatch/board?{urlencode(view['filter'])}")[0] == 200
    number = view["id"]
    changed = {"name": "Alle offenen 🚚", "filter": {"status": "open"}, "shared": True}
    status, answer = call(web, DEE, "PUT", f"{VIEWS}/{number}", changed)
    assert (status, {name: answer["view"][name] for name in changed}) == (200, changed)
    found = call(web, DEE, "GET", f"/api/dispatch/board?{urlencode(answer['view']['filter'])}")[1]
    assert len(found["cards"]) == 1
    assert call(web, DEE, "DELETE", f"{VIEWS}/{number}") == (204, {})
    assert call(web, DEE, "DELETE", f"{VIEWS}/{number}")[0] == 404
    assert seen_by(web, DEE) == []


def test_others_see_what_is_shared_and_only_an_admin_changes_it_for_them(web: Process) -> None:
    shared = save(web, DAN, "Late", shared=True)[1]["view"]
    private = save(web, DAN, "My corner")[1]["view"]
    save(web, DEE, "Zebra")
    assert shared["owner"] == "dan"
    assert seen_by(web, DEE) == [("Zebra", True, True), ("Late", False, False)]
    assert seen_by(web, ROOT) == [("Late", False, True)]
    assert seen_by(web, DAN) == [("Late", True, True), ("My corner", True, True)]
    body = {"name": "Mine now", "filter": {}, "shared": True}
    for method in ("PUT", "DELETE"):
        sent = body if method == "PUT" else None
        assert call(web, DEE, method, f"{VIEWS}/{shared['id']}", sent)[0] == 403
        for who in (DEE, ROOT):  # what somebody keeps to themselves is nothing to anybody else
            assert call(web, who, method, f"{VIEWS}/{private['id']}", sent)[0] == 404
    assert call(web, ROOT, "PUT", f"{VIEWS}/{shared['id']}", body)[1]["view"]["owner_id"] == "dan"
    assert call(web, DAN, "PUT", f"{VIEWS}/{shared['id']}", {**body, "shared": False})[0] == 200
    assert seen_by(web, DEE) == [("Zebra", True, True)]


def test_a_name_is_used_once_by_each_person_and_a_double_tap_saves_once(web: Process) -> None:
    ann = ("dispatcher", "ann")
    with ThreadPoolExecutor(4) as taps:
        statuses = sorted(taps.map(lambda _: save(web, ann, "Today")[0], range(4)))
    assert statuses == [200, 409, 409, 409]
    assert save(web, ann, "Today")[1]["code"] == "view_name_taken"
    assert save(web, ("dispatcher", "bob"), "Today")[0] == 200
    number = save(web, ann, "Tomorrow")[1]["view"]["id"]
    status, refused = call(web, ann, "PUT", f"{VIEWS}/{number}", {"name": "Today", "filter": {}})
    assert (status, refused["code"]) == (409, "view_name_taken")
    assert seen_by(web, ann) == [("Today", True, True), ("Tomorrow", True, True)]


def test_fifty_views_are_enough_for_anybody_also_when_saved_at_once(web: Process) -> None:
    eve = ("dispatcher", "eve")
    for number in range(47):
        assert save(web, eve, f"View {number:02}")[0] == 200
    with ThreadPoolExecutor(6) as taps:
        answers = list(taps.map(lambda n: save(web, eve, f"At once {n}"), range(6)))
    assert sorted(status for status, _ in answers) == [200] * 3 + [409] * 3
    assert {answer.get("code") for _, answer in answers} == {None, "too_many_views"}
    assert len(seen_by(web, eve)) == 50
