"""The composition root: one process's parts, put together and taken apart in order.

`create_app` is what uvicorn calls. Everything that needs the event loop is made when the server starts
(the ASGI lifespan), so a wrong setting or an absent database stops the start with one sentence.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import heartbeat_lane, socket_answers
from api.live_outputs import LiveOutputs
from api.ops import Readiness
from api.services import Services
from api.site import build_site
from db.errors import Problem, Unavailable
from db.outbox import backlog
from db.pool import Database
from rooms.open_bus import new_node_id, open_bus
from rooms.server import Rooms
from tracker.analytics import STATEMENT_TIMEOUT_S, Analyst
from tracker.collector import quieten_collector
from tracker.effects.keep_house import make_partitions
from tracker.effects.task import Tools
from tracker.evidence.locker import Locker
from tracker.evidence.portraits import Portraits
from tracker.identity.authenticate import Authenticator, authenticator_for
from tracker.identity.links import Links
from tracker.jobs.claim import ClaimGate
from tracker.logs import start_logging
from tracker.metrics import Metrics
from tracker.metrics_peers import MetricsPeers
from tracker.positions.ingest import Committer
from tracker.positions.receive import Receiver
from tracker.positions.routing import routing_from
from tracker.providers import Providers
from tracker.serve import end_with_supervisor
from tracker.settings import Settings
from tracker.snapshots import Snapshots
from tracker.worker import Worker

log = logging.getLogger("tracker.app")

POOL_SIZE = 12
BACKLOG_EVERY_S = 15.0


def create_app() -> App:
    """The application of this process, with settings from the environment. Raises SettingsError."""
    settings = Settings.from_env(os.environ)
    start_logging(settings.log_level)
    return App(settings)


class App:
    """The ASGI application: parts are made at start-up and ended at shutdown, last made first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._site: ASGIApp | None = None
        self._stack = AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._site is not None:
            await self._site(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._start()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and the start is off
            await self._stack.aclose()
            detail = error.detail if isinstance(error, Problem) else repr(error)
            await send({"type": "lifespan.startup.failed", "message": f"cannot start: {detail}"})
            return
        quieten_collector()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stack.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> None:
        end_with_supervisor()
        settings, stack, metrics = self._settings, self._stack, Metrics()
        visible = frozenset(settings.visible_statuses)
        database = await Database.connect_patiently(settings.need_database_url(), size=POOL_SIZE)
        stack.push_async_callback(database.close)
        reports = await Database.connect(database.dsn, size=1, statement_timeout_s=STATEMENT_TIMEOUT_S)
        stack.push_async_callback(reports.close)
        await make_partitions(database, datetime.now(UTC))
        bus = open_bus(settings.redis_url, settings.need_secret(), node_id := new_node_id())
        links = Links(database)
        authenticator = authenticator_for(settings, database, links)
        stack.push_async_callback(authenticator.aclose)
        committer = Committer(database, observe=metrics.observe_commit)
        stack.push_async_callback(committer.aclose)
        zone = None if settings.time_zone == "UTC" else settings.time_zone  # that is: nobody said
        snapshots = Snapshots(database, visible=visible, time_zone=zone)
        outputs = LiveOutputs()
        routing = routing_from(settings.routing_url, settings.routing_kind)
        if routing is not None:
            stack.push_async_callback(routing.aclose)
        receiver = Receiver(database, committer, outputs.as_outputs(), routing=routing)
        stack.push_async_callback(receiver.aclose)
        rooms = Rooms(
            database,
            bus,
            node_id=node_id,
            authenticate=authenticator.authenticate,
            answers=socket_answers(database, snapshots),
            dots=snapshots.dots,
            visible=visible,
            allowed_origins=[_origin(settings.public_url), *settings.allowed_origins],
        )
        snapshots.newest_dot = rooms.jobs.newest_dot
        outputs.rooms = rooms
        rooms.engine.on_heartbeat = heartbeat_lane(receiver)
        _listen_for_changes(rooms, receiver, authenticator)
        metrics.watch(engine=rooms.engine.stats, bus=bus.stats)
        stack.push_async_callback(rooms.aclose)
        await rooms.start()
        self._run(metrics.sample_loop_lag())
        self._run(_every_second(receiver, metrics))
        self._run(_watch_backlog(database, metrics))
        providers = Providers.open(settings, database)
        stack.push_async_callback(providers.aclose)
        tools = Tools(settings, database, rooms.say, providers)
        if settings.in_memory_bus:  # one process is all there is: it does the worker's part as well
            worker = Worker(tools, observe=metrics.count_effect)
            stack.push_async_callback(_end, worker, asyncio.create_task(worker.run()))
        scrape = metrics.text
        if settings.metrics_folder is not None:
            peers = MetricsPeers(metrics, settings.metrics_folder, str(os.getpid()))
            self._run(peers.leave_counts())
            scrape = peers.text
        readiness = Readiness(database_answers=database.answers, bus_state=lambda: bus.state.value)
        services = Services(
            settings=settings,
            database=database,
            rooms=rooms,
            receiver=receiver,
            snapshots=snapshots,
            links=links,
            gate=ClaimGate(),
            authenticator=authenticator,
            providers=providers,
            tools=tools,
            locker=Locker(settings, database, providers.store),
            portraits=Portraits(database, providers.store),
            analyst=Analyst(reports, ZoneInfo(settings.time_zone)),
        )
        self._site = build_site(services, metrics, readiness, scrape)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that lives as long as the application."""
        task = asyncio.create_task(work)
        self._stack.push_async_callback(_cancel, task)


def _origin(url: str) -> str:
    """The web origin of an address: a proxy may tell us another host than the one people use."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _listen_for_changes(rooms: Rooms, receiver: Receiver, authenticator: Authenticator) -> None:
    """What one node changed, this one looks at again."""

    def jobs_changed(pro_id: str) -> None:
        receiver.refresh_jobs(pro_id)
        rooms.spawn(rooms.join_own_jobs(pro_id))

    def barred(person_id: str) -> None:
        authenticator.forget(person_id)
        rooms.spawn(rooms.rights.recheck([person_id]))

    rooms.jobs.on_watchers = receiver.watchers_changed
    rooms.hearing.on_jobs_changed = jobs_changed
    rooms.hearing.on_barred = barred


async def _every_second(receiver: Receiver, metrics: Metrics) -> None:
    """Notice pros who have fallen silent, and count what came in."""
    while True:
        await asyncio.sleep(1)
        metrics.count_heartbeats(receiver.take_counts())
        try:
            await receiver.sweep_contacts(datetime.now(UTC))
        except Exception:  # one bad second must not end the watch over all pros
            log.exception("contacts were not looked at")


async def _watch_backlog(database: Database, metrics: Metrics) -> None:
    """Show what waits in the outbox; every process shows the same."""
    while True:
        try:
            async with database.connection() as conn:
                metrics.show_backlog(await backlog(conn), datetime.now(UTC))
        except Unavailable:
            pass  # `/readyz` says so
        except Exception:  # the next look may do better
            log.exception("the outbox was not looked at")
        await asyncio.sleep(BACKLOG_EVERY_S)


async def _end(worker: Worker, task: asyncio.Task[None]) -> None:
    """What it has begun ends well, if it can in time."""
    worker.stop()
    await asyncio.gather(task, return_exceptions=True)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
