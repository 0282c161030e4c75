"""Heartbeats that are wrong, doubtful, repeated, stolen or too many, over HTTP and over the socket."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench.raw_http import RawHttp
from tests.company import DOOR
from tests.listening import listening
from tests.patience import BUSY_S
from tests.raw_socket import joined
from tests.running import Process, token
from tests.unharmed import (
    CLEO,
    DEE,
    QUINN,
    Person,
    abused,
    asked,
    call,
    job_in,
    unharmed,
)
from tracker.local_postgres import PostgresServer

PATH = "/api/hauler/location"
NOT_NUMBERS = ('"53.4"', "true", "false", "[53.4]", "{}", '"NaN"', '""')
NOT_JSON = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "9" * 5000,
    str(2**63),
    "01",
    '"\\u0000"',
    '"\\ud800"',
)
WRONG: dict[str, tuple[str, ...]] = {
    "lat": (*NOT_NUMBERS, "null", "90.0000001", "-91", "1e308", str(2**62)),
    "lng": (*NOT_NUMBERS, "null", "180.0000001", "-181", "1e308", str(-(2**62))),
    "accuracy": (*NOT_NUMBERS, "-1", "1e9", "1e308"),
    "heading": (*NOT_NUMBERS, "-1", "361"),
    "speed": (*NOT_NUMBERS, "-0.1", "1e300"),
    "seq": ('"1"', "true", "5.5", "-1", str(2**53), str(2**63 - 1), "[]", "1e3"),
    "session": (
        "5",
        "true",
        '""',
        '"a b"',
        '"a\\n"',
        json.dumps("x" * 65),
        '"\u00e9"',
        "[]",
        '"; DROP TABLE jobs"',
    ),
    "battery": (*NOT_NUMBERS, "-0.1", "1.1"),
    "mock": ("0", "1", '"true"', "[]"),
    "job_id": ("5", "true", "[]", json.dumps("x" * 65)),
    "recorded_at": (
        "true",
        "[]",
        '"now"',
        '"2026-11-21"',
        '"2026-11-21T08:00:00"',
        '"12:00"',
        "-1",
        "0",
        str(2**62),
    ),
}


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


@pytest.fixture
def pro(web: Process) -> Person:
    """A pro whom no other test has taught the server anything about."""
    person = ("pro", f"pro{next(_numbers)}")
    record = {"role": "pro", "name": "A pro", "skills": ["tv_mounting"]}
    assert call(web, DEE, "PUT", f"/api/dispatch/people/{person[1]}", record)[0] == 200
    return person


_numbers = itertools.count()


def fix(ago_s: float = 0.0, **facts: object) -> dict[str, Any]:
    """A good heartbeat 3 km south of the door, with changes."""
    at = round((time.time() - ago_s) * 1000)
    return {"lat": DOOR[0] - 0.027, "lng": DOOR[1], "accuracy": 5.0, "recorded_at": at, **facts}


def test_a_field_of_the_wrong_kind_is_refused_by_name_on_both_ways_in(web: Process, pro: Person) -> None:
    async def story() -> None:
        headers = {"Authorization": f"Bearer {token(*pro)}", "Content-Type": "application/json"}
        async with RawHttp(web.port or 0) as http, joined(web, pro) as phone:
            for field, literals in WRONG.items():
                for literal in (*literals, *NOT_JSON):
                    rest = {name: value for name, value in fix().items() if name != field}
                    text = f'{json.dumps(rest)[:-1]},"{field}":{literal}}}'
                    answer = await http.ask("POST", PATH, headers, text.encode())
                    assert (answer.status, answer.flaw()) == (422, None), (field, literal)
                    ack = await phone.ask(f'421["heartbeat",{text}]')
                    assert ack["ok"] is False, (field, literal)
                    assert ack["error"]["retry"] is False
                    if literal not in NOT_JSON:
                        told = (answer.json()["rejected"], ack["error"]["rejected"])
                        assert told[0] == told[1], (field, literal)
                        assert told[0][0]["reason"] in (f"bad_{field}", "clock_absurd"), (field, literal)
                    await asyncio.sleep(0.02)  # a socket may say fifty things a second

    asyncio.run(story())
    assert asked(web, "SELECT count(*) FROM tracking_sessions WHERE pro_id = $1", pro[1]) == 0


def test_a_field_that_is_missing_or_nobodys_is_refused(web: Process, pro: Person) -> None:
    for bad in (
        {},
        {"lat": 53.4},
        {"lng": -2.9},
        {"lat": 53.4, "lng": -2.9, "status": "completed"},
        {"lat": 53.4, "lng": -2.9, "pro_id": "quinn"},
        {"lat": 53.4, "lng": -2.9, "recordedAt": 1, "recorded_at": 1},
        {"latitude": 53.4, "longitude": -2.9},
        {"position": {"lat": 53.4, "lng": -2.9}},
    ):
        status, problem = call(web, pro, "POST", PATH, bad)
        assert (status, problem["code"]) == (422, "heartbeat_refused") or problem["code"] == "invalid", bad


@pytest.mark.parametrize("tiny", [5e-324, 1e-310, 1e-45, 1e-40])
def test_numbers_that_are_almost_nothing_are_kept(web: Process, pro: Person, tiny: float) -> None:
    small = dict.fromkeys(("lat", "lng", "accuracy", "speed", "heading", "battery"), tiny)
    status, ack = call(web, pro, "POST", PATH, {**fix(), **small})
    assert (status, ack["accepted"]) == (200, 1)


def test_the_ends_of_the_earth_are_places_and_no_place_is_zero_zero(web: Process, pro: Person) -> None:
    job_in(web, "en_route", pro=pro[1])
    places = [(90, 0), (-90, 180), (90, -180), (0, 180), (0, -180), (45, 180), (0, 0), (0.0005, -0.0005)]
    points = [fix(600 - 60 * n, lat=lat, lng=lng) for n, (lat, lng) in enumerate(places)]
    status, ack = call(web, pro, "POST", PATH, {"positions": points})
    assert (status, ack["accepted"], ack["rejected"]) == (200, len(places), [])
    swapped = fix(lat=-122.4, lng=37.8)
    assert call(web, pro, "POST", PATH, swapped)[1]["rejected"] == [{"index": 0, "reason": "bad_lat"}]


DOUBTFUL = {
    "a clock an hour ahead": (fix, {"recorded_at": 3_600_000}, "future"),
    "a clock a day behind": (fix, {"recorded_at": -86_400_000}, "too_old"),
    "ten kilometres in four seconds": (fix, {"lat": DOOR[0] + 0.09}, "impossible_speed"),
    "an accuracy of 5 km": (fix, {"accuracy": 5000}, "inaccurate"),
    "a made-up position": (fix, {"mock": True}, "mock"),
    "zero, zero": (fix, {"lat": 0, "lng": 0}, "zero_island"),
    "older than the newest": (fix, {"recorded_at": -30_000}, "stale"),
}


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_a_point_that_cannot_be_believed_is_kept_with_its_verdict_and_moves_no_dot(
    web: Process, pro: Person, kind: str
) -> None:
    job_id = job_in(web, "en_route", pro=pro[1])
    _, change, verdict = DOUBTFUL[kind]

    async def story() -> None:
        async with (
            await listening(web.url, token=token(*CLEO)) as cleo,
            await listening(web.url, token=token(*pro)) as phone,
        ):
            assert (await cleo.call("watch", {"job_id": job_id}))["ok"]
            assert (await phone.call("heartbeat", fix(4)))["accepted"] == 1
            bad = fix(**change)
            if "recorded_at" in change:
                bad["recorded_at"] = round(time.time() * 1000) + change["recorded_at"]
            assert (await phone.call("heartbeat", bad))["accepted"] == 1
            good = fix(lat=DOOR[0] - 0.0271)
            assert (await phone.call("heartbeat", good))["accepted"] == 1
            await cleo.hears("location_update", lambda dot: dot["lat"] == pytest.approx(good["lat"]))
            assert len(cleo.all("location_update")) == 2

    asyncio.run(story())
    _, trail = call(web, DEE, "GET", f"/api/jobs/{job_id}/trail?all=true")
    assert sorted(point["verdict"] for point in trail["points"]) == sorted(["good", "good", verdict])


def test_the_same_point_sent_again_on_any_way_in_is_kept_once(web: Process, pro: Person) -> None:
    job_id = job_in(web, "en_route", pro=pro[1])
    point = fix(seq=7, session="phone")

    async def story() -> None:
        async with await listening(web.url, token=token(*pro)) as phone:
            assert (await phone.call("heartbeat", point))["accepted"] == 1
            for _ in range(5):
                ack = await phone.call("heartbeat", point)
                assert (ack["ok"], ack["accepted"], ack["duplicates"]) == (True, 0, 1)

    asyncio.run(story())
    ack = call(web, pro, "POST", PATH, {"positions": [point, point, fix(9, seq=8, session="phone")]})[1]
    assert (ack["accepted"], ack["duplicates"]) == (1, 2)
    _, trail = call(web, DEE, "GET", f"/api/jobs/{job_id}/trail?all=true")
    assert len(trail["points"]) == 2


def test_two_places_of_one_instant_are_both_kept_and_the_first_one_believed_makes_the_trail(
    web: Process, pro: Person
) -> None:
    job_id = job_in(web, "en_route", pro=pro[1])
    at = round(time.time() * 1000)
    cell_tower = fix(recorded_at=at, accuracy=900.0, lat=DOOR[0] - 0.03)
    satellite = fix(recorded_at=at)
    beside = fix(recorded_at=at, lat=DOOR[0] - 0.0271)
    for _ in range(2):  # the second time they are known
        acks = [call(web, pro, "POST", PATH, point)[1] for point in (cell_tower, satellite, beside)]
    assert [(ack["accepted"], ack["duplicates"]) for ack in acks] == [(0, 1)] * 3
    _, everything = call(web, DEE, "GET", f"/api/jobs/{job_id}/trail?all=true")
    assert sorted(point["verdict"] for point in everything["points"]) == ["duplicate", "good", "inaccurate"]
    _, trail = call(web, DEE, "GET", f"/api/jobs/{job_id}/trail")
    assert [point["lat"] for point in trail["points"]] == [pytest.approx(satellite["lat"])]


def test_a_trail_has_every_instant_of_a_batch_that_tells_each_twice(web: Process, pro: Person) -> None:
    job_id = job_in(web, "en_route", pro=pro[1])
    now_ms = round(time.time() * 1000)
    points = [
        fix(recorded_at=now_ms - 1000 * second, lat=DOOR[0] - degrees)
        for second in range(100)
        for degrees in (0.027, 0.02703)
    ]
    assert call(web, pro, "POST", PATH, {"positions": points})[1]["accepted"] == 200
    _, trail = call(web, DEE, "GET", f"/api/jobs/{job_id}/trail")
    assert [point["lat"] for point in trail["points"]] == [pytest.approx(points[0]["lat"])] * 100


def test_a_batch_of_500_with_3_bad_ones_keeps_497_and_names_the_three(web: Process, pro: Person) -> None:
    job_in(web, "en_route", pro=pro[1])
    points: list[Any] = [fix(600 - n) for n in range(500)]
    points[0], points[250], points[499] = {"lat": 91, "lng": 0}, "no object", {**points[499], "lat": None}
    status, ack = call(web, pro, "POST", PATH, {"positions": points})
    assert (status, ack["accepted"]) == (200, 497)
    assert [each["index"] for each in ack["rejected"]] == [0, 250, 499]


def test_a_phone_that_renames_itself_with_every_point_is_one_more_odd_phone(
    web: Process, pro: Person
) -> None:
    job_id = job_in(web, "en_route", pro=pro[1])
    points = [fix(600 - n, session=f"device-{n}") for n in range(500)]
    assert call(web, pro, "POST", PATH, {"positions": points})[1]["accepted"] == 500
    assert call(web, pro, "POST", PATH, {"positions": points})[1]["duplicates"] == 500
    assert len(call(web, DEE, "GET", f"/api/jobs/{job_id}/trail")[1]["points"]) == 500


@pytest.mark.parametrize(
    "body",
    [
        {"positions": []},
        {"positions": [{}] * 501},
        {"positions": {}},
        {"positions": None},
        {"positions": "[]"},
        {"positions": [fix()], "lat": 1},
        {"positions": [[fix()]]},
        {"positions": [None] * 500},
        {"positions": [{"positions": [fix()]}]},
        {"Positions": [fix()]},
    ],
    ids=lambda body: str(body)[:30],
)
def test_a_batch_of_the_wrong_shape_is_refused_whole(web: Process, pro: Person, body: object) -> None:
    assert call(web, pro, "POST", PATH, body)[0] == 422


def test_nobody_streams_to_a_job_that_is_not_theirs_now(web: Process, pro: Person) -> None:
    foreign = job_in(web, "en_route", pro="quinn")
    for status in ("open", "completed", "cancelled"):
        job_id = job_in(web, status, pro=pro[1])
        assert call(web, pro, "POST", PATH, fix(jobId=job_id))[1]["code"] == "not_your_job"
    for job_id in (foreign, "00000000-0000-4000-8000-000000000000", "x", "' OR 1=1 --", ""):
        assert call(web, pro, "POST", PATH, fix(jobId=job_id))[1]["code"] == "not_your_job", job_id
    for who in (CLEO, DEE):
        assert call(web, who, "POST", PATH, fix())[0] == 403

    async def story() -> None:
        for who in (CLEO, DEE):
            async with await listening(web.url, token=token(*who)) as stranger:
                assert (await stranger.call("heartbeat", fix()))["error"]["code"] == "forbidden"
        async with await listening(web.url, token=token("pro", "nobody we know")) as stranger:
            assert (await stranger.call("heartbeat", fix()))["error"]["code"] == "forbidden"
        async with await listening(web.url, token=token(*QUINN)) as quinn:
            assert (await quinn.call("heartbeat", fix(job_id=foreign.upper())))["accepted"] == 1

    asyncio.run(story())
    of_jobs = "SELECT count(*) FROM tracking_sessions WHERE pro_id = $1 AND job_id IS NOT NULL"
    assert asked(web, of_jobs, pro[1]) == 0


def test_after_completed_nothing_is_added_to_the_trail(web: Process, pro: Person) -> None:
    job_id = job_in(web, "in_progress", pro=pro[1])

    async def story() -> None:
        async with await listening(web.url, token=token(*pro)) as phone:
            assert (await phone.call("heartbeat", fix(5, job_id=job_id)))["accepted"] == 1
            done = {"status": "completed"}
            path = f"/api/jobs/{job_id}/status"
            assert (await asyncio.to_thread(call, web, pro, "POST", path, done))[0] == 200
            ack = await phone.call("heartbeat", fix(job_id=job_id))
            assert ack["error"]["code"] == "not_your_job"
            assert (await phone.call("heartbeat", fix()))["ok"]  # on duty still, for dispatch to see

    asyncio.run(story())
    _, trail = call(web, DEE, "GET", f"/api/jobs/{job_id}/trail?all=true")
    assert len(trail["points"]) == 1


def test_a_pro_who_sends_hundreds_a_second_is_told_busy_and_then_cut_and_nobody_else_notices(
    web: Process, pro: Person
) -> None:
    job_in(web, "en_route", pro=pro[1])

    async def story() -> None:
        async with joined(web, pro) as phone, await listening(web.url, token=token(*QUINN)) as quinn:
            for number in range(1000):
                await phone.send(f'42{number + 1}["heartbeat",{json.dumps(fix(10 - number / 100))}]')
            begun = time.monotonic()
            assert "ok" in await quinn.call("heartbeat", fix(job_id=None))
            assert time.monotonic() - begun < BUSY_S
            code, _ = await phone.closing()
            assert code == 1008

    asyncio.run(story())


def test_a_hundred_heartbeats_a_second_within_the_limit_are_all_acked_and_kept(
    web: Process, pro: Person
) -> None:
    job_id = job_in(web, "en_route", pro=pro[1])

    async def story() -> None:
        async with await listening(web.url, token=token(*pro)) as phone:
            calls = [phone.call("heartbeat", fix(20 - n / 10, seq=n)) for n in range(90)]
            acks = await asyncio.gather(*calls)
            assert [ack["accepted"] for ack in acks] == [1] * 90

    asyncio.run(story())
    _, trail = call(web, DEE, "GET", f"/api/jobs/{job_id}/trail?all=true")
    assert len(trail["points"]) == 90
