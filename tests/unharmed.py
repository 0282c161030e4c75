"""One running application for many abuses, and the question asked after each: was it harmed?

Harmed means: an answer of 5xx, a traceback or an error in its log, a socket, room or task that stayed
behind, a TCP connection that nobody uses any more. `abused()` gives the process; `unharmed()` goes around
what a test does to it.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from bench.raw_http import RawAnswer
from db.pool import Database
from tests.company import add_job, found_company, with_database
from tests.postgres import database_like, open_folder
from tests.running import Process, serving, token
from tracker.local_postgres import PostgresServer

SETTLE_S = 8.0
GAUGES = (
    "tracker_sockets",
    "tracker_sockets_ready",
    "tracker_sockets_closing",
    "tracker_sockets_slow_readers",
    "tracker_sockets_tasks",
    "tracker_rooms",
)
# A log line that only a bug writes; `answered` in uvicorn's words for what is no HTTP is not one.
HARM = re.compile(r"Traceback|\bERROR\b|\bCRITICAL\b| failed: |never retrieved|never awaited")
T = TypeVar("T")
_kept: dict[str, tuple[asyncio.Runner, Database]] = {}  # by database URL
Person = tuple[str, str]  # role, id
PAT: Person = ("pro", "pat")
QUINN: Person = ("pro", "quinn")
CLEO: Person = ("customer", "cleo")
ZOE: Person = ("customer", "zoe")
DEE: Person = ("dispatcher", "dee")
ROOT: Person = ("admin", "root")


@contextmanager
def abused(postgres: PostgresServer, template: str, **settings: str) -> Iterator[Process]:
    """A company's server for a whole file of tests, on a database of its own."""
    with database_like(template, postgres) as url:
        try:
            with open_folder() as folder:
                with_database(url, found_company)
                with serving(Path(folder), url, **settings) as web:
                    yield web
        finally:
            forget_database(url)


@contextmanager
def unharmed(web: Process) -> Iterator[None]:
    """Fails when the process is the worse for what happens inside."""
    errors, said = server_errors(web), len(web.words())
    yield
    assert web.process is not None
    assert web.process.poll() is None, "the process ended"
    deadline = time.monotonic() + SETTLE_S
    while (kept := left_behind(web)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not kept, f"left behind: {kept}"
    assert server_errors(web) == errors, "there was an answer of 5xx"
    words = web.words()[said:]
    assert not HARM.search(words), words[-3000:]


def left_behind(web: Process) -> dict[str, float]:
    """The gauges that are not zero while nobody is connected, and the connections that are still there."""
    gauges = figures(web)
    kept = {name: gauges[name] for name in GAUGES if gauges[name]}
    if connections := connections_of(web):
        kept["tcp connections"] = connections
    return kept


def figures(web: Process) -> dict[str, float]:
    """`/metrics`, sample by sample."""
    connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def server_errors(web: Process) -> float:
    """How many answers of 5xx, and failures behind sockets, there were since the start."""
    return sum(
        value
        for name, value in figures(web).items()
        if (name.startswith("tracker_http_requests_total") and 'status="5' in name)
        or name == "tracker_sockets_failures_total"
    )


def connections_of(web: Process) -> int:
    """The server's ends of TCP connections that are open or wait for it to close them."""
    assert web.port is not None
    own = f"0100007F:{web.port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[1] == own and row[3] in ("01", "08") for row in rows)


def resident_mb(web: Process) -> float:
    """Resident memory of the process."""
    assert web.process is not None
    pages = int(Path(f"/proc/{web.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def job_in(web: Process, status: str, **facts: object) -> str:
    """A new job that has come to `status`; its id."""

    async def add(database: Database) -> UUID:
        return await add_job(database, status, **facts)  # type: ignore[arg-type]

    return str(_beside(web, add))


def asked(web: Process, question: str, *facts: object) -> Any:
    """The database's answer to a question."""

    async def ask(database: Database) -> object:
        async with database.connection() as conn:
            return await conn.fetchval(question, *facts)

    return _beside(web, ask)


def forget_database(url: str) -> None:
    """Close what `job_in` and `asked` kept open; `abused` does it by itself."""
    if url in _kept:
        runner, database = _kept.pop(url)
        runner.run(database.close())
        runner.close()


def call(
    web: Process, who: Person | None, method: str, path: str, body: object = None
) -> tuple[int, dict[str, Any]]:
    """One request by a person: its status and its JSON (`{}` without content)."""
    return call_as(web, {"Authorization": f"Bearer {token(*who)}"} if who else {}, method, path, body)


def call_as(
    web: Process, headers: dict[str, str], method: str, path: str, body: object = None
) -> tuple[int, dict[str, Any]]:
    """The same with any headers. A refusal must be a whole problem (RFC 9457) without our insides."""
    connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    answer = RawAnswer(response.status, {k.lower(): v for k, v in response.getheaders()}, text)
    if answer.status >= 400:
        assert answer.status < 500, text
        assert not answer.flaw(), answer.flaw()
    return answer.status, answer.json() if text else {}


def _beside(web: Process, work: Callable[[Database], Awaitable[T]]) -> T:
    """Work on the process's database, on one connection that is kept for the next time."""
    url = web.env["DATABASE_URL"]
    if url not in _kept:
        runner = asyncio.Runner()
        _kept[url] = (runner, runner.run(Database.connect(url, size=1)))
    runner, database = _kept[url]

    async def worked() -> T:
        return await work(database)

    return runner.run(worked())
