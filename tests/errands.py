"""What people do in the stories: add a job, send a link, take a step, drive some metres, follow a map."""

from __future__ import annotations

import time
from uuid import UUID

from db.pool import Database
from db.positions import trail_of
from tests.company import DOOR, add_job, with_database
from tests.listening import Listener, listening
from tests.running import Process, token

METRES_PER_DEGREE = 111_320


def job(web: Process, status: str, **facts: object) -> str:
    """A job that has come to `status`; `facts` are those of `tests.company.add_job`."""

    async def add(database: Database) -> UUID:
        return await add_job(database, status, **facts)  # type: ignore[arg-type]

    return str(with_database(web.env["DATABASE_URL"], add))


def link_to(web: Process, job_id: str) -> str:
    """A new tracking link; earlier ones of the job die."""
    return str(post(web, f"/api/jobs/{job_id}/tracking-link", ("dispatcher", "dee"))["link"])


def move(web: Process, job_id: str, status: str, who: tuple[str, str] = ("pro", "pat")) -> dict[str, object]:
    """Take a step in the job's life."""
    return post(web, f"/api/jobs/{job_id}/status", who, {"status": status})


def post(
    web: Process, path: str, who: tuple[str, str], body: dict[str, object] | None = None
) -> dict[str, object]:
    """A request that must succeed, by a (role, id)."""
    with web.http(token(*who)) as http:
        answer = http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def fix(metres_south: float, ago_s: float = 0.0) -> dict[str, object]:
    """A heartbeat some metres south of the door."""
    return {
        "lat": round(DOOR[0] - metres_south / METRES_PER_DEGREE, 7),
        "lng": DOOR[1],
        "accuracy": 5.0,
        "speed": 8.0,
        "recorded_at": round((time.time() - ago_s) * 1000),
    }


async def connect(web: Process, role: str, person_id: str) -> Listener:
    """A socket of somebody."""
    return await listening(web.url, token=token(role, person_id))


def times_kept(database_url: str, job_id: str) -> list[int]:
    """The device times (epoch ms) of a job's trail in the database, oldest first."""

    async def read(database: Database) -> list[int]:
        async with database.connection() as conn:
            points = await trail_of(conn, UUID(job_id), limit=100_000)
        return [round(point.recorded_at.timestamp() * 1000) for point in points]

    return with_database(database_url, read)
