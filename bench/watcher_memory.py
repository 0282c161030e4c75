"""Memory of a watcher who just watches: growth of the server's resident memory per socket."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from bench.app import Crowd, fetch, running_app, token
from bench.harness import Report, resident_kb
from rooms.principal import Role

WARM_UP = 200  # pays once for what all share
WATCHERS = 2000
SETTLE_S = 3.0


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """Customers, each watching a job of their own, with nothing happening."""
    report = Report("watcher_memory", "Memory of an idle watcher")
    report.say(
        f"{WATCHERS} customers watch a running job each, after {WARM_UP} others came and stayed; resident"
        " memory of `tracker serve` with one worker, per watcher. Three runs, each on a new server."
    )
    grown = []
    for _ in range(3):
        async with running_app(WARM_UP + WATCHERS) as app:
            rows = await fetch(app.database_url, "SELECT customer_id, id::text FROM jobs")
            sockets: list[dict[str, Any]] = [
                {"auth": {"token": token(Role.CUSTOMER, customer_id)}, "watch": job_id}
                for customer_id, job_id in rows
            ]
            with Crowd(app.port, sockets[:WARM_UP]) as first:
                first.hear("open")
                await asyncio.sleep(SETTLE_S)
                before = resident_kb(app.pid)
                with Crowd(app.port, sockets[WARM_UP:]) as crowd:
                    crowd.hear("open")
                    await asyncio.sleep(SETTLE_S)
                    grown.append((resident_kb(app.pid) - before) / WATCHERS)
    report.say()
    report.target("KB resident per idle watcher", grown, most=40)
    return report
