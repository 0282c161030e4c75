"""`tracker worker`: a process that carries out effects until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack

from db.pool import Database
from rooms.broadcast import Broadcaster, nobody
from rooms.open_bus import new_node_id, open_bus
from tracker.collector import quieten_collector
from tracker.effects.task import Tools
from tracker.logs import start_logging
from tracker.metrics import Metrics
from tracker.metrics_peers import MetricsPeers
from tracker.providers import Providers
from tracker.settings import Settings
from tracker.worker import Worker

log = logging.getLogger("tracker.worker")

POOL_SIZE = 12  # connections; effects share them


def work(settings: Settings) -> int:
    """Run a worker in the foreground; SIGTERM and Ctrl-C end it after what it has begun."""
    start_logging(settings.log_level)
    asyncio.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        database = await Database.connect_patiently(settings.need_database_url(), size=POOL_SIZE)
        stack.push_async_callback(database.close)
        bus = open_bus(settings.redis_url, settings.need_secret(), new_node_id())
        stack.push_async_callback(bus.aclose)
        await bus.start()
        providers = Providers.open(settings, database)
        stack.push_async_callback(providers.aclose)
        if settings.metrics_folder is not None:
            peers = MetricsPeers(metrics, settings.metrics_folder, f"worker-{os.getpid()}")
            stack.push_async_callback(_cancel, asyncio.create_task(peers.leave_counts()))
        tools = Tools(settings, database, Broadcaster(bus, nobody), providers)
        worker = Worker(tools, observe=metrics.count_effect)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        quieten_collector()
        log.info("worker started")
        await worker.run()
        log.info("worker stopped")


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
