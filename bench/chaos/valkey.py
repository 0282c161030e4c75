"""Redis dies and comes back empty, or stops answering, again and again, under the same traffic."""

from __future__ import annotations

import asyncio
import random
import time

from bench.chaos.kills import hold_to_targets
from bench.chaos.stage import Stage, running
from bench.chaos.traffic import PER_S, PROS, Traffic, flowing, jobs, people, seconds_until
from bench.harness import Report, percentile
from tests.errands import connect
from tests.listening import Listener
from tests.loads import is_ready

KILLS, KILLS_IN_FULL = 10, 50
FREEZES, FREEZES_IN_FULL = 2, 20
FROZEN_S, FROZEN_IN_FULL_S = 8.0, 30.0
BACK_PATIENCE_S = 15.0


async def run(full: bool) -> Report:
    """The part `valkey`."""
    report = Report("valkey", "Redis (Valkey) killed and frozen")
    kills = KILLS_IN_FULL if full else KILLS
    freezes = FREEZES_IN_FULL if full else FREEZES
    frozen_s = FROZEN_IN_FULL_S if full else FROZEN_S
    back_s: list[float] = []
    spans: list[tuple[float, float]] = []
    async with running(people(), jobs()) as (stage, job_ids):
        async with flowing(stage, job_ids) as traffic, await _screen(stage, job_ids) as screen:
            await asyncio.sleep(3)
            for _ in range(kills):
                await stage.do(stage.valkey.kill)
                await asyncio.sleep(random.uniform(0, 2))
                await stage.do(stage.valkey.restart)
                back_s.append(await _heard_again_s(screen))
                await asyncio.sleep(random.uniform(0.3, 1.5))
            for _ in range(freezes):
                began = time.monotonic()
                stage.valkey.freeze()
                await asyncio.gather(*(is_ready(web, ["bus_deaf"], 6) for web in stage.webs))
                await asyncio.sleep(max(0.0, began + frozen_s - time.monotonic()))
                stage.valkey.thaw()
                spans.append((began, time.monotonic()))
                back_s.append(await _heard_again_s(screen))
            await asyncio.gather(*(is_ready(web, [], 10) for web in stage.webs))
        frozen_ms = _acks_ms(traffic, spans)
        calm_ms = _acks_ms(traffic, [(0.0, spans[0][0])])
        report.say(
            f"Killed and started empty {kills} times, frozen for {frozen_s:.0f} s {freezes} times, under"
            f" {PROS * PER_S:.0f} heartbeats/s. {traffic.acked} heartbeats were acked. Acks while frozen: p50"
            f" {percentile(frozen_ms, 50):.1f} ms, p99 {percentile(frozen_ms, 99):.1f} ms; otherwise p50"
            f" {percentile(calm_ms, 50):.1f} ms, p99 {percentile(calm_ms, 99):.1f} ms. Both nodes said"
            " bus_deaf within 6 s of each freeze."
        )
        report.say()
        await hold_to_targets(report, stage, traffic)
        refused = sum(len(pro.refused) for pro in traffic.pros)
        report.target("heartbeats refused", [refused], most=0)
        report.target("ack p99 while frozen, ms", [percentile(frozen_ms, 99)], most=250)
        report.target("other nodes' dots seen again after the return, slowest, s", [max(back_s)], most=2)
    return report


async def _screen(stage: Stage, job_ids: dict[str, str]) -> Listener:
    """A dispatcher on node B who follows every driving pro; half of them send to node A."""
    dee = await connect(stage.b, "dispatcher", "dee")
    for pro, job_id in job_ids.items():
        if pro.startswith("pro"):
            assert (await dee.call("watch", {"job_id": job_id}))["ok"]
    return dee


async def _heard_again_s(screen: Listener) -> float:
    """Seconds until a dot of every job, fixed from now on, is on the screen."""
    now_ms = time.time() * 1000

    def all_fresh() -> bool:
        dots = screen.all("location_update")
        return len({dot["job_id"] for dot in dots if dot["seq"] >= now_ms}) == PROS

    took_s = await seconds_until(all_fresh, BACK_PATIENCE_S)
    screen.heard.clear()
    return took_s


def _acks_ms(traffic: Traffic, spans: list[tuple[float, float]]) -> list[float]:
    """How long the acks of heartbeats sent within these spans took."""
    return [
        beat.took_s * 1e3
        for pro in traffic.pros
        for beat in pro.heartbeats
        if any(start <= beat.sent < end for start, end in spans)
    ]
