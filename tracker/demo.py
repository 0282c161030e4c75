"""`tracker demo`: a whole city on this machine, from nothing, in one command.

Local PostgreSQL and Valkey, the web process, a worker, and simulated pros who drive through a seeded city
over the public interfaces. Ctrl-C ends all of it. The data stays in `.tracker` for the next run.
"""

from __future__ import annotations

import asyncio
import json
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
from rooms.principal import Role
from tracker.city.map import streets_json
from tracker.city.seed import City, build_city
from tracker.demo_processes import Processes, wait_until
from tracker.demo_seed import seed_city
from tracker.identity.tokens import mint
from tracker.local_place import data_dir_locked, find_place
from tracker.serve import listen, with_local_servers
from tracker.settings import STATE_FOLDER, Settings

START_PATIENCE_S = 30.0
TOKEN_HOURS = 24 * 7
STREETS_FILE = "streets.json"
TRACKED = "en_route"  # the link shows a job on its way


def run_demo(*, port: int | None, pros: int, fresh: bool) -> int:
    """Run the demo until Ctrl-C or SIGTERM. Raises DemoProblem, ServeProblem, SettingsError, LocalProblem."""
    settings = Settings.from_env(os.environ)
    if port is not None:
        settings = replace(settings, port=port, public_url=f"http://{settings.host}:{port}")
    listen(settings.host, settings.port).close()  # a taken port is said before anything is started
    if fresh:
        _forget_everything()
    for number in (signal.SIGTERM, signal.SIGINT):  # a background shell starts us with SIGINT ignored
        signal.signal(number, _as_ctrl_c)
    with ExitStack() as stack:
        say("starting PostgreSQL and Valkey …")
        settings = with_local_servers(settings, stack)
        city = build_city()
        if asyncio.run(_seed(settings.need_database_url(), city)):
            say(f"seeded {city.name}: {len(city.people)} people, {len(city.jobs)} jobs")
        settings = replace(settings, map_streets=_write_streets(city))
        processes = stack.enter_context(Processes(STATE_FOLDER / "logs", _environment(settings)))
        say("starting the web process, the worker and the simulated pros …")
        processes.start("web", "serve")
        processes.start("worker", "worker")
        with httpx.Client(base_url=settings.public_url, timeout=5) as http:
            wait_until(lambda: _is_ready(http), processes, START_PATIENCE_S, "the web process being ready")
            demo = _describe(settings, city, http)
        _write_json(STATE_FOLDER / "demo.json", demo)
        processes.start("pros", "simulate", "--pros", str(pros))
        _print_links(demo)
        _wait(processes)
    return 0


def say(line: str) -> None:
    """A line of progress."""
    print(f"tracker: {line}", flush=True)


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(processes: Processes) -> None:
    """Until Ctrl-C, or a process ends by itself."""
    try:
        while True:
            processes.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("stopping …")


def _forget_everything() -> None:
    """Remove the data of earlier runs; refused while one of them still runs."""
    with data_dir_locked(STATE_FOLDER.resolve()):
        place = find_place(STATE_FOLDER.resolve())
        for folder in (place.home / "postgres", STATE_FOLDER / "logs"):
            shutil.rmtree(folder, ignore_errors=True)


async def _seed(dsn: str, city: City) -> bool:
    database = await Database.connect(dsn, size=1, statement_timeout_s=60)
    try:
        return await seed_city(database, city, datetime.now(UTC))
    finally:
        await database.close()


def _write_streets(city: City) -> Path:
    """The city's own streets, for maps without tiles."""
    path = (STATE_FOLDER / STREETS_FILE).resolve()
    _write_json(path, streets_json(city.name, city.network, city.areas))
    return path


def _environment(settings: Settings) -> dict[str, str]:
    """What the demo's processes find in their environment."""
    return {**os.environ, **settings.to_env()}


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _describe(settings: Settings, city: City, http: httpx.Client) -> dict[str, object]:
    """`demo.json`: addresses, links, tokens and job ids, for people and for scripts."""
    admin = _token(settings, "admin", Role.ADMIN)
    http.headers["Authorization"] = f"Bearer {admin}"
    jobs: dict[str, list[str]] = {}
    listed = http.get("/api/dispatch/jobs", params={"limit": 200}).raise_for_status().json()["jobs"]
    for job in listed:
        jobs.setdefault(job["status"], []).append(job["id"])
    tracked = next((job for job in listed if job["status"] == TRACKED), listed[0])
    link = http.post(f"/api/jobs/{tracked['id']}/tracking-link").raise_for_status().json()
    pro_id = tracked["pro"]["id"] if tracked["pro"] else _first(city, "pro")
    tokens = {
        "admin": admin,
        "dispatcher": _token(settings, _first(city, "dispatcher"), Role.DISPATCHER),
        "pro": _token(settings, pro_id, Role.PRO),
        "customer": _token(settings, tracked["customer"]["id"], Role.CUSTOMER),
    }
    return {
        "base_url": settings.public_url,
        "links": {
            "dispatch": f"{settings.public_url}/dispatch#token={tokens['dispatcher']}",
            "pro": f"{settings.public_url}/pro#token={tokens['pro']}",
            "track": link["url"],
        },
        "tokens": tokens,
        "jobs": jobs,
        "tracked_job": tracked["id"],
    }


def _first(city: City, role: str) -> str:
    return next(person.id for person in city.people if person.role == role)


def _token(settings: Settings, sub: str, role: Role) -> str:
    return mint(
        settings.need_secret(),
        sub,
        role,
        TOKEN_HOURS * 3600,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )


def _write_json(path: Path, value: object) -> None:
    """Write a file whole or not at all; it may hold tokens, so only its owner reads it."""
    whole = path.with_suffix(".new")
    whole.touch(mode=0o600)
    whole.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
    whole.replace(path)


def _print_links(demo: dict[str, object]) -> None:
    links = demo["links"]
    assert isinstance(links, dict)
    print(
        f"""
  A pro on the way, as the customer sees it:
    {links["track"]}
  Every pro and every job, as dispatch sees them:
    {links["dispatch"]}
  The pro's own page:
    {links["pro"]}

  Tokens and ids for scripts: {STATE_FOLDER / "demo.json"}
  Ctrl-C stops everything; the data stays for the next run.
""",
        flush=True,
    )
