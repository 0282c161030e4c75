"""Dispatch over HTTP: one job with all that is known of it, edited, flagged, planned, scheduled and given."""

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
ITEM = {"mount_type": "full_motion", "tv_size_in": 65}
NEW = {
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


def dispatch(web: Process, method: str, path: str, body: object = None) -> dict[str, Any]:
    status, answer = call(web, DEE, method, f"/api/dispatch/jobs/{path}", body)
    assert status == 200, answer
    return answer


def test_a_job_is_described_planned_ordered_and_read_by_those_who_need_to_know(web: Process) -> None:
    _, made = call(web, DEE, "POST", "/api/jobs", {**NEW, "items": [ITEM], "reference": "r-1"})
    job_id = made["id"]
    whole = dispatch(web, "GET", job_id)
    assert (whole["version"], whole["source"], whole["customer_email"]) == (1, "api", "cleo@example.com")
    assert whole["metadata"]["equipment_lane"] == "COMPANY_SUPPLIED"
    assert whole["metadata"]["estimated_payout_cents"] == 5400  # 60 % of the price
    assert whole["metadata"]["items"] == [
        {
            "kind": "tv",
            "name": "",
            "quantity": 1,
            "mount_type": "full_motion",
            "tv_size_in": 65,
            "customer_provides": False,
        }
    ]
    assert {flag["type"] for flag in whole["pain_flags"]} == {
        "WIRE_MANAGEMENT_UNKNOWN",
        "WALL_TYPE_UNKNOWN",
        "ORDERING_AMBIGUOUS",
    }
    details = {
        "version": 1,
        "wireManagementRequired": "FULL_INWALL",  # camelCase, as clients may write
        "wall_type": "DRYWALL",
        "special_constraints": ["RENTER", "GATED_ACCESS"],
        "mounting_surface_notes": "<b>studs</b> at 40 cm",
    }
    edited = dispatch(web, "PATCH", f"{job_id}/install-details", details)
    assert (edited["version"], edited["changed"]) == (2, True)
    plan = dispatch(web, "POST", f"{job_id}/order-plan", {"version": 2, "vendor": "Acme"})["metadata"]
    assert (plan["order_stage"], plan["order_plan_outdated"]) == ("READY_TO_ORDER", False)
    assert plan["order_plan"]["total_cents"] == 8500 + 4500
    assert plan["order_plan"]["kit_type"] == "PREMIUM_TV_KIT"
    assert (plan["order_plan"]["vendor"], plan["order_plan"]["generated_by"]) == ("Acme", "dee")
    dispatch(web, "PUT", f"{job_id}/order-stage", {"version": 3, "order_stage": "ORDERED"})
    back = {"version": 4, "order_stage": "READY_TO_ORDER", "reason": "vendor is out of stock"}
    dispatch(web, "PUT", f"{job_id}/order-stage", back)
    events = dispatch(web, "GET", f"{job_id}/events")["events"]
    assert [event["kind"] for event in events] == [
        "created",
        "install_details",
        "order_plan",
        "order_stage",
        "order_stage",
    ]
    assert events[4]["data"] == {
        "before": {"order_stage": "ORDERED"},
        "after": {"order_stage": "READY_TO_ORDER"},
        "reason": "vendor is out of stock",
    }
    assert events[1]["actor_id"] == "dee"
    assert events[1]["data"]["flags_resolved"] == ["WIRE_MANAGEMENT_UNKNOWN", "WALL_TYPE_UNKNOWN"]
    assert events[1]["data"]["flags_added"] == ["ACCESS_DETAILS_MISSING"]
    assert [event["prev_hash"] for event in events[1:]] == [event["hash"] for event in events[:-1]]
    first = dispatch(web, "GET", f"{job_id}/events?limit=2")
    assert (len(first["events"]), first["next"]) == (2, 2)
    assert dispatch(web, "GET", f"{job_id}/events?after=4")["next"] is None

    dispatch(web, "POST", f"{job_id}/assign", {"pro_id": "pat"})
    _, pros = call(web, PAT, "GET", f"/api/jobs/{job_id}")
    assert pros["install"]["wall_type"] == "DRYWALL"
    assert pros["install"]["mounting_surface_notes"] == "<b>studs</b> at 40 cm"
    _, customers = call(web, CLEO, "GET", f"/api/jobs/{job_id}")
    assert customers["install"] is None
    assert (customers["pro"]["rating"], customers["pro"]["rating_count"]) == (None, 0)
    assert call(web, PAT, "GET", f"/api/dispatch/jobs/{job_id}")[0] == 403


def test_the_whole_job_says_what_stands_in_the_way_of_each_next_status(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    flag = {"version": 6, "type": "SCOPE_MISMATCH", "severity": "CRITICAL", "note": "brick, not drywall"}
    added = dispatch(web, "POST", f"{job_id}/pain-flags", flag)
    whole = dispatch(web, "GET", job_id)
    assert whole["next"] == [
        {
            "status": "completed",
            "unmet": ["critical pain flags are open: SCOPE_MISMATCH"],
            "guards": ["critical_flags"],
            "waivable": True,
        },
        {"status": "cancelled", "unmet": [], "guards": [], "waivable": True},
    ]
    assert (whole["assignable"], whole["schedulable"]) == (False, False)
    assert whole["people"] == {"dee": "Dee Novak"}
    status, refused = call(web, PAT, "POST", f"/api/jobs/{job_id}/status", {"status": "completed"})
    assert (status, refused["code"], refused["allowed"]) == (409, "guard_refused", [])
    number = added["flag"]["id"]
    resolved = dispatch(web, "POST", f"{job_id}/pain-flags/{number}/resolve", {"notes": "other anchors"})
    assert (resolved["flag"]["resolved_by"], resolved["version"]) == ("dee", 8)
    assert dispatch(web, "GET", f"{job_id}/pain-flags")["pain_flags"] == [resolved["flag"]]
    assert call(web, PAT, "POST", f"/api/jobs/{job_id}/status", {"status": "completed"})[0] == 200
    _, done = call(web, DEE, "GET", f"/api/jobs/{job_id}")
    assert done["final_price_cents"] == done["price_cents"] == 12_000
    assert done["labour_minutes"] == 55  # begun five minutes after the hour that the history starts at


def test_an_appointment_is_made_and_its_conflicts_are_told(web: Process) -> None:
    jobs = [job_in(web, "accepted", pro="quinn") for _ in range(2)]
    body = {"window_start": LATER.isoformat(), "window_end": (LATER + timedelta(hours=2)).isoformat()}
    for job_id, conflicts in zip(jobs, ([], [jobs[0]]), strict=True):
        status, made = call(web, QUINN, "POST", f"/api/jobs/{job_id}/schedule", body)
        assert (status, made["status"], made["conflicts"]) == (200, "scheduled", conflicts)
    for job_id in jobs:
        flags = dispatch(web, "GET", f"{job_id}/pain-flags")["pain_flags"]
        assert [flag["type"] for flag in flags] == ["SCHEDULE_CONFLICT"]
    appointment = {**NEW, "open": True, **body}
    _, wanted = call(web, DEE, "POST", "/api/jobs", appointment)
    assert dispatch(web, "GET", wanted["id"])["source"] == "appointment"
    candidates = dispatch(web, "GET", f"{wanted['id']}/candidates")["candidates"]
    assert [(one["id"], one["conflicts"]) for one in candidates] == [("pat", 0), ("quinn", 2)]
    assert {one["distance_m"] for one in candidates} == {None}  # nobody has been seen today


def test_an_assignment_may_be_held_to_the_version_that_it_was_decided_on(web: Process) -> None:
    job_id = job_in(web, "open")
    seen = dispatch(web, "GET", job_id)
    assert (seen["assignable"], seen["schedulable"]) == (True, True)
    dispatch(web, "POST", f"{job_id}/assign", {"pro_id": "quinn", "version": seen["version"]})
    stale = {"pro_id": "pat", "version": seen["version"]}
    status, refused = call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/assign", stale)
    assert (status, refused["code"]) == (409, "stale_version")
    assert refused["current"] == dispatch(web, "GET", job_id)["version"]
    assert dispatch(web, "GET", job_id)["job"]["pro"]["id"] == "quinn"
    dispatch(web, "POST", f"{job_id}/assign", {**stale, "version": refused["current"]})
    last = dispatch(web, "GET", f"{job_id}/events")
    assert last["people"] == {"dee": "Dee Novak", "pat": "Pat Mason", "quinn": "Quinn Reyes"}


def test_many_jobs_are_given_at_once_and_each_is_told_by_itself(web: Process) -> None:
    jobs = [job_in(web, status) for status in ("open", "open", "en_route", "cancelled")]
    wanted = [
        {"job_id": jobs[0], "pro_id": "quinn"},
        {"job_id": jobs[1], "pro_id": "cleo"},
        {"job_id": jobs[2], "pro_id": "quinn"},
        {"job_id": jobs[3], "pro_id": "quinn"},
        {"job_id": str(uuid4()), "pro_id": "quinn"},
        {"job_id": jobs[0], "pro_id": "quinn"},
    ]
    outcomes = dispatch(web, "POST", "assign", {"assignments": wanted})["outcomes"]
    assert [(one["outcome"], one["code"]) for one in outcomes] == [
        ("assigned", None),
        ("refused", "invalid"),
        ("refused", "transition_refused"),
        ("refused", "transition_refused"),
        ("refused", "not_found"),
        ("unchanged", None),
    ]
    assert asked(web, "SELECT pro_id FROM jobs WHERE id = $1", jobs[0]) == "quinn"


def test_of_many_jobs_none_is_taken_from_whoever_got_it_since_the_dispatcher_looked(web: Process) -> None:
    free, given, kept = (job_in(web, status) for status in ("open", "open", "accepted"))
    dispatch(web, "POST", f"{given}/assign", {"pro_id": "pat"})  # by a colleague, meanwhile
    seen = [(free, None), (given, None), (kept, "pat")]
    wanted = [{"job_id": job_id, "pro_id": "quinn", "holder": holder} for job_id, holder in seen]
    for _ in range(2):  # also when it is asked again after no answer
        outcomes = dispatch(web, "POST", "assign", {"assignments": wanted})["outcomes"]
        assert [one["code"] for one in outcomes] == [None, "holder_changed", None]
        assert outcomes[1]["retry"] is False
    holders = [asked(web, "SELECT pro_id FROM jobs WHERE id = $1", job_id) for job_id, _ in seen]
    assert holders == ["quinn", "pat", "quinn"]


def test_a_batch_of_orders_becomes_jobs_once(web: Process) -> None:
    orders = [
        {
            **{key: value for key, value in NEW.items() if key != "customer_id"},
            "reference": f"import-{number}",
            "customer": {"name": "Ann Lee", "email": "ann@example.com"},
        }
        for number in range(100)
    ]
    orders[7]["price_cents"] = "free"
    for created, existing in ((99, 0), (0, 99)):
        status, done = call(web, DEE, "POST", "/api/dispatch/orders/import", {"orders": orders})
        assert (status, done["created"], done["existing"], done["refused"]) == (200, created, existing, 1)
        assert done["outcomes"][7]["field"] == "price_cents"
    assert asked(web, "SELECT count(DISTINCT customer_id) FROM jobs WHERE source = 'import'") == 1
    draft = {**orders[0], "reference": "draft-1"}
    for created in (True, False):
        status, kept = call(web, DEE, "POST", "/api/dispatch/orders", draft)
        assert (status, kept["created"], kept["job_id"]) == (200, created, None)
