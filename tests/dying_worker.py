"""`python -m tests.dying_worker DSN LEASE_S`: a worker whose every effect hangs, to be killed meanwhile.

Prints one line when the effect has begun.
"""

from __future__ import annotations

import asyncio
import sys

from db.pool import Database
from tests.effects import tools_of
from tracker import worker as module
from tracker.effects.task import Task, Tools
from tracker.jobs.consequences import Effect
from tracker.worker import Worker


async def hang(_tools: Tools, _task: Task) -> None:
    """Never ends."""
    print("begun", flush=True)
    await asyncio.sleep(3600)


async def main(dsn: str, lease_s: float) -> None:
    """Work until killed."""
    module.LEASE_S = lease_s
    database = await Database.connect(dsn)
    await Worker(tools_of(database), executors={Effect.SEND_SMS: hang}).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
