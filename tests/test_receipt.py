"""A visit's receipt for its customer: by token or by the link that was texted; a tip is given once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import Process, wait_for
from tests.test_bad_auth import link_to
from tests.unharmed import CLEO, DEE, PAT, QUINN, ZOE, abused, asked, call, call_as, job_in
from tracker.local_postgres import PostgresServer


@pytest.fixture(scope="module")
def web(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    """Without a provider's keys: the sandbox takes the money; the one process does the worker's part."""
    with abused(postgres, template_database) as process:
        yield process


def held_job(web: Process, **facts: Any) -> tuple[str, dict[str, str]]:
    """A job under way whose price is held, and its customer's own link for the header."""
    job_id = job_in(web, "in_progress", **facts)
    assert call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/hold", {})[0] == 202
    held = "SELECT count(*) FROM payments WHERE job_id = $1 AND status = 'authorized'"
    wait_for(lambda: asked(web, held, job_id) == 1, "the price being held")
    return job_id, {"Authorization": f"Link {link_to(web, job_id)}"}


def move(web: Process, job_id: str, status: str) -> None:
    assert call(web, DEE, "POST", f"/api/jobs/{job_id}/status", {"status": status})[0] == 200


def receipt(web: Process, link: dict[str, str], job_id: str) -> dict[str, Any]:
    status, answer = call_as(web, link, "GET", f"/api/jobs/{job_id}/receipt")
    assert status == 200, answer
    return answer


def test_the_receipt_appears_with_the_end_of_the_work_and_follows_the_money(web: Process) -> None:
    job_id, link = held_job(web)
    status, early = call_as(web, link, "GET", f"/api/jobs/{job_id}/receipt")
    assert (status, early["code"]) == (409, "no_receipt_yet")
    move(web, job_id, "completed")
    wait_for(lambda: receipt(web, link, job_id)["money"] == "captured", "the price being taken")
    paid = receipt(web, link, job_id)
    amounts = [paid[f"{name}_cents"] for name in ("price", "tip", "total", "charged", "open", "refunded")]
    assert amounts == [12_000, 0, 12_000, 12_000, 0, 0]
    assert (paid["sandbox"], paid["currency"], paid["tips"], paid["review"]) == (True, "usd", [], None)
    assert (paid["may_tip"], paid["may_review"]) == (True, True)
    assert call(web, CLEO, "GET", f"/api/jobs/{job_id}/receipt")[1] == paid
    assert call(web, DEE, "GET", f"/api/jobs/{job_id}/receipt")[1] == paid
    body = {"amount_cents": 2_000, "reason": "A scratch", "request_key": "scratch"}
    assert call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/refunds", body)[0] == 202
    wait_for(lambda: receipt(web, link, job_id)["refunded_cents"] == 2_000, "the refund")
    assert receipt(web, link, job_id)["money"] == "partly_refunded"


def test_a_tip_by_the_customers_own_link_is_charged_once_however_often_it_is_sent(web: Process) -> None:
    job_id, link = held_job(web)
    move(web, job_id, "completed")
    wait_for(lambda: receipt(web, link, job_id)["money"] == "captured", "the price being taken")
    path, tip = f"/api/jobs/{job_id}/tip", {"amount_cents": 1_800, "key": "once"}

    async def tapped() -> list[tuple[int, dict[str, Any]]]:
        taps = (asyncio.to_thread(call_as, web, link, "POST", path, tip) for _ in range(6))
        return await asyncio.gather(*taps)

    assert {status for status, _ in asyncio.run(tapped())} == {200}
    assert call_as(web, link, "POST", path, {**tip, "amount_cents": 900})[1]["code"] == "request_key_reused"
    wait_for(lambda: receipt(web, link, job_id)["charged_cents"] == 13_800, "the tip being taken")
    paid = receipt(web, link, job_id)
    assert (paid["tips"], paid["total_cents"]) == ([{"amount_cents": 1_800, "status": "taken"}], 13_800)
    assert asked(web, "SELECT count(*) FROM payments WHERE job_id = $1 AND purpose = 'tip'", job_id) == 1
    by = "SELECT string_agg(DISTINCT actor_id, ',') FROM job_events WHERE job_id = $1 AND kind = 'tip_given'"
    assert asked(web, by, job_id).startswith("link:")


def test_a_cancelled_visit_says_what_became_of_the_money(web: Process) -> None:
    job_id, link = held_job(web)
    move(web, job_id, "cancelled")
    wait_for(lambda: receipt(web, link, job_id)["money"] == "released", "the hold being let go")
    void = receipt(web, link, job_id)
    assert (void["total_cents"], void["charged_cents"]) == (0, 0)
    assert (void["may_tip"], void["may_review"]) == (False, False)


def test_a_receipt_is_its_customers_and_dispatchs(web: Process) -> None:
    job_id = job_in(web, "completed")
    other = {"Authorization": f"Link {link_to(web, job_in(web, 'en_route', customer='zoe', pro='quinn'))}"}
    assert call(web, ZOE, "GET", f"/api/jobs/{job_id}/receipt")[0] == 404
    assert call_as(web, other, "GET", f"/api/jobs/{job_id}/receipt")[0] == 404
    assert call_as(web, other, "POST", f"/api/jobs/{job_id}/tip", {"amount_cents": 500, "key": "k"})[0] == 404
    for who in (PAT, QUINN):
        assert call(web, who, "GET", f"/api/jobs/{job_id}/receipt")[0] == 403


def test_who_has_reviewed_reads_it_on_the_receipt(web: Process) -> None:
    job_id, link = held_job(web)
    move(web, job_id, "completed")
    review = {"job_id": job_id, "rating": 4, "comment": "Neat"}
    assert call_as(web, link, "POST", "/api/reviews", review)[0] == 200
    read = receipt(web, link, job_id)
    assert (read["review"], read["may_review"]) == ({"rating": 4, "comment": "Neat"}, False)
