"""The composition root: one process's parts, put together and taken apart in order.

`create_app` is what uvicorn calls. Everything that needs the event loop is made when the server starts
(the ASGI lifespan), so a wrong setting or an absent database stops the start with one sentence.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import socket_answers
from api.services import Services
from api.site import build_site
from db.errors import Problem, Unavailable
from db.pool import Database
from rooms.names import person_room
from rooms.open_bus import new_node_id, open_bus
from rooms.server import Rooms
from tracker.identity.authenticate import Authenticator
from tracker.identity.links import Links
from tracker.jobs.claim import ClaimGate
from tracker.positions.ingest import Committer
from tracker.positions.receive import Receiver
from tracker.positions.routing import routing_from
from tracker.receiver_outputs import outputs_for
from tracker.settings import Settings
from tracker.snapshot import Snapshots
from tracker.worker import Worker

log = logging.getLogger("tracker.app")

WAIT_FOR_DATABASE_S = 30
CONTACT_SWEEP_S = 1.0


def create_app() -> App:
    """The application of this process, with settings from the environment. Raises SettingsError."""
    settings = Settings.from_env(os.environ)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
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
        except Exception as error:
            await self._stack.aclose()
            detail = error.detail if isinstance(error, Problem) else repr(error)
            await send({"type": "lifespan.startup.failed", "message": f"cannot start: {detail}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stack.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> None:
        settings, stack = self._settings, self._stack
        database = await _connect(settings.need_database_url())
        stack.push_async_callback(database.close)
        bus = open_bus(settings.redis_url, settings.need_secret(), new_node_id())
        links = Links(database)
        authenticator = Authenticator(settings, database, links)
        committer = Committer(database)
        stack.push_async_callback(committer.aclose)
