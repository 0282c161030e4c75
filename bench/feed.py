"""The feed: skill lanes against the formula scan and PostGIS, and its growth with the open jobs.

All ways answer the same question on the same table of the same server: the 50 nearest open jobs within
20 miles with one of three of thirty skills, around places in ten cities. A second table asks for one
rare skill of which fewer than 50 jobs are in reach, so that a search has to prove that there are no more.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from bench.harness import Report, Sample, Turns, Way, cpu_us, percentile, short, spread, take_turns
from bench.servers import prepared, private_server, server_version
from db.pool import Database
from tracker.jobs.feed import nearest_jobs, open_jobs_near
from tracker.jobs.feed_geometry import MILE_M

LIMIT = 50
RADIUS_MILES = 20.0
SKILLS = 30
PRO_SKILLS = [3, 11, 27]
RARE_SKILL = SKILLS + 1  # one job in five hundred: fewer in reach than asked for
CONNECTION = {  # as the application's pool; and one process for each, so that all CPU time is seen
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
CITIES = [
    (53.41, -2.99), (51.51, -0.13), (40.71, -74.01), (34.05, -118.24), (41.88, -87.63),
    (48.86, 2.35), (52.52, 13.41), (-33.87, 151.21), (19.43, -99.13), (1.35, 103.82),
]  # fmt: skip

# As commonly written, at R = 3959 miles. Without `least` it raises errors at distance zero.
FORMULA = """
SELECT id, service, approximate_address, lat, lng, price_cents, window_start, window_end, miles FROM (
    SELECT *, 3959 * acos(least(1, cos(radians($1::float8)) * cos(radians(lat))
        * cos(radians(lng) - radians($2::float8)) + sin(radians($1::float8)) * sin(radians(lat)))) AS miles
    FROM jobs WHERE status = 'open') AS open_jobs
{skills} AND miles <= $4::float8 ORDER BY miles LIMIT $5::int
"""
# The pro's skills joined: PostgreSQL judges every open row by the formula first. Given as a list instead,
# they come first, because comparing them is cheaper.
FORMULA_JOINED = FORMULA.format(
    skills="JOIN unnest($3::smallint[]) AS of_pro (skill_no) USING (skill_no) WHERE true"
)
FORMULA_LISTED = FORMULA.format(skills="WHERE skill_no = ANY ($3::smallint[])")
POSTGIS = """
SELECT id, service, approximate_address, lat, lng, price_cents, window_start, window_end,
       place <-> ST_MakePoint($2::float8, $1::float8)::geography AS metres
FROM jobs WHERE status = 'open' AND skill_no = ANY ($3::smallint[])
  AND ST_DWithin(place, ST_MakePoint($2::float8, $1::float8)::geography, $4::float8 * 1609.344)
ORDER BY place <-> ST_MakePoint($2::float8, $1::float8)::geography LIMIT $5::int
"""
JOBS = """
INSERT INTO jobs (customer_id, status, skill_no, service, lat, lng, address, approximate_address, price_cents)
SELECT 'customer', CASE WHEN n % 5 = 0 THEN 'open' ELSE 'cancelled' END,
       CASE WHEN random() < 0.002 THEN $3::int + 1 ELSE 1 + floor(random() * $3::int) END,
       'Gutter cleaning', lat, lng, n || ' Some Street, Some Town', 'Some Town', 12000
FROM (SELECT n, ($1::float8[])[c] + r / 69.0 * cos(a) AS lat,
             ($2::float8[])[c] + r / 69.0 * sin(a) / cos(radians(($1::float8[])[c])) AS lng
      FROM (SELECT n, 1 + n / 5 % array_length($1::float8[], 1) AS c, 20.5 * sqrt(random()) AS r,
                   2 * pi() * random() AS a
            FROM generate_series($4::bigint, $5::bigint) AS n) AS dice) AS places
