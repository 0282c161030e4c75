"""What a handler can rely on, and what a client can: spelling, times, roles, order of checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from api.limits import RateLimit
from api.routing import endpoint, endpoints_of
from api.serving import routes_for
from api.shapes import Instant
from db.errors import Busy
from tests import sample_api
from tests.sample_api import JOB, Services, authenticate, calling, sample_app

TIP = f"/api/jobs/{JOB}/tip"
GOOD = {"lat": 53.4, "lng": -2.9, "stars": 5}


def test_keys_may_be_camel_case_or_snake_case_and_answers_are_snake_case() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for at in ("occurredAt", "occurred_at"):
            answer = await client.post(TIP, json={**GOOD, at: "2026-11-21T08:30:00.5+01:00"})
            assert answer.json() == {
                "id": JOB,
                "who": "pro-1",
                "stars": 5,
                "occurred_at": "2026-11-21T07:30:00.500Z",
            }
        answer = await client.get("/api/near?lat=1&lng=2&radiusMiles=3.5")
        assert answer.json() == {"lat": 1.0, "radius_miles": 3.5, "limit": 10}

    calling(sample_app(), conversation)


def test_times_may_be_epoch_milliseconds() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.post(TIP, json={**GOOD, "occurred_at": 1_700_000_000_123})
        assert answer.json()["occurred_at"] == "2023-11-14T22:13:20.123Z"

    calling(sample_app(), conversation)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-21T08:30Z", datetime(2026, 11, 21, 8, 30, tzinfo=UTC)),
        ("2026-11-21t08:30:00z", datetime(2026, 11, 21, 8, 30, tzinfo=UTC)),
        ("2026-11-21 08:30:00+00:00", datetime(2026, 11, 21, 8, 30, tzinfo=UTC)),
        ("2026-11-21T08:30:00.123456789-05:30", datetime(2026, 11, 21, 14, 0, 0, 123456, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (253_402_300_799_999, datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_it_was_meant(written: str | int, meant: datetime) -> None:
    assert Instant.read(written) == meant


def test_a_moment_for_an_answer_is_in_utc_and_never_naive() -> None:
    there = datetime(2026, 11, 21, 8, 30, tzinfo=timezone(timedelta(hours=9)))
    assert Instant.of(there).isoformat() == "2026-11-20T23:30:00+00:00"
    assert Instant.maybe(None) is None
    with pytest.raises(ValueError, match="time zone"):
        Instant.of(datetime(2026, 11, 21))  # noqa: DTZ001 - the point


def test_a_body_with_only_optional_fields_may_be_left_out() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/notes/7")).json() == {"notes": None}
        assert (await client.post("/api/notes/7", json={"notes": "x"})).json() == {"notes": "x"}

    calling(sample_app(), conversation)


def test_a_field_that_is_wrong_is_named() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        wrong = await client.post(TIP, json={**GOOD, "tags": ["a", 5]})
        assert wrong.json()["field"] == "tags[1]"
        assert wrong.json()["detail"] == "Expected `str`, got `int` - at `$.tags[1]`."
        assert (await client.get("/api/near?lat=1&lng=nan")).json()["field"] == "lng"
        long = await client.post(TIP, json={**GOOD, "x" * 10_000: 1})
        assert len(long.text) < 1000  # what was sent is not sent back at length

    calling(sample_app(), conversation)


def test_a_refusal_carries_its_facts_and_they_cannot_replace_its_status() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.post(TIP, json={**GOOD, "comment": "too late"})
        assert answer.status_code == 409
        assert answer.json() == {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "code": "too_late",
            "detail": "Somebody else was faster.",
            "retry": False,
            "instance": f"urn:uuid:{answer.headers['x-request-id']}",
            "winner": "ann",
        }

    calling(sample_app(), conversation)


def test_the_first_check_that_fails_is_the_answer() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        nobody, customer = {"Authorization": ""}, {"Authorization": "Bearer customer"}
        assert (await client.put("/api/notes/x", headers=nobody)).status_code == 405
        assert (await client.post("/api/notes/x", content="{", headers=nobody)).status_code == 401
        assert (await client.post("/api/notes/x", content="{", headers=customer)).status_code == 403
        assert (await client.post("/api/notes/x", content="{")).status_code == 404
        assert (await client.post("/api/notes/1", content="{")).status_code == 415
        typed = {"Content-Type": "application/json"}
        assert (await client.post("/api/notes/1", content="{", headers=typed)).status_code == 422

    calling(sample_app(), conversation)


def test_a_tracking_link_opens_only_what_says_so() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        link = {"Authorization": "Link good"}
        assert (await client.get(f"/api/jobs/{JOB}", headers=link)).status_code == 200
        refused = await client.post(TIP, json=GOOD, headers=link)  # a customer may, their link may not
        assert refused.status_code == 403
        assert (await client.post(TIP, json=GOOD, headers={"Authorization": "Bearer customer"})).is_success

    calling(sample_app(), conversation)


def test_an_answer_without_content_is_204_and_no_cache_keeps_anything() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.delete("/api/notes/1")
        assert (answer.status_code, answer.content) == (204, b"")
        for path in ("/api/near?lat=1&lng=1", "/api/near", "/nowhere"):
            assert (await client.get(path)).headers["cache-control"] == "no-store"

    calling(sample_app(), conversation)


def test_head_answers_like_get_without_the_body() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        whole = await client.get("/api/near?lat=1&lng=1")
        head = await client.head("/api/near?lat=1&lng=1")
        assert head.content == b""
        assert head.headers["content-length"] == whole.headers["content-length"]

    calling(sample_app(), conversation)


def test_a_caller_who_asks_too_often_is_told_when_to_come_back() -> None:
    services = Services()

    async def conversation(client: httpx.AsyncClient) -> None:
        answers = [await client.delete("/api/notes/1") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [204, 204, 429, 429]
        assert answers[2].json()["code"] == "busy"
        assert answers[2].json()["retry"] is True
        assert answers[2].headers["retry-after"] == "10"
        other = await client.post(TIP, json=GOOD, headers={"Authorization": "Bearer customer"})
        assert other.status_code == 200  # somebody else's requests are not mine

    calling(sample_app(services=services, limit=RateLimit(0.1, 2, clock=lambda: 5.0)), conversation)


def test_a_rate_is_earned_back_and_forgotten_callers_cost_nothing() -> None:
    now = 100.0
    limit = RateLimit(2.0, 2, clock=lambda: now, max_callers=3)
    limit.spend("ann")
    limit.spend("ann")
    with pytest.raises(Busy) as refused:
        limit.spend("ann")
    assert refused.value.facts == {"retry_after_s": 0.5}
    now += 0.5
    limit.spend("ann")
    for stranger in range(1000):
        limit.spend(f"stranger {stranger}")
    assert len(limit._buckets) == 3


def test_an_unavailable_database_is_a_503_that_says_when_to_retry() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/away")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.json()["retry"] is True
        assert answer.headers["retry-after"] == "2"

    calling(sample_app(), conversation)


def test_an_endpoint_is_declared_once_and_refuses_what_it_does_not_know() -> None:
    assert endpoints_of(sample_api) == sample_api.ENDPOINTS
    with pytest.raises(ValueError, match="declared twice"):
        routes_for([sample_api.tip, sample_api.tip], services=None, authenticate=authenticate)
    with pytest.raises(TypeError, match="must derive from Input"):
        endpoint("POST", "/x", summary="", roles=None, body=sample_api.NoteAnswer)
