"""Kill -9 of a random process of ours, again and again, under 300 heartbeats a second and many steps."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from bench.chaos.stage import Stage, running
from bench.chaos.traffic import MOVERS, PER_S, PROS, Traffic, flowing, jobs, people
from bench.harness import Report

KILLS, KILLS_IN_FULL = 20, 200
PAUSE_S = (0.3, 1.5)
STUCK_AFTER_S = 60.0


async def run(full: bool) -> Report:
    """The part `kills`."""
    report = Report("kills", "Kill -9 of a random process")
    kills = KILLS_IN_FULL if full else KILLS
    killed: Counter[str] = Counter()
    async with running(people(), jobs()) as (stage, job_ids):
        victims = {"web A": stage.a, "web B": stage.b, "worker": stage.worker}
        async with flowing(stage, job_ids) as traffic:
            await asyncio.sleep(3)
            for _ in range(kills):
                name = random.choice(sorted(victims))
                killed[name] += 1
                await stage.do(victims[name].kill)
                await asyncio.sleep(random.uniform(0, 0.5))
                await stage.do(victims[name].start)
                await asyncio.sleep(random.uniform(*PAUSE_S))
        emptied_s = await _until_empty(stage)
        stuck, dead = (await stage.fetch(WAITING))[0]
        report.say(
            f"{kills} kills ({', '.join(f'{name} {count}' for name, count in sorted(killed.items()))}), each"
            f" followed by a restart, under {PROS * PER_S:.0f} heartbeats/s of {PROS} phones and the steps of"
            f" {MOVERS} pros whose jobs are followed on both nodes. {traffic.acked} heartbeats were acked;"
            f" {sum(len(mover.steps) for mover in traffic.movers)} steps were answered after"
            f" {sum(mover.repeats for mover in traffic.movers)} repeats;"
            f" {sum(watcher.steps for watcher in traffic.watchers)} steps were heard live by watchers who"
            f" had to come back {sum(watcher.returns for watcher in traffic.watchers)} times. The outbox was"
            f" empty {emptied_s:.1f} s after the end."
        )
        report.say()
        await hold_to_targets(report, stage, traffic)
        report.target("outbox rows waiting after 60 s", [float(str(stuck))], most=0)
        report.target("dead letters", [float(str(dead))], most=0)
    return report


async def hold_to_targets(report: Report, stage: Stage, traffic: Traffic) -> None:
    """What must be zero whatever was broken."""
    report.target("acked heartbeats lost", [await traffic.lost(stage)], most=0)
    report.target("steps carried out twice", [sum(m.double_steps for m in traffic.movers)], most=0)
    wrong = [answer for mover in traffic.movers for answer in mover.wrong]
    report.target("steps answered wrongly", [len(wrong)], most=0)
    tracebacks = [words for words in stage.words() if "Traceback" in words]
    report.target("processes with a traceback in their log", [len(tracebacks)], most=0)
    for text in (*wrong[:3], *(words[words.index("Traceback") :][:4000] for words in tracebacks)):
        print(text)  # for whoever has to find out
    report.target("steps told twice on one socket", [sum(w.twice for w in traffic.watchers)], most=0)
    report.target("steps that a watcher never heard of", [sum(w.holes for w in traffic.watchers)], most=0)
    report.target("watchers that did not end at the truth", [await _behind(stage, traffic)], most=0)


WAITING = (
    "SELECT count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL)"
    " FROM outbox WHERE done_at IS NULL AND expired_at IS NULL"
)


async def _until_empty(stage: Stage) -> float:
    """Seconds until nothing waits in the outbox, or too many."""
    began = time.monotonic()
    while time.monotonic() - began < STUCK_AFTER_S:
        if (await stage.fetch(WAITING))[0][0] == 0:
            break
        await asyncio.sleep(0.5)
    return time.monotonic() - began


async def _behind(stage: Stage, traffic: Traffic) -> int:
    """Watchers whose last version is not the job's."""
    rows = await stage.fetch("SELECT id::text, version FROM jobs")
    truth = {str(job_id): version for job_id, version in rows}
    return sum(watcher.version != truth[watcher.job_id] for watcher in traffic.watchers)
