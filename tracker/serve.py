"""`tracker serve`: the web process, or several of them behind one port.

The sockets are websocket-only, so no request depends on which process answered the last one: any number
of workers may share the port without stickiness. They hear each other through Redis.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from uvicorn.supervisors import Multiprocess

from db.errors import OperatorError
from rooms.engine import uvicorn_options
from tracker.collector import quieten_collector
from tracker.local import LocalServers, running_urls
from tracker.prepare import prepare_database
from tracker.settings import STATE_FOLDER, Settings


class ServeProblem(OperatorError):
    """The server cannot start; the message says what to do."""


def serve(settings: Settings, *, workers: int = 1) -> int:
    """Serve until SIGTERM or Ctrl-C. Raises ServeProblem, SettingsError, LocalProblem.

    Without DATABASE_URL or REDIS_URL the embedded servers start with it and stop with it.
    """
    if workers < 1:
        raise ServeProblem("--workers must be at least 1")
    listener = listen(settings.host, settings.port)
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as stack:
        settings = with_local_servers(settings, stack)
        if settings.in_memory_bus and workers > 1:
            raise ServeProblem("REDIS_URL=memory:// is for one process; several workers need Redis")
        if workers > 1 and settings.metrics_folder is None:
            folder = stack.enter_context(TemporaryDirectory(prefix="tracker-metrics-"))
            settings = replace(settings, metrics_folder=Path(folder))
        os.environ.update(settings.to_env())
        config = uvicorn.Config(
            "api.app:create_app",
            factory=True,
            workers=workers,
            log_level=settings.log_level.lower(),
            access_log=False,
            **uvicorn_options(),
        )
        if workers > 1:
            quieten_collector()  # a worker does so itself when it has started
            Multiprocess(config, sockets=[listener]).run()
            return 0
        server = uvicorn.Server(config)
        server.run(sockets=[listener])
    return 0 if server.started else 1


def _leave(_number: int, _frame: object) -> None:
    """A SIGTERM while the server is not running: before, or again after it, when uvicorn passes on the one
    that it has obeyed. The default would kill us before the embedded servers are stopped."""
    raise SystemExit(0)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises ServeProblem when the port is taken or not ours to take."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ServeProblem(
            f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}); choose another with PORT"
        ) from None
    listener.set_inheritable(True)
    return listener


def end_with_supervisor() -> None:
    """Make a worker of several drain and end when its supervisor was killed: it would keep the port, and
    nobody would replace it. Call it inside the running loop; does nothing in a process without supervisor.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(supervisor.sentinel)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(supervisor.sentinel, end)


def with_local_servers(settings: Settings, stack: ExitStack) -> Settings:
    """The settings with the embedded servers' URLs where none were given, and the schema in place."""
    if settings.database_url is None or settings.redis_url is None:
        urls = stack.enter_context(LocalServers(STATE_FOLDER))
        settings = replace(
            settings,
            database_url=settings.database_url or urls.database_url,
            redis_url=settings.redis_url or urls.redis_url,
        )
        prepare_database(settings.need_database_url())
    return settings


def with_running_servers(settings: Settings) -> Settings:
    """The settings of a process beside `tracker serve` or `tracker demo`: it shares their local servers."""
    urls = running_urls(STATE_FOLDER)
    if urls is None:
        return settings
    return replace(
        settings,
        database_url=settings.database_url or urls.database_url,
        redis_url=settings.redis_url or urls.redis_url,
    )
