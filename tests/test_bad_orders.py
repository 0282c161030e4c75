"""Bad orders, stale and impossible edits, foreign jobs: refused, each for its reason, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.running import Process
from tests.unharmed import CLEO, DEE, PAT, QUINN, abused, asked, call, job_in, unharmed
from tracker.local_postgres import PostgresServer

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
ORDER: dict[str, Any] = {
    "reference": "good",
    "customer": {"name": "Ann Lee", "email": "ann@example.com"},
    "skill": "tv_mounting",
    "service": "Mount a TV",
    "lat": 53.4,
    "lng": -2.99,
    "address": "1 Some Street, Liverpool",
    "price_cents": 9000,
}
WRONG: list[dict[str, Any]] = [
    {"reference": ""},
    {"reference": "x" * 129},
    {"reference": 5},
    {"customer": {"name": ""}},
    {"customer": {"name": "A", "email": "no mail"}},
    {"customer": {"name": "A", "phone": "555 010 0100"}},
    {"customer": {"name": "A", "phone": "+1 555 010 0100 ext. 7"}},
    {"customer": {"name": "A", "phone": "call me"}},
    {"customer": {"name": "A", "role": "admin"}},
    {"customer": {"id": "pat", "name": "Pat"}},
    {"customer": {"id": "link:7", "name": "A"}},
    {"customer": {"id": "a\nb", "name": "A"}},
    {"customer": "cleo"},
    {"skill": "juggling"},
    {"skill": "TV_MOUNTING"},
    {"lat": 90.1},
    {"lat": "53.4"},
    {"lng": 1e308},
    {"price_cents": -1},
    {"price_cents": 100_000_001},
    {"price_cents": 90.5},
    {"items": [{"tv_size_in": 9}]},
    {"items": [{"quantity": 0}]},
    {"items": [{"mount_type": "FIXED"}]},
    {"items": [{"sku": "MOUNT-FIXED-55"}]},
    {"items": [{}] * 51},
    {"install": {"wall_type": "CHEESE"}},
    {"equipment_lane": "byo"},
    {"order_stage": "DELIVERED"},
    {"status": "completed"},
    {"final_price_cents": 1},
    {"metadata": {}},
    {"window_start": LATER.isoformat()},
    {"window_start": "0001-01-01T00:00:00+14:00", "window_end": "0001-01-01T02:00:00+14:00"},
    {"window_start": "9999-12-31T21:00:00-14:00", "window_end": "9999-12-31T23:59:59-14:00"},
    {"window_start": LATER.isoformat(), "window_end": LATER.isoformat()},
    {"window_start": LATER.isoformat(), "window_end": (LATER + timedelta(hours=13)).isoformat()},
    {"window_start": "2020-01-01T10:00:00Z", "window_end": "2020-01-01T12:00:00Z"},
    {"window_start": "2026-11-21T10:00:00", "window_end": "2026-11-21T12:00:00"},
    {"window_start": "tomorrow", "window_end": "later"},
]


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def refused(web: Process, method: str, path: str, body: object) -> str:
    status, answer = call(web, DEE, method, path, body)
    assert 400 <= status < 500, (path, body, answer)
    return f"{status} {answer['code']}"


def test_every_wrong_order_of_a_batch_is_refused_by_itself_and_leaves_nobody_behind(web: Process) -> None:
    orders = [{**ORDER, "reference": f"wrong-{number}", **wrong} for number, wrong in enumerate(WRONG)]
    lacking = [{k: v for k, v in ORDER.items() if k != key} for key in ORDER]
    people = asked(web, "SELECT count(*) FROM people")
    status, done = call(web, DEE, "POST", "/api/dispatch/orders/import", {"orders": [*orders, *lacking]})
    assert (status, done["created"], done["refused"]) == (200, 0, len(orders) + len(lacking))
    assert {one["code"] for one in done["outcomes"]} == {"invalid"}
    assert all(one["detail"] for one in done["outcomes"])
    assert asked(web, "SELECT count(*) FROM jobs WHERE source = 'import'") == 0
    assert asked(web, "SELECT count(*) FROM people") == people


def test_a_batch_of_the_wrong_shape_is_refused_whole(web: Process) -> None:
    path = "/api/dispatch/orders/import"
    for body in (
        {},
        {"orders": []},
        {"orders": [5]},
        {"orders": [None]},
        {"orders": {"0": ORDER}},
        {"orders": [ORDER], "source": "checkout"},
        {"orders": [{}] * 501},
    ):
        assert refused(web, "POST", path, body) == "422 invalid"
    assert refused(web, "POST", path, {"orders": [{**ORDER, "notes": "x" * 3000}] * 100}) == "413 too_large"
    for who in (PAT, CLEO):
        assert call(web, who, "POST", path, {"orders": [ORDER]})[0] == 403


def test_an_order_that_waits_for_payment_is_read_as_strictly_and_keeps_its_reference(web: Process) -> None:
    path = "/api/dispatch/orders"
    assert call(web, DEE, "POST", path, ORDER)[0] == 200
    assert refused(web, "POST", path, {**ORDER, "price_cents": 1}) == "409 reference_conflict"
    for number, wrong in enumerate(WRONG):
        assert refused(web, "POST", path, {**ORDER, "reference": f"w-{number}", **wrong}) == "422 invalid"
    assert asked(web, "SELECT count(*) FROM orders") == 1


def test_a_phone_without_its_country_is_refused_wherever_it_is_typed_and_kept_plain(web: Process) -> None:
    person = {"role": "pro", "name": "Pia", "phone": "0555 010 0100"}
    for phone in ("0555 010 0100", "+1", "+0 555 010 0100", "+1555010010\u0661", "+1 555 010 0100 0100 01"):
        assert refused(web, "PUT", "/api/dispatch/people/pia", {**person, "phone": phone}) == "422 invalid"
    assert asked(web, "SELECT count(*) FROM people WHERE id = 'pia'") == 0
    for phone in ("+1 (555) 010-0100", "001 555 010 0100", "+15550100100"):
        assert call(web, DEE, "PUT", "/api/dispatch/people/pia", {**person, "phone": phone})[0] == 200
        assert asked(web, "SELECT phone FROM people WHERE id = 'pia'") == "+15550100100"
    order = {**ORDER, "reference": "phoned", "customer": {"name": "Ann Lee", "phone": "+1 (555) 010-0177"}}
    assert call(web, DEE, "POST", "/api/dispatch/orders/import", {"orders": [order]})[1]["created"] == 1
    assert asked(web, "SELECT count(*) FROM people WHERE phone = '+15550100177'") == 1


def test_windows_that_nobody_can_mean_are_refused_and_the_job_stays(web: Process) -> None:
    job_id = job_in(web, "accepted")
    path = f"/api/jobs/{job_id}/schedule"
    hours = [(0, 0), (0, 0.1), (2, 1), (0, 12.1), (-60, -50), (24 * 400, 24 * 400 + 1)]
    for start, end in hours:
        body = {"window_start": at(start), "window_end": at(end)}
        assert refused(web, "POST", path, body) == "422 invalid"
    good = {"window_start": at(0), "window_end": at(1)}
    for wrong in (
        {"window_start": "0001-01-01T00:00:00+14:00"},
        {"window_end": "9999-12-31T23:59:59-14:00"},
        {"window_end": None},
        {"version": -1},
        {"version": "3"},
        {"pro_id": "quinn"},
        {"status": "scheduled"},
    ):
        assert refused(web, "POST", path, {**good, **wrong}) == "422 invalid"
    assert refused(web, "POST", path, {**good, "version": 2}) == "409 stale_version"
    assert call(web, CLEO, "POST", path, good)[0] == 403
    assert call(web, QUINN, "POST", path, good)[0] == 404
    over = job_in(web, "completed")
    assert refused(web, "POST", f"/api/jobs/{over}/schedule", good) == "409 transition_refused"
    assert asked(web, "SELECT status || version FROM jobs WHERE id = $1", job_id) == "accepted3"


def test_a_job_is_not_created_with_a_window_that_nobody_can_mean_nor_scheduled_without_one(
    web: Process,
) -> None:
    body = {key: value for key, value in ORDER.items() if key not in ("customer", "reference")}
    body["customer_id"] = "cleo"
    jobs = asked(web, "SELECT count(*) FROM jobs")
    for start, end in [(0, 0), (0, 0.1), (0, 12.1), (-60, -50), (24 * 400, 24 * 400 + 1)]:
        window = {"window_start": at(start), "window_end": at(end)}
        assert refused(web, "POST", "/api/jobs", {**body, **window}) == "422 invalid"
    assert refused(web, "POST", "/api/jobs", {**body, "window_start": at(0)}) == "422 invalid"
    assert asked(web, "SELECT count(*) FROM jobs") == jobs
    job_id = job_in(web, "accepted")
    for more in ({}, {"override_reason": "some time next week"}):
        path, step = f"/api/jobs/{job_id}/status", {"status": "scheduled", **more}
        status, answer = call(web, DEE, "POST", path, step)
        assert (status, answer["code"], len(answer["unmet"])) == (409, "guard_refused", 1)
    assert asked(web, "SELECT status || version FROM jobs WHERE id = $1", job_id) == "accepted3"


def test_a_stale_or_impossible_edit_is_told_the_current_version_or_why_and_changes_nothing(
    web: Process,
) -> None:
    job_id, over = job_in(web, "accepted"), job_in(web, "cancelled")
    edits: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", "install-details", {"wall_type": "BRICK"}),
        ("PUT", "equipment-lane", {"equipment_lane": "HYBRID"}),
        ("PUT", "order-stage", {"order_stage": "ORDERED"}),
        ("POST", "pain-flags", {"type": "SCOPE_MISMATCH", "severity": "LOW"}),
    ]
    for method, name, body in edits:
        path = f"/api/dispatch/jobs/{job_id}/{name}"
        for version in (0, 2, 4, 2**31):
            status, answer = call(web, DEE, method, path, {**body, "version": version})
            assert (status, answer["code"], answer["current"]) == (409, "stale_version", 3), (name, version)
        assert refused(web, method, path, body) == "422 invalid"  # without its version
        assert refused(web, method, path, {**body, "version": 3, "status": "paid"}) == "422 invalid"
        nowhere = f"/api/dispatch/jobs/{uuid4()}/{name}"
        assert refused(web, method, nowhere, {**body, "version": 3}) == "404 not_found"
        assert call(web, PAT, method, path, {**body, "version": 3})[0] == 403
        if name != "pain-flags":
            done = f"/api/dispatch/jobs/{over}/{name}"
            assert refused(web, method, done, {**body, "version": 2}) == "409 job_is_over"
    plan = f"/api/dispatch/jobs/{job_id}/order-plan"
    assert refused(web, "POST", plan, {"version": 3}) == "422 nothing_to_order"
    assert asked(web, "SELECT metadata::text || version FROM jobs WHERE id = $1", job_id) == "{}3"


def test_plans_and_stages_that_make_no_sense_are_refused_with_what_is_missing(web: Process) -> None:
    job_id = job_in(web, "accepted")
    base = f"/api/dispatch/jobs/{job_id}"
    items = {"version": 3, "items": [{"mount_type": "tilt"}]}
    assert call(web, DEE, "PATCH", f"{base}/install-details", items)[0] == 200
    status, answer = call(web, DEE, "POST", f"{base}/order-plan", {"version": 4})
    assert (status, answer["code"], answer["missing"]) == (422, "plan_incomplete", ["items[0].tv_size_in"])
    for body in ({"order_stage": "LOST"}, {"order_stage": "ORDERED", "reason": "x"}, {"order_stage": None}):
        assert refused(web, "PUT", f"{base}/order-stage", {"version": 4, **body}) == "422 invalid"
    ahead = {"version": 4, "order_stage": "SHIPPED"}
    assert call(web, DEE, "PUT", f"{base}/order-stage", ahead)[0] == 200
    back = {"version": 5, "order_stage": "ORDERED"}
    assert refused(web, "PUT", f"{base}/order-stage", back) == "422 invalid"
    byo = {"version": 5, "equipment_lane": "BYO"}
    assert refused(web, "PUT", f"{base}/equipment-lane", byo) == "409 already_ordered"
    flags = f"{base}/pain-flags"
    for number in (999_999, 2**63 - 1):
        assert refused(web, "POST", f"{flags}/{number}/resolve", {"notes": "n"}) == "404 not_found"
    for body in ({"notes": ""}, {"notes": "n" * 1001}, {}, {"notes": None}):
        assert refused(web, "POST", f"{flags}/1/resolve", body) == "422 invalid"


def test_a_bulk_assignment_of_the_wrong_shape_gives_no_job_to_anybody(web: Process) -> None:
    job_id = job_in(web, "open")
    one = {"job_id": job_id, "pro_id": "pat"}
    for body in (
        {"assignments": []},
        {"assignments": [one] * 101},
        {"assignments": [one, {**one, "job_id": "x"}]},
        {"assignments": [one, {"job_id": job_id}]},
        {"assignments": [{**one, "status": "paid"}]},
        {"assignments": one},
    ):
        assert refused(web, "POST", "/api/dispatch/jobs/assign", body) == "422 invalid"
    assert asked(web, "SELECT status FROM jobs WHERE id = $1", job_id) == "open"


def at(hours: float) -> str:
    return (LATER + timedelta(hours=hours)).isoformat()
