"""`tracker demo`: a whole city on this machine, from nothing, in one command.

Local PostgreSQL and Valkey, the web process, a worker, and simulated pros who drive through a seeded city
over the public interfaces. One more pro is the visitor's, who is given links to a job of theirs. Ctrl-C ends
all of it. The data stays in `.tracker` for the next run.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import httpx

from db.pool import Database
from tracker.city.map import streets_json
from tracker.city.seed import City, build_city
from tracker.demo_links import DEMO_FILE, describe, print_links, print_next, write_json
from tracker.demo_processes import DemoProblem, Processes, wait_until
from tracker.demo_seed import seed_city, seed_portraits
from tracker.demo_visitor import Visitor, visiting
from tracker.evidence.store import open_store
from tracker.local_place import data_dir_locked, find_place
from tracker.serve import listen, with_local_servers
from tracker.settings import STATE_FOLDER, Settings

START_PATIENCE_S = 30.0
STREETS_FILE = "streets.json"
CITY = 1  # the seed of the invented city
LOOK_EVERY_S = 2.0  # whether all goes on, and whether the visitor needs another job


def run_demo(*, port: int | None, pros: int, fresh: bool) -> int:
    """Run the demo until Ctrl-C or SIGTERM. Raises DemoProblem, ServeProblem, SettingsError, LocalProblem."""
    chosen = {} if port is None else {"PORT": str(port)}
    settings = Settings.from_env({**os.environ, **chosen})
    listen(settings.host, settings.port).close()  # a taken port is said before anything is started
    if fresh:
        _forget_everything()
    for number in (signal.SIGTERM, signal.SIGINT):  # a background shell starts us with SIGINT ignored
        signal.signal(number, _as_ctrl_c)
    with ExitStack() as stack:
        say("starting PostgreSQL and Valkey …")
        settings = with_local_servers(settings, stack)
        city = build_city(CITY)
        if asyncio.run(_seed(settings, city)):
            say(f"seeded {city.name}: {len(city.people)} people, {len(city.jobs)} jobs")
        settings = replace(settings, map_streets=_write_streets(city), demo_city=CITY)
        processes = stack.enter_context(Processes(STATE_FOLDER / "logs", _environment(settings)))
        say("starting the web process, the worker and the simulated pros …")
        processes.start("web", "serve")
        processes.start("worker", "worker")
        with httpx.Client(base_url=settings.public_url, timeout=5, trust_env=False) as http:
            wait_until(lambda: _is_ready(http), processes, START_PATIENCE_S, "the web process being ready")
        visitor = stack.enter_context(visiting(settings, city))
        _welcome(settings, visitor)
        processes.start("pros", "simulate", "--pros", str(pros))
        _live(processes, settings, visitor)
    return 0


def say(line: str) -> None:
    """A line of progress."""
    print(f"tracker: {line}", flush=True)


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _welcome(settings: Settings, visitor: Visitor) -> None:
    """Give the visitor a job and its links. Raises DemoProblem."""
    try:
        visit = visitor.next_visit()
        assert visit is not None  # the first one is always new
        write_json(DEMO_FILE, describe(settings, visit))
    except httpx.HTTPError as error:
        raise DemoProblem(f"the visitor's job could not be made: {error}") from error
    print_links(visit)


def _live(processes: Processes, settings: Settings, visitor: Visitor) -> None:
    """Until Ctrl-C, or a process ends by itself. A visitor who has finished their job gets another."""
    trouble = ""
    try:
        while True:
            processes.check()
            time.sleep(LOOK_EVERY_S)
            trouble = _look_after(settings, visitor, trouble)
    except KeyboardInterrupt:
        say("stopping …")


def _look_after(settings: Settings, visitor: Visitor, said: str) -> str:
    """Give the visitor another job when they need one; returns what stands in the way, which is said once."""
    try:
        if visit := visitor.next_visit():
            write_json(DEMO_FILE, describe(settings, visit))
            print_next(visit)
    except httpx.HTTPError as error:  # the next look may do better
        if str(error) != said:
            say(f"the visitor's next job has to wait: {error}")
        return str(error)
    return ""


def _forget_everything() -> None:
    """Remove the data of earlier runs; refused while one of them still runs."""
    with data_dir_locked(STATE_FOLDER.resolve()):
        place = find_place(STATE_FOLDER.resolve())
        for folder in (place.home / "postgres", STATE_FOLDER / "logs"):
            shutil.rmtree(folder, ignore_errors=True)


async def _seed(settings: Settings, city: City) -> bool:
    database = await Database.connect(settings.need_database_url(), size=1, statement_timeout_s=60)
    store = open_store(settings)
    try:
        if not await seed_city(database, city, datetime.now(UTC)):
            return False
        await seed_portraits(database, store, city)
    finally:
        await store.aclose()
        await database.close()
    return True


def _write_streets(city: City) -> Path:
    """The city's own streets, for maps without tiles."""
    path = (STATE_FOLDER / STREETS_FILE).resolve()
    write_json(path, streets_json(city.name, city.network, city.areas))
    return path


def _environment(settings: Settings) -> dict[str, str]:
    """What the demo's processes find in their environment."""
    return {**os.environ, **settings.to_env()}


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
