"""Claims and transitions over HTTP that are late, simultaneous, repeated, illegal or not the caller's."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from bench.raw_http import RawAnswer, RawHttp
from tests.company import PATHS
from tests.running import Process, token
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
    job_in,
    unharmed,
)
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.lifecycle import LIFECYCLE, Party, Status
from tracker.local_postgres import PostgresServer

CROWD = 50
PARTIES = {PAT: Party.OWN_PRO, CLEO: Party.OWN_CUSTOMER, DEE: Party.STAFF, ROOT: Party.STAFF}
STATUSES = [*PATHS, "pending_scheduling", "paid"]


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        for number in range(CROWD):
            record = {"role": "pro", "name": f"Pro {number}", "skills": ["tv_mounting"]}
            assert call(process, DEE, "PUT", f"/api/dispatch/people/crowd{number}", record)[0] == 200
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def at_once(web: Process, requests: list[tuple[Person, str, object]]) -> list[RawAnswer]:
    """POST them all at the same moment, each on a connection of its own."""

    async def everything() -> list[RawAnswer]:
        start = asyncio.Event()

        async def one(who: Person, path: str, body: object) -> RawAnswer:
            headers = {"Authorization": f"Bearer {token(*who)}"}
            async with RawHttp(web.port or 0) as http:
                await http.ask("GET", "/healthz")  # the connection is open before the race begins
                await start.wait()
                if body is None:
                    return await http.ask("POST", path, headers)
                headers["Content-Type"] = "application/json"
                return await http.ask("POST", path, headers, json.dumps(body).encode())

        races = [asyncio.create_task(one(*request)) for request in requests]
        await asyncio.sleep(0.2)
        start.set()
        return list(await asyncio.gather(*races))

    return asyncio.run(everything())


def in_status(web: Process, status: str) -> str:
    """A job of pat's and cleo's in any status, also those that no seed writes."""
    if status not in ("pending_scheduling", "paid"):
        return job_in(web, status)
    job_id = job_in(web, "pending" if status == "pending_scheduling" else "completed")
    asked(web, "UPDATE jobs SET status = $2 WHERE id = $1 RETURNING 1", job_id, status)
    return job_id


def record_of(web: Process, job_id: str) -> object:
    """Everything that a refused step must leave as it was: the job, its events, its effects."""
    return asked(
        web,
        """
        SELECT (SELECT jobs::text FROM jobs WHERE id = $1)
            || (SELECT count(*) FROM job_events WHERE job_id = $1)
            || (SELECT count(*) FROM outbox WHERE job_id = $1)
        """,
        job_id,
    )


def test_of_fifty_pros_who_claim_over_http_at_once_one_gets_the_job_and_the_others_are_told(
    web: Process,
) -> None:
    for _ in range(3):
        job_id = job_in(web, "open")
        path = f"/api/jobs/{job_id}/accept"
        answers = at_once(web, [(("pro", f"crowd{n}"), path, None) for n in range(CROWD)])
        assert Counter(answer.status for answer in answers) == {200: 1, 409: CROWD - 1}
        winner = next(n for n, answer in enumerate(answers) if answer.status == 200)
        for answer in answers:
            if answer.status == 409:
                assert (answer.json()["code"], answer.flaw()) == ("job_taken", None)
                assert answer.json()["detail"] == "Too slow! Job already taken."
        assert asked(web, "SELECT pro_id FROM jobs WHERE id = $1", job_id) == f"crowd{winner}"
        assert (
            asked(web, "SELECT count(*) FROM job_events WHERE job_id = $1 AND to_status = 'accepted'", job_id)
            == 1
        )
        retry = call(web, ("pro", f"crowd{winner}"), "POST", path)
        assert retry == (200, answers[winner].json())


def test_a_winner_who_retries_fifty_times_at_once_is_one_winner(web: Process) -> None:
    job_id = job_in(web, "open")
    answers = at_once(web, [(PAT, f"/api/jobs/{job_id}/accept", None)] * CROWD)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert (
        asked(web, "SELECT count(*) FROM job_events WHERE job_id = $1 AND to_status = 'accepted'", job_id)
        == 1
    )


@pytest.mark.parametrize("status", STATUSES)
def test_only_an_open_job_can_be_claimed(web: Process, status: str) -> None:
    job_id = in_status(web, status)
    before = record_of(web, job_id)
    code, problem = call(web, QUINN, "POST", f"/api/jobs/{job_id}/accept")
    assert (code, problem.get("code")) == ((200, None) if status == "open" else (409, "job_taken"))
    if status != "open":
        assert record_of(web, job_id) == before


def test_a_claim_by_the_wrong_person_is_refused(web: Process) -> None:
    job_id = job_in(web, "open", skill="gutter_cleaning")
    before = record_of(web, job_id)
    path = f"/api/jobs/{job_id}/accept"
    assert call(web, PAT, "POST", path)[1]["code"] == "forbidden"  # lacks the skill
    assert call(web, ("pro", "nobody"), "POST", path)[0] == 403
    for who in (CLEO, ZOE, DEE, ROOT):
        assert call(web, who, "POST", path)[0] == 403
    assert record_of(web, job_id) == before


def test_claim_cancel_and_assign_at_once_end_in_one_consistent_job(web: Process) -> None:
    for _ in range(5):
        job_id = job_in(web, "open")
        answers = at_once(
            web,
            [
                *((("pro", f"crowd{n}"), f"/api/jobs/{job_id}/accept", None) for n in range(6)),
                (DEE, f"/api/dispatch/jobs/{job_id}/assign", {"pro_id": "quinn"}),
                (CLEO, f"/api/jobs/{job_id}/status", {"status": "cancelled"}),
                (ROOT, f"/api/jobs/{job_id}/status", {"status": "pending_scheduling"}),
            ],
        )
        assert {answer.status for answer in answers} <= {200, 409}, answers
        assert all(answer.flaw() is None for answer in answers if answer.status == 409)
        consistent = """
            SELECT count(*) = j.version AND bool_and(e.version > 0)
               AND (SELECT to_status FROM job_events WHERE job_id = j.id AND version = j.version) = j.status
            FROM jobs j JOIN job_events e ON e.job_id = j.id WHERE j.id = $1 GROUP BY j.id
        """
        assert asked(web, consistent, job_id) is True


def test_two_jobs_at_once_may_both_be_claimed_by_one_pro(web: Process) -> None:
    jobs = [job_in(web, "open") for _ in range(2)]
    answers = at_once(web, [(PAT, f"/api/jobs/{job_id}/accept", None) for job_id in jobs])
    assert [answer.status for answer in answers] == [200, 200]


def test_a_pro_suspended_in_the_middle_of_claiming_has_the_job_or_not_and_nothing_between(
    web: Process,
) -> None:
    jobs = [job_in(web, "open") for _ in range(10)]
    who: Person = ("pro", "crowd49")
    answers = at_once(
        web,
        [
            *((who, f"/api/jobs/{job_id}/accept", None) for job_id in jobs),
            (DEE, "/api/dispatch/people/crowd49/suspend", None),
        ],
    )
    *claims, suspended = answers
    assert suspended.status == 200
    for job_id, answer in zip(jobs, claims, strict=True):
        assert answer.status in (200, 401, 403, 409), answer
        taken = asked(web, "SELECT pro_id = 'crowd49' FROM jobs WHERE id = $1", job_id)
        assert bool(taken) is (answer.status == 200)
    assert call(web, DEE, "POST", "/api/dispatch/people/crowd49/reinstate")[0] == 200


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("who", PARTIES, ids=lambda who: who[0])
def test_every_step_that_the_table_does_not_allow_is_a_409_with_what_it_allows(
    web: Process, who: Person, status: str
) -> None:
    job_id = in_status(web, status)
    party = PARTIES[who]
    has_pro = asked(web, "SELECT pro_id IS NOT NULL FROM jobs WHERE id = $1", job_id)
    allowed = [step.to.value for step in LIFECYCLE[Status(status)] if party in step.by]
    before = record_of(web, job_id)
    for wanted in [*Status, "assigned"]:
        target = "accepted" if wanted == "assigned" else str(wanted)
        if target in allowed or target == status:
            continue
        code, problem = call(web, who, "POST", f"/api/jobs/{job_id}/status", {"status": str(wanted)})
        if party is Party.OWN_PRO and not has_pro:
            # Not this pro's job yet: it looks like none, or says where claims go.
            assert code in (403, 404), (status, wanted)
        else:
            assert (code, problem["code"]) == (409, "transition_refused"), (status, wanted)
            assert (problem["current"], problem["allowed"]) == (status, allowed)
    assert record_of(web, job_id) == before


def test_twenty_completions_at_once_are_one_and_all_are_answered_alike(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    before = int(str(asked(web, "SELECT version FROM jobs WHERE id = $1", job_id)))
    who = itertools.cycle([PAT, DEE])
    requests = [(next(who), f"/api/jobs/{job_id}/status", {"status": "completed"}) for _ in range(20)]
    answers = at_once(web, requests)
    expected = {"success": True, "status": "completed", "version": before + 1}
    assert [answer.json() for answer in answers] == [expected] * 20
    steps = "SELECT count(*) FROM job_events WHERE job_id = $1 AND to_status = 'completed'"
    assert asked(web, steps, job_id) == 1
    effects = "SELECT count(*) FROM outbox WHERE job_id = $1 AND version = $2"
    assert asked(web, effects, job_id, before + 1) == len(EFFECTS[Status.COMPLETED])


def test_a_step_that_was_taken_is_answered_as_before_also_after_hours(web: Process) -> None:
    job_id = job_in(web, "accepted")
    path = f"/api/jobs/{job_id}/status"
    step = {"status": "en_route", "occurred_at": round(time.time() * 1000) - 3_600_000, "notes": "left"}
    first = call(web, PAT, "POST", path, step)
    assert first[0] == 200
    for again in (step, {"status": "en_route"}, {**step, "notes": "other words"}):
        assert call(web, PAT, "POST", path, again) == first
    released = job_in(web, "accepted")
    first = call(web, PAT, "POST", f"/api/jobs/{released}/release")
    assert call(web, PAT, "POST", f"/api/jobs/{released}/release") == first


@pytest.mark.parametrize(
    "body",
    [
        {"status": "COMPLETED"},
        {"status": "done"},
        {"status": "en_route "},
        {"status": "en_route\n"},
        {"status": "'; DROP TABLE jobs;--"},
        {"status": "en_route", "occurred_at": "2100-01-01T00:00:00Z"},
        {"status": "en_route", "occurred_at": 0},
        {"status": "en_route", "occurred_at": "0001-01-01T00:00:00Z"},
        {"status": "en_route", "lat": 91, "lng": 0},
        {"status": "en_route", "lat": "53"},
        {"status": "en_route", "override_reason": "x"},
        {"status": "en_route", "notes": "n" * 4001},
        {"status": "accepted", "pro_id": "quinn"},
        {"status": ["en_route"]},
        {"status": None},
    ],
    ids=str,
)
def test_a_step_in_the_wrong_words_changes_nothing(web: Process, body: dict[str, Any]) -> None:
    job_id = job_in(web, "accepted")
    before = record_of(web, job_id)
    assert call(web, PAT, "POST", f"/api/jobs/{job_id}/status", body)[0] == 422
    assert record_of(web, job_id) == before


@pytest.mark.parametrize("pro_id", ["cleo", "dee", "nobody", "' OR 1=1 --", "x" * 128])
def test_a_job_is_given_only_to_a_pro_who_can_take_it(web: Process, pro_id: str) -> None:
    job_id = job_in(web, "open")
    before = record_of(web, job_id)
    status, problem = call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/assign", {"pro_id": pro_id})
    assert (status, problem["field"]) == (422, "pro_id")
    assert record_of(web, job_id) == before


@pytest.mark.parametrize("status", ["en_route", "arrived", "in_progress", "completed", "paid", "cancelled"])
def test_a_job_under_way_or_over_is_not_given_to_another(web: Process, status: str) -> None:
    job_id = in_status(web, status)
    before = record_of(web, job_id)
    answer, problem = call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/assign", {"pro_id": "quinn"})
    assert (answer, problem["code"]) == (409, "transition_refused")
    assert record_of(web, job_id) == before
