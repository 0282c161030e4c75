"""Dead letters over HTTP: a person decides once, and what cannot be decided is refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.running import Process
from tests.unharmed import CLEO, DEE, PAT, ROOT, abused, asked, call, job_in, unharmed
from tracker.local_postgres import PostgresServer

OUTBOX = "/api/dispatch/outbox"
BULLETIN = "next_release"  # no worker of this release takes it, so that it stays as it is


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def dead_letter(web: Process, *, effect: str = BULLETIN, of_job: bool = True, age: str = "0 s") -> int:
    """An effect that failed for good; its number."""
    cause = f"'{job_in(web, 'completed')}', 7, NULL" if of_job else "NULL, NULL, gen_random_uuid()"
    row_id = asked(
        web,
        "INSERT INTO outbox (job_id, version, subject, effect, attempts, dead_at, last_error, queued_at)"
        f" VALUES ({cause}, $1, 15, now() - $2::text::interval, 'unavailable: no answer',"
        " now() - $2::text::interval) RETURNING id",
        effect,
        age,
    )
    return int(row_id)


def state_of(web: Process, row_id: int) -> str:
    return str(
        asked(
            web,
            "SELECT CASE WHEN dead_at IS NOT NULL THEN 'dead' WHEN done_at IS NOT NULL THEN 'done'"
            " ELSE 'waits' END FROM outbox WHERE id = $1",
            row_id,
        )
    )


def decide(web: Process, row_id: int | str, what: str) -> tuple[int, dict[str, object]]:
    body = {"reason": "told the customer by phone"} if what == "discard" else None
    return call(web, DEE, "POST", f"{OUTBOX}/{row_id}/{what}", body)


def test_dead_letters_are_paged_newest_first_with_their_reasons(web: Process) -> None:
    ids = [dead_letter(web, of_job=number % 2 == 0, age=f"{9 - number} min") for number in range(5)]
    found, cursor = [], ""
    while True:
        status, page = call(web, DEE, "GET", f"{OUTBOX}/dead?limit=2{cursor}")
        assert status == 200
        found += page["dead"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    mine = [letter for letter in found if letter["id"] in ids]
    assert [letter["id"] for letter in mine] == ids[::-1]
    assert {letter["reason"] for letter in mine} == {"unavailable: no answer"}
    assert {letter["attempts"] for letter in mine} == {15}
    assert all((letter["job_id"] is None) != (letter["subject"] is None) for letter in mine)
    _, outbox = call(web, DEE, "GET", OUTBOX)
    (kind,) = (one for one in outbox["kinds"] if one["effect"] == BULLETIN)
    assert kind["dead"] >= 5
    assert outbox["dead"] >= kind["dead"]


def test_a_dead_letter_is_retried_once_with_all_its_tries(web: Process) -> None:
    row_id = dead_letter(web)
    for _ in range(2):
        assert decide(web, row_id, "retry") == (200, {"success": True, "id": row_id})
    facts = "(attempts, retried_by, dead_at IS NULL, available_at <= now())::text"
    assert asked(web, f"SELECT {facts} FROM outbox WHERE id = $1", row_id) == "(0,dee,t,t)"
    assert decide(web, row_id, "discard")[0] == 409


def test_a_discarded_letter_is_done_and_the_jobs_record_says_why(web: Process) -> None:
    row_id = dead_letter(web)
    for _ in range(2):
        assert decide(web, row_id, "discard") == (200, {"success": True, "id": row_id})
    assert asked(web, "SELECT last_error FROM outbox WHERE id = $1 AND done_at IS NOT NULL", row_id) == (
        "discarded by dee: told the customer by phone; it was: unavailable: no answer"
    )
    assert (
        asked(
            web,
            "SELECT count(*) FROM job_events e JOIN outbox o USING (job_id) WHERE o.id = $1"
            " AND e.kind = 'effect_discarded' AND e.actor_id = 'dee'"
            " AND e.data->>'reason' = 'told the customer by phone'",
            row_id,
        )
        == 1
    )
    assert decide(web, row_id, "retry")[1]["code"] == "not_dead"
    assert all(letter["id"] != row_id for letter in call(web, DEE, "GET", f"{OUTBOX}/dead")[1]["dead"])


def test_a_letter_without_a_job_is_decided_as_well(web: Process) -> None:
    for what, state in (("retry", "waits"), ("discard", "done")):
        row_id = dead_letter(web, of_job=False)
        assert decide(web, row_id, what)[0] == 200
        assert state_of(web, row_id) == state


def test_twenty_people_who_decide_at_once_make_one_decision(web: Process) -> None:
    row_id = dead_letter(web)
    with ThreadPoolExecutor(10) as people:
        answers = list(
            people.map(lambda n: (n % 2, *decide(web, row_id, ("retry", "discard")[n % 2])), range(20))
        )
    decided = {number for number, status, _ in answers if status == 200}
    assert len(decided) == 1
    assert state_of(web, row_id) == ("done" if decided == {1} else "waits")
    assert {answer["code"] for _, status, answer in answers if status == 409} == {"not_dead"}
    records = "SELECT count(*) FROM job_events e JOIN outbox o USING (job_id) WHERE o.id = $1"
    assert asked(web, f"{records} AND e.kind = 'effect_discarded'", row_id) == len(decided & {1})


def test_what_is_not_dead_cannot_be_decided(web: Process) -> None:
    row_id = dead_letter(web)
    for end in ("dead_at = NULL", "done_at = now(), last_error = NULL", "done_at = NULL, expired_at = now()"):
        asked(web, f"UPDATE outbox SET {end} WHERE id = $1", row_id)
        for what in ("retry", "discard"):
            status, answer = decide(web, row_id, what)
            assert (status, answer["code"]) == (409, "not_dead")


def test_what_has_outlived_its_use_is_not_retried_but_can_be_discarded(web: Process) -> None:
    by_kind = dead_letter(web, effect="tell_customer_on_the_way", age="61 min")
    by_itself = dead_letter(web, of_job=False)
    asked(web, "UPDATE outbox SET expires_at = now() WHERE id = $1", by_itself)
    for row_id in (by_kind, by_itself):
        status, answer = decide(web, row_id, "retry")
        assert (status, answer["code"]) == (409, "too_late_to_retry")
        assert state_of(web, row_id) == "dead"
        assert decide(web, row_id, "discard")[0] == 200


@pytest.mark.parametrize(
    "row_id", ["0", "-1", "01", "1.0", "one", "9223372036854775807", "9223372036854775808"]
)
def test_a_number_that_no_effect_has_is_not_found(web: Process, row_id: str) -> None:
    for what in ("retry", "discard"):
        assert decide(web, row_id, what)[0] == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": ""}, {"reason": "x" * 301}, {"reason": 1}, {"reason": "a\0b"}, {"reason": "a", "x": 1}],
)
def test_letting_one_go_needs_a_reason(web: Process, body: dict[str, object]) -> None:
    row_id = dead_letter(web)
    assert call(web, DEE, "POST", f"{OUTBOX}/{row_id}/discard", body)[0] == 422
    assert state_of(web, row_id) == "dead"


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "MjAyNi0xMS0yMXwx", "MjAyNi0xMS0yMVQwMDowMDowMFp8LTE=", "YXxi", "%F0%9F%92%A9"]
)
def test_a_cursor_that_we_did_not_give_is_refused(web: Process, cursor: str) -> None:
    assert call(web, DEE, "GET", f"{OUTBOX}/dead?cursor={cursor}")[0] == 422


def test_only_staff_sees_and_decides(web: Process) -> None:
    row_id = dead_letter(web)
    for who in (CLEO, PAT):
        assert call(web, who, "GET", f"{OUTBOX}/dead")[0] == 403
        assert call(web, who, "POST", f"{OUTBOX}/{row_id}/retry")[0] == 403
        assert call(web, who, "POST", f"{OUTBOX}/{row_id}/discard", {"reason": "no"})[0] == 403
    assert state_of(web, row_id) == "dead"
    assert call(web, ROOT, "GET", f"{OUTBOX}/dead")[0] == 200
