"""PostgreSQL dies without a word and comes back, again and again, under the same traffic."""

from __future__ import annotations

import asyncio
import random
import time

from bench.chaos.kills import hold_to_targets
from bench.chaos.stage import running
from bench.chaos.traffic import PER_S, PROS, Traffic, flowing, jobs, people, seconds_until
from bench.harness import Report

RESTARTS, RESTARTS_IN_FULL = 8, 50
FREEZES, FREEZES_IN_FULL = 2, 10
FROZEN_S = 4.0
BACK_PATIENCE_S = 15.0


async def run(full: bool) -> Report:
    """The part `postgres`."""
    report = Report("postgres", "PostgreSQL restarted and frozen")
    restarts = RESTARTS_IN_FULL if full else RESTARTS
    freezes = FREEZES_IN_FULL if full else FREEZES
    back_s: list[float] = []
    async with running(people(), jobs()) as (stage, job_ids):
        async with flowing(stage, job_ids) as traffic:
            await asyncio.sleep(3)
            for _ in range(restarts):
                await stage.do(stage.postgres.kill)
                await asyncio.sleep(random.uniform(0, 1))
                await stage.do(stage.postgres.start)
                back_s.append(await acked_again_s(traffic))
                await asyncio.sleep(random.uniform(0.3, 1.5))
            for _ in range(freezes):
                await stage.do(stage.postgres.freeze)
                await asyncio.sleep(FROZEN_S)
                await stage.do(stage.postgres.thaw)
                back_s.append(await acked_again_s(traffic))
                await asyncio.sleep(random.uniform(0.3, 1.5))
        refused = [beat for pro in traffic.pros for beat in pro.refused]
        codes = {beat.ack["error"]["code"] for beat in refused}
        report.say(
            f"All its processes killed and started again {restarts} times, and frozen for {FROZEN_S:.0f} s"
            f" {freezes} times, under {PROS * PER_S:.0f} heartbeats/s. {traffic.acked} heartbeats were acked,"
            f" {len(refused)} refused ({', '.join(sorted(codes)) or 'none'});"
            f" {sum(mover.repeats for mover in traffic.movers)} steps had to be repeated."
        )
        report.say()
        await hold_to_targets(report, stage, traffic)
        report.target("refusals that do not say retry", [_final(traffic)], most=0)
        slowest = max((beat.took_s for beat in refused), default=0.0)
        report.target("the slowest refusal of a heartbeat, s", [slowest], most=2)
        report.target("acked again after the return, slowest, s", [max(back_s)], most=1)
        lost_sockets = sum(pro.connects - 1 for pro in traffic.pros)
        report.target("phones' sockets lost", [lost_sockets], most=0)
    return report


def _final(traffic: Traffic) -> int:
    return sum(not beat.ack["error"]["retry"] for pro in traffic.pros for beat in pro.refused)


async def acked_again_s(traffic: Traffic) -> float:
    """Seconds until every phone's newest answered heartbeat, sent from now on, is kept."""
    began = time.monotonic()

    def served() -> bool:
        newest = [pro.heartbeats[-1] for pro in traffic.pros if pro.heartbeats]
        return all(beat.ok and beat.sent >= began for beat in newest)

    return await seconds_until(served, BACK_PATIENCE_S)
