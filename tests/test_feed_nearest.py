"""The feed on a real database, against a brute force that measures every open job with a geodesic."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from pyproj import Geod

from db import feed
from db.errors import Invalid
from db.jobs import job_by_id
from db.pool import Connection, Database
from tracker.effects.announce import offer_of
from tracker.jobs.feed import FeedJob, matches_feed, offer_seen_from, open_jobs_near
from tracker.jobs.feed_geometry import MILE_M, search_around, to_map

WGS84 = Geod(ellps="WGS84")
PRO_SKILLS = ("gutter_cleaning", "junk_removal", "pressure_washing")
OTHER_SKILLS = ("tv_mounting", "window_cleaning")
SKILLS = {code: number for number, code in enumerate(sorted(PRO_SKILLS + OTHER_SKILLS), start=1)}


@dataclass(frozen=True)
class Job:
    """A job as the brute force knows it."""

    id: uuid.UUID
    skill: str
    lat: float
    lng: float
    status: str = "open"


def with_jobs(database_url: str, jobs: list[Job], check: Callable[[Database], Awaitable[None]]) -> None:
    """Run `check` on a database that has these jobs, a pro with three skills and one without any."""

    async def run() -> None:
        database = await Database.connect(database_url, size=2)
        try:
            async with database.transaction() as conn:
                await _seed_people(conn)
                await _insert(conn, jobs)
            await check(database)
        finally:
            await database.close()

    asyncio.run(run())


async def _seed_people(conn: Connection) -> None:
    await conn.execute(
        "INSERT INTO people (id, role, name, phone) VALUES"
        " ('cus', 'customer', 'Cass Secretname', '+15550001111'), ('pro', 'pro', 'Pat', NULL),"
        " ('new', 'pro', 'Newcomer', NULL)"
    )
    await conn.executemany(
        "INSERT INTO skills (skill_no, code, name) OVERRIDING SYSTEM VALUE VALUES ($1, $2, $2)",
        [(number, code) for code, number in SKILLS.items()],
    )
    await conn.executemany(
        "INSERT INTO pro_skills (pro_id, skill_no) VALUES ('pro', $1)", [(SKILLS[c],) for c in PRO_SKILLS]
    )


async def _insert(conn: Connection, jobs: list[Job]) -> None:
    await conn.executemany(
        "INSERT INTO jobs (id, customer_id, status, pro_id, skill_no, service, lat, lng, address,"
        " approximate_address, price_cents) VALUES ($1, 'cus', $2, $3, $4, 'Service', $5, $6,"
        " '7 Hidden Lane', 'Hidden district', 12000)",
        [
            (j.id, j.status, None if j.status == "open" else "pro", SKILLS[j.skill], j.lat, j.lng)
            for j in jobs
        ],
    )


def brute_force(jobs: list[Job], lat: float, lng: float, radius_miles: float) -> list[tuple[float, str]]:
    """All (distance_m, id) of the feed, measured one by one, in order."""
    found = []
    for job in jobs:
        _, _, distance_m = WGS84.inv(lng, lat, job.lng, job.lat)
        if job.status == "open" and job.skill in PRO_SKILLS and distance_m <= radius_miles * MILE_M:
            found.append((distance_m, job.id))
    return [(distance_m, str(job_id)) for distance_m, job_id in sorted(found)]


def job_at(dice: random.Random, lat: float, lng: float, azimuth: float, distance_m: float) -> Job:
    """An open job that the pro has the skill for, so far from a place."""
    there_lng, there_lat, _ = WGS84.fwd(lng, lat, azimuth, distance_m)
    return Job(uuid.UUID(int=dice.getrandbits(128)), dice.choice(PRO_SKILLS), there_lat, there_lng)


CENTRES = [
    (53.4084, -2.9916),
    (40.7128, -74.006),
    (-33.8688, 151.2093),
    (0.0, 0.0),
    (0.0, 180.0),
    (-17.0, -179.999),
    (66.5, 179.99),
    (71.3, -156.8),
    (84.0, 30.0),
    (86.9, -100.0),
    (88.9, 179.9),
    (89.35, 0.0),
    (89.95, 77.0),
    (90.0, 0.0),
    (-90.0, 180.0),
    (-89.45, -180.0),
]
RADII_MILES = (1 / MILE_M, 0.3, 5.0, 20.0, 97.0, 186.0, 300.0)


def scattered_jobs(dice: random.Random) -> list[Job]:
    """Around every centre: jobs from 0 m to 500 km, dense near it, of all skills, some not open."""
    jobs = []
    for lat, lng in CENTRES:
        for _ in range(120):
            near = job_at(dice, lat, lng, dice.uniform(-180, 180), 500_000 * dice.random() ** 4)
            skill = dice.choice(PRO_SKILLS + OTHER_SKILLS)
            status = "cancelled" if dice.random() < 0.15 else "open"
            jobs.append(Job(near.id, skill, near.lat, near.lng, status))
        jobs.append(Job(uuid.UUID(int=dice.getrandbits(128)), PRO_SKILLS[0], lat, lng))
    return jobs


def test_the_feed_equals_a_brute_force_everywhere_on_earth(database_url: str) -> None:
    dice = random.Random(20)
    jobs = scattered_jobs(dice)
    cases = 0

    async def check(database: Database) -> None:
        nonlocal cases
        for lat, lng in CENTRES:
            for radius_miles in RADII_MILES:
                for limit in (1, 7, 50, 500):
                    got = await open_jobs_near(
                        database, pro_id="pro", lat=lat, lng=lng, radius_miles=radius_miles, limit=limit
                    )
                    expected = brute_force(jobs, lat, lng, radius_miles)[:limit]
                    assert [j.id for j in got] == [i for _, i in expected], (lat, lng, radius_miles, limit)
                    miles = [round(d / MILE_M, 2) for d, _ in expected]
                    assert [j.distance_miles for j in got] == miles
                    cases += 1

    with_jobs(database_url, jobs, check)
    assert cases == 448


def test_the_radius_decides_to_the_centimetre(database_url: str) -> None:
    dice = random.Random(21)
    edges = [
        (lat, lng, azimuth, distance_m)
        for lat, lng in CENTRES
        for azimuth in (0.0, 90.0, 135.0, -90.0)
        for distance_m in (1.0, 777.7, 32_186.88, 300_000.0)
    ]
    jobs = [job_at(dice, *edge) for edge in edges]

    async def check(database: Database) -> None:
        for (lat, lng, _, distance_m), job in zip(edges, jobs, strict=True):
            for nudge_m, expected in ((0.01, True), (-0.01, False)):
                got = await open_jobs_near(
                    database, pro_id="pro", lat=lat, lng=lng, limit=500,
                    radius_miles=(distance_m + nudge_m) / MILE_M,
                )  # fmt: skip
                assert (str(job.id) in {j.id for j in got}) is expected, (lat, lng, distance_m, nudge_m)

    with_jobs(database_url, jobs, check)


def test_jobs_in_one_building_come_in_order_of_their_id_at_distance_zero(database_url: str) -> None:
    dice = random.Random(22)
    tower = [job_at(dice, 53.4, -2.99, 0.0, 0.0) for _ in range(400)]
    jobs = [*tower, *[job_at(dice, 53.4, -2.99, 10.0, 50.0 + n) for n in range(50)]]

    async def check(database: Database) -> None:
        got = await open_jobs_near(database, pro_id="pro", lat=53.4, lng=-2.99, radius_miles=20, limit=50)
        assert [j.id for j in got] == [i for _, i in brute_force(jobs, 53.4, -2.99, 20)[:50]]
        assert {j.distance_miles for j in got} == {0.0}

    with_jobs(database_url, jobs, check)


def test_the_ground_decides_where_the_map_says_otherwise(database_url: str) -> None:
    """At 70° jobs 300 km north look farther on the map than jobs 310 km south, and are nearer."""
    dice = random.Random(23)
    north = [job_at(dice, 70.0, 20.0, 0.0, 300_000.0 + n) for n in range(20)]
    south = [job_at(dice, 70.0, 20.0, 180.0, 310_000.0 + n) for n in range(200)]

    async def check(database: Database) -> None:
        for limit in (1, 10, 20, 50):
            got = await open_jobs_near(
                database, pro_id="pro", lat=70.0, lng=20.0, radius_miles=300, limit=limit
            )
            assert [j.id for j in got] == [i for _, i in brute_force(north + south, 70.0, 20.0, 300)[:limit]]

    with_jobs(database_url, north + south, check)


def test_almost_zero_is_as_good_as_zero(database_url: str) -> None:
    """PostgreSQL's arithmetic raises errors where a float underflows; the feed's must not come near that."""
    tiny = 5e-324
    job = Job(uuid.uuid4(), "junk_removal", 0.0, 0.0)

    async def check(database: Database) -> None:
        for lat, lng, radius_miles in ((tiny, tiny, tiny), (-tiny, 1e-300, 20.0), (1e-310, -0.0, 300.0)):
            got = await open_jobs_near(database, pro_id="pro", lat=lat, lng=lng, radius_miles=radius_miles)
            assert [(j.id, j.distance_miles) for j in got] == [(str(job.id), 0.0)]

    with_jobs(database_url, [job], check)


def test_where_nothing_is_near_the_feed_is_empty(database_url: str) -> None:
    async def check(database: Database) -> None:
        for lat in (0.0, 53.4, 90.0):
            assert not await open_jobs_near(database, pro_id="pro", lat=lat, lng=100.0, radius_miles=20)

    with_jobs(database_url, [Job(uuid.uuid4(), "junk_removal", 53.4, -2.99)], check)


def test_a_pro_without_skills_or_unknown_sees_an_empty_feed(database_url: str) -> None:
    async def check(database: Database) -> None:
        for pro_id in ("new", "nobody"):
            assert not await open_jobs_near(
                database, pro_id=pro_id, lat=53.4, lng=-2.99, radius_miles=20, limit=50
            )

    with_jobs(database_url, [Job(uuid.uuid4(), "junk_removal", 53.4, -2.99)], check)


def test_an_offer_tells_neither_the_customer_nor_the_exact_place(database_url: str) -> None:
    async def check(database: Database) -> None:
        (offer,) = await open_jobs_near(database, pro_id="pro", lat=53.4, lng=-2.99, radius_miles=20)
        assert (offer.approximate_lat, offer.approximate_lng) == (53.41, -2.99)
        assert offer.approximate_address == "Hidden district"
        text = repr(offer)
        assert not any(secret in text for secret in ("53.4084", "2.9916", "Lane", "Cass", "555", "cus"))

    with_jobs(database_url, [Job(uuid.uuid4(), "junk_removal", 53.4084, -2.9916)], check)


def test_the_live_match_agrees_with_the_query(database_url: str) -> None:
    dice = random.Random(24)
    jobs = scattered_jobs(dice)

    async def check(database: Database) -> None:
        for lat, lng in CENTRES:
            got = await open_jobs_near(database, pro_id="pro", lat=lat, lng=lng, radius_miles=60, limit=500)
            live = {
                str(j.id): matches_feed(
                    job_lat=j.lat, job_lng=j.lng, job_skill=j.skill,
                    lat=lat, lng=lng, radius_miles=60, skills=set(PRO_SKILLS),
                )
                for j in jobs
                if j.status == "open"
            }  # fmt: skip
            assert {i: round(d, 2) for i, d in live.items() if d is not None} == {
                j.id: j.distance_miles for j in got
            }

    with_jobs(database_url, jobs, check)


def test_a_live_offer_looks_as_the_same_job_in_the_feed(database_url: str) -> None:
    job = Job(uuid.uuid4(), "junk_removal", 53.4084, -2.9916)
    around = {"lat": 53.4, "lng": -2.99, "radius_miles": 5.0}

    async def check(database: Database) -> None:
        (listed,) = await open_jobs_near(database, pro_id="pro", **around)
        async with database.connection() as conn:
            stored = await job_by_id(conn, job.id)
        assert stored is not None
        offer = offer_of(stored)
        assert offer_seen_from(offer, **around, skills=PRO_SKILLS) == listed.as_payload()
        assert offer_seen_from(offer, **around, skills=OTHER_SKILLS) is None
        assert offer_seen_from(offer, **{**around, "lat": 54.4}, skills=PRO_SKILLS) is None

    with_jobs(database_url, [job], check)


def test_the_column_in_the_database_is_the_map_shifted_by_the_skill(database_url: str) -> None:
    dice = random.Random(25)
    jobs = [*scattered_jobs(dice), Job(uuid.uuid4(), "tv_mounting", -90.0, -180.0)]

    async def check(database: Database) -> None:
        async with database.connection() as conn:
            for row in await conn.fetch("SELECT lat, lng, skill_no, lane FROM jobs"):
                x, y = to_map(row["lat"], row["lng"])
                assert row["lane"].x == pytest.approx(x + row["skill_no"] * feed.LANE_WIDTH_M, abs=1e-6)
                assert row["lane"].y == pytest.approx(y, abs=1e-6)

    with_jobs(database_url, jobs, check)


def test_the_plan_merges_index_scans_and_sorts_nothing(database_url: str) -> None:
    async def check(database: Database) -> None:
        async with database.connection() as conn:
            await conn.execute(
                "INSERT INTO jobs (customer_id, status, skill_no, service, lat, lng, address,"
                " approximate_address, price_cents) SELECT 'cus', 'open', 1 + n % 5, 'S',"
                " 53 + n % 97 * 0.01, -3 + n % 89 * 0.01, 'a', 'b', 1 FROM generate_series(1, 5000) n"
            )
            await conn.execute("ANALYZE jobs")
            window = search_around(53.4, -2.99, 20 * MILE_M).windows[0]
            await conn.execute("PREPARE feed AS " + feed._nearest_sql(2))
            lanes = [
                value + shift for shift in (5e7, 1e8) for value in (window.x, window.x_min, window.x_max)
            ]
            arguments = ", ".join(repr(v) for v in (58, window.y, window.y_min, window.y_max, *lanes))
            plan = "\n".join(r[0] for r in await conn.fetch(f"EXPLAIN EXECUTE feed({arguments})"))
        assert "Merge Append" in plan
        assert plan.count("Index Scan using jobs_feed") == 2
        assert not any(slow in plan for slow in ("Seq Scan", "Bitmap", "->  Sort"))

    with_jobs(database_url, [], check)


BAD_AREAS: list[dict[str, Any]] = [
    {"lat": 90.001}, {"lat": -91.0}, {"lat": float("nan")}, {"lat": float("inf")},
    {"lng": 180.5}, {"lng": -181.0}, {"lng": float("nan")},
    {"radius_miles": 0.0}, {"radius_miles": -5.0}, {"radius_miles": 300.1}, {"radius_miles": float("nan")},
    {"radius_miles": float("inf")}, {"limit": 0}, {"limit": -1}, {"limit": 501},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_AREAS, ids=str)
def test_an_impossible_area_is_refused_before_the_database_is_asked(bad: dict[str, Any]) -> None:
    area: dict[str, Any] = {"lat": 53.4, "lng": -2.99, "radius_miles": 20.0, "limit": 50, **bad}
    with pytest.raises(Invalid):
        asyncio.run(open_jobs_near(None, pro_id="pro", **area))  # type: ignore[arg-type]


def test_a_payload_carries_times_in_utc_with_milliseconds() -> None:
    offer = FeedJob(
        id="1", skill="junk_removal", service="S", approximate_address="A", approximate_lat=53.4,
        approximate_lng=-3.0, price_cents=100, window_start=None, window_end=None,
        opened_at=datetime(2026, 11, 20, 10, 0, 0, 5000, tzinfo=UTC), distance_miles=1.25,
    )  # fmt: skip
    assert offer.as_payload()["opened_at"] == "2026-11-20T10:00:00.005Z"
    assert offer.as_payload()["window_start"] is None
