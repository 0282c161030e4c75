"""A thousand pros claim one job over HTTP at the same moment: one 200, 999 times 409, nothing else.

The requests are written by hand on connections that are already open, so that they arrive together.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter

from bench.app import HOST, App, fetch, running_app, token
from bench.harness import Report, percentile, short
from rooms.principal import Role

CLAIMERS = 1000
ROUNDS = 5
CONNECTS_AT_ONCE = 50

OPEN_A_JOB = """
WITH job AS (
    INSERT INTO jobs (customer_id, status, version, skill_no, service, lat, lng, address,
                      approximate_address, price_cents, opened_at)
    VALUES ('customer1', 'open', 1, 1, 'Gutters', 53.4, -2.9, '1 Some Street', 'Some Town', 12000, now())
    RETURNING id),
event AS (
    INSERT INTO job_events (job_id, version, kind, to_status, actor_id, actor_role, occurred_at)
    SELECT id, 1, 'created', 'open', 'bench', 'admin', now() FROM job)
SELECT id::text FROM job
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """Several rounds, a new job each."""
    report = Report("claims_http", "A thousand simultaneous claims over HTTP")
    async with running_app(CLAIMERS) as app:
        report.say(
            f"{CLAIMERS} pros on open connections, one job, {ROUNDS} rounds; `tracker serve` with one worker,"
            f" {app.database_version}. Answer times run from the first request to each answer."
        )
        tokens = [token(Role.PRO, f"pro{n}") for n in range(1, CLAIMERS + 1)]
        rounds = [await _round(app, tokens) for _ in range(ROUNDS)]
    report.rows(
        ["round", "answers", "winner ms", "losers' p50 ms", "losers' p99 ms"],
        [[str(n), *cells] for n, (_, cells) in enumerate(rounds, start=1)],
    )
    counts = [statuses for statuses, _ in rounds]
    wrong = sum(sum(c.values()) - c[200] - c[409] for c in counts)
    report.target(
        "rounds with exactly one 200", [sum(c[200] == 1 for c in counts)], least=ROUNDS, most=ROUNDS
    )
    report.target("rounds with 999 × 409", [sum(c[409] == CLAIMERS - 1 for c in counts)], least=ROUNDS)
    report.target("other answers", [wrong], most=0)
    return report


async def _round(app: App, tokens: list[str]) -> tuple[Counter[int], list[str]]:
    """All claim one new job; the count of each status, and the table's cells."""
    ((job_id,),) = await fetch(app.database_url, OPEN_A_JOB)
    gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with gate:
            return await asyncio.open_connection(HOST, app.port)

    streams = await asyncio.gather(*(connect() for _ in tokens))
    start = time.perf_counter()

    async def claim(number: int) -> tuple[int, float]:
        reader, writer = streams[number]
        writer.write(_request(job_id, tokens[number]))
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return int(answer[9:12]), (time.perf_counter() - start) * 1e3

    answers = await asyncio.gather(*(claim(number) for number in range(len(tokens))))
    statuses = Counter(status for status, _ in answers)
    losers = [ms for status, ms in answers if status == 409] or [0.0]
    winner = next((ms for status, ms in answers if status == 200), 0.0)
    told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    return statuses, [told, short(winner), short(percentile(losers, 50)), short(percentile(losers, 99))]


def _request(job_id: str, bearer: str) -> bytes:
    return (
        f"POST /api/jobs/{job_id}/accept HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {bearer}\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n"
    ).encode()