"""

FORMULA_NAME = "formula over all open rows (`acos`)"
LISTED_NAME = "formula over those of the skills"
POSTGIS_NAME = "PostGIS `ST_DWithin` + `<->`"
LANES_NAME = "skill lanes"
WHOLE_CALL_NAME = "`open_jobs_near` with pool and skills"
FIGURES = {"p50": "p50 ms", "p99": "p99 ms", "cpu": "server CPU ms"}
PAIRS = 9
CONNECTIONS = 16

Ask = Callable[[float, float], Awaitable[Any]]


def options(parser: argparse.ArgumentParser) -> None:
    """What the command line may set."""
    parser.add_argument("--jobs", type=int, default=1_000_000, help="jobs in all, a fifth of them open")


async def run(arguments: argparse.Namespace) -> Report:
    """Measure at 1 %, 10 % and 100 % of the jobs."""
    report = Report("feed", "Feed: skill lanes, the formula, PostGIS")
    with private_server(want_postgis=True) as server:
        version = await server_version(server.url)
        report.say(
            f"The {LIMIT} nearest open jobs within {RADIUS_MILES:g} miles, {len(PRO_SKILLS)} of {SKILLS}"
            f" skills, {version}, one connection on a Unix socket; times of a call include the client."
        )
        if not server.has_postgis:
            report.say("\nPostGIS is not installed here (Debian: postgresql-15-postgis-3); it was left out.")
        await prepared(server.url)
        await _measure(report, server.url, server.has_postgis, arguments.jobs)
    return report


async def _measure(report: Report, url: str, has_postgis: bool, jobs: int) -> None:
    conn = await asyncpg.connect(url, server_settings=CONNECTION)
    database = await Database.connect(url, size=2)
    try:
        await _seed(conn, has_postgis)
        lanes_p50: dict[int, list[float]] = {}
        loaded = 0
        for total in (jobs // 100, jobs // 10, jobs):
            await conn.execute(JOBS, *zip(*CITIES, strict=True), SKILLS, loaded + 1, total, timeout=600)
            await conn.execute("VACUUM ANALYZE jobs", timeout=600)
            loaded = total
            ways = _ways(conn, PRO_SKILLS, has_postgis) | {WHOLE_CALL_NAME: _whole_call(database)}
            turns = await take_turns(ways if total == jobs else {LANES_NAME: ways[LANES_NAME]}, PAIRS)
            lanes_p50[total // 5] = turns.values(LANES_NAME, "p50")
        _report_ways(report, turns, loaded)
        report.say("\n## The same, one rare skill, fewer than 50 in reach")
        rare = await take_turns(_ways(conn, [RARE_SKILL], has_postgis), PAIRS)
        report.table(rare, FIGURES)
        _report_growth(report, lanes_p50)
        await _report_throughput(report, url, has_postgis)
    finally:
        await database.close()
        await conn.close()


async def _seed(conn: asyncpg.Connection[asyncpg.Record], has_postgis: bool) -> None:
    await conn.execute("SELECT setseed(0.42)")
    await conn.execute(
        "INSERT INTO people (id, role, name) VALUES ('customer', 'customer', 'C'), ('pro', 'pro', 'P')"
    )
    await conn.execute(
        f"INSERT INTO skills (code, name) SELECT 's' || n, 'S' FROM generate_series(1, {RARE_SKILL}) n"
    )
    await conn.executemany("INSERT INTO pro_skills VALUES ('pro', $1)", [(n,) for n in PRO_SKILLS])
    await conn.execute(
        "SET session_replication_role = replica"
    )  # foreign keys hold; do not check a million times
    if has_postgis:
        await conn.execute("CREATE EXTENSION postgis")
        await conn.execute(
            "ALTER TABLE jobs ADD COLUMN place geography(Point, 4326)"
            " GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(lng, lat), 4326)::geography) STORED"
        )
        await conn.execute("CREATE INDEX jobs_place ON jobs USING gist (place) WHERE status = 'open'")


def _asks(conn: asyncpg.Connection[asyncpg.Record], skills: list[int], has_postgis: bool) -> dict[str, Ask]:
    """Every way of asking on one connection."""

    async def lanes(lat: float, lng: float) -> Any:
        return await nearest_jobs(conn, skills, lat, lng, RADIUS_MILES * MILE_M, LIMIT)  # type: ignore[arg-type]

    async def formula(lat: float, lng: float) -> Any:
        return await conn.fetch(FORMULA_JOINED, lat, lng, skills, RADIUS_MILES, LIMIT)

    async def formula_listed(lat: float, lng: float) -> Any:
        return await conn.fetch(FORMULA_LISTED, lat, lng, skills, RADIUS_MILES, LIMIT)

    async def postgis(lat: float, lng: float) -> Any:
        return await conn.fetch(POSTGIS, lat, lng, skills, RADIUS_MILES, LIMIT)

    asks: dict[str, Ask] = {LANES_NAME: lanes, FORMULA_NAME: formula, LISTED_NAME: formula_listed}
    return asks | {POSTGIS_NAME: postgis} if has_postgis else asks


def _ways(conn: asyncpg.Connection[asyncpg.Record], skills: list[int], has_postgis: bool) -> dict[str, Way]:
    """Every way with as many questions per sample as fit into about half a second."""
    questions = {
        LANES_NAME: 300,
        FORMULA_NAME: 5,
        LISTED_NAME: 6,
        POSTGIS_NAME: 100 if skills == PRO_SKILLS else 8,
    }
    pid = conn.get_server_pid()
    return {name: _way(ask, questions[name], pid) for name, ask in _asks(conn, skills, has_postgis).items()}


def _whole_call(database: Database) -> Way:
    """The application's own call: a connection from the pool, the pro's skills, the search."""

    async def ask(lat: float, lng: float) -> Any:
        return await open_jobs_near(
            database, pro_id="pro", lat=lat, lng=lng, radius_miles=RADIUS_MILES, limit=LIMIT
        )

    return _way(ask, 300, None)


def _place(dice: random.Random) -> tuple[float, float]:
    """Somewhere in one of the cities."""
    lat, lng = dice.choice(CITIES)
    return lat + dice.uniform(-0.1, 0.1), lng + dice.uniform(-0.1, 0.1)


def _way(ask: Ask, questions: int, server_pid: int | None) -> Way:
    """A sample: that many questions, one after the other."""

    async def sample() -> Sample:
        dice = random.Random(questions)
        times = []
        cpu_before = cpu_us(server_pid) if server_pid else 0.0
        for _ in range(questions):
            place = _place(dice)
            start = time.perf_counter()
            await ask(*place)
            times.append((time.perf_counter() - start) * 1e3)
        cpu = (cpu_us(server_pid) - cpu_before) / questions / 1e3 if server_pid else math.nan
        return {"p50": statistics.median(times), "p99": percentile(times, 99), "cpu": cpu}

    return sample


def _report_ways(report: Report, turns: Turns, jobs: int) -> None:
    report.say(
        f"\n## {jobs:,} jobs, {jobs // 5:,} open, {jobs // 50:,} in each of ten cities".replace(",", " ")
    )
    report.table(turns, FIGURES)
    report.target("p50, formula ÷ lanes", turns.ratios("p50", FORMULA_NAME, LANES_NAME), least=200)
    report.target("server CPU, formula ÷ lanes", turns.ratios("cpu", FORMULA_NAME, LANES_NAME), least=250)
    if POSTGIS_NAME in turns.samples:
        report.target("p50, PostGIS ÷ lanes", turns.ratios("p50", POSTGIS_NAME, LANES_NAME), least=5)
        report.target("server CPU, PostGIS ÷ lanes", turns.ratios("cpu", POSTGIS_NAME, LANES_NAME), least=5)


def _report_growth(report: Report, lanes_p50: dict[int, list[float]]) -> None:
    report.say("\n## Growth of the skill lanes' p50")
    report.rows(["open jobs", "p50 ms"], [[short(n), spread(v)] for n, v in lanes_p50.items()])
    first, *_, last = lanes_p50.values()
    report.target(
        "p50 with a hundred times the open jobs", [b / a for a, b in zip(first, last, strict=True)], most=2.5
    )


async def _report_throughput(report: Report, url: str, has_postgis: bool) -> None:
    report.say(f"\n## {CONNECTIONS} connections at once, client and server on this machine")
    connections = [await asyncpg.connect(url, server_settings=CONNECTION) for _ in range(CONNECTIONS)]
    try:
        per_connection = [_asks(conn, PRO_SKILLS, has_postgis) for conn in connections]
        ways = {name: _crowd([asks[name] for asks in per_connection]) for name in per_connection[0]}
        report.table(await take_turns(ways, 3), {"rate": "questions/s"})
    finally:
        for conn in connections:
            await conn.close()


def _crowd(asks: list[Ask]) -> Way:
    """A sample: all connections ask as fast as they can for a second and a half."""

    async def sample() -> Sample:
        end = time.perf_counter() + 1.5

        async def keep_asking(ask: Ask, seed: int) -> int:
            dice, asked = random.Random(seed), 0
            while time.perf_counter() < end:
                await ask(*_place(dice))
                asked += 1
            return asked

        start = time.perf_counter()
        counts = await asyncio.gather(*(keep_asking(ask, n) for n, ask in enumerate(asks)))
        return {"rate": sum(counts) / (time.perf_counter() - start)}

    return sample
