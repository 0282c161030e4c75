"""`tracker worker`: a process that carries out effects until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

from db.pool import Database
from rooms.broadcast import Broadcaster, nobody
from rooms.open_bus import new_node_id, open_bus
from tracker.effects.task import Tools
from tracker.logs import start_logging
from tracker.providers import Providers
from tracker.settings import Settings
from tracker.worker import Worker

log = logging.getLogger("tracker.worker")


def work(settings: Settings) -> int:
    """Run a worker in the foreground; SIGTERM and Ctrl-C end it after what it has begun."""
    start_logging(settings.log_level)
    asyncio.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    database = await Database.connect(settings.need_database_url(), size=4)
    bus = open_bus(settings.redis_url, settings.need_secret(), new_node_id())
    await bus.start()
    providers = Providers.open(settings, database)
    worker = Worker(Tools(settings, database, Broadcaster(bus, nobody), providers))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    log.info("worker started")
    try:
        await worker.run()
        log.info("worker stopped")
    finally:
        await providers.aclose()
        await bus.aclose()
        await database.close()
