"""An ordinary day at the company, prepared once: what every page looks like while it is somebody's turn.

`open_stage` gives an office with jobs at each moment of their lives, so that scenes can open any page at any
moment.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from db.pool import Database
from tests.company import DOOR, add_job
from tests.office import Office, open_office
from tests.pages import Phone
from tests.running import token, wait_for
from tests.unharmed import DEE, PAT, QUINN, ZOE, Person
from tracker.local_postgres import PostgresServer

STREET = 0.002  # degrees of latitude between two of the day's doors
AT_LAST = 0.0185  # degrees of latitude from the door: where Pat is
PHOTO = "image/jpeg"


@dataclass
class Stage:
    """The office, its jobs by what happens to them, and the customers' links."""

    office: Office
    jobs: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """An address of the office's server."""
        return f"{self.office.server.url}/{path}"

    def track(self, moment: str) -> str:
        """Where the customer of this job looks."""
        return self.url(f"track/{self.links[moment]}")

    def desk(self, fragment: str = "") -> str:
        """Where Dee signs in."""
        return self.url(f"dispatch#token={token(*DEE)}{fragment}")

    def phone(self, pro: Person = PAT) -> str:
        """Where a pro signs in."""
        return self.url(f"pro#token={token(*pro)}")

    def job(self, moment: str, status: str, **facts: Any) -> str:
        """A new job and its customer's link, by the name of its moment."""
        number = len(self.jobs)
        door = (DOOR[0] + STREET * (number % 4), DOOR[1] - STREET * (number // 4))

        async def add(database: Database) -> str:
            return str(await add_job(database, status, at=door, began_ago_s=7200 - 60 * number, **facts))

        self.jobs[moment] = job_id = str(self.write(add))
        made = self.office.call(DEE, "POST", f"/api/jobs/{job_id}/tracking-link")
        self.links[moment] = str(made["link"])
        return job_id

    def pat_is_seen(self) -> None:
        """Pat's phone says where it is, as it does every few seconds: without that a signal is lost."""
        here = {"lat": DOOR[0] + AT_LAST, "lng": DOOR[1], "accuracy": 8}
        positions = [{**here, "recorded_at": datetime.now(UTC).isoformat()}]
        self.office.call(PAT, "POST", "/api/hauler/location", json={"positions": positions})

    def write(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        """Work on the database behind the server's back."""
        return self.office.write(work)


@contextmanager
def open_stage(postgres: PostgresServer, template: str, browser: Browser) -> Iterator[Stage]:
    """An office whose day has come so far."""
    with open_office(postgres, template, browser) as office:
        stage = Stage(office)
        _offers(stage)
        _visits(stage)
        _done(stage)
        _trouble(stage)
        yield stage


def _offers(stage: Stage) -> None:
    """What nobody has taken yet, and what is agreed for tomorrow."""
    for number in range(3):
        stage.job(f"offer_{number}", "open", customer="zoe")
    day = (datetime.now(UTC) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    window = {"window_start": day.isoformat(), "window_end": (day + timedelta(hours=2)).isoformat()}
    booked = stage.job("booked", "scheduled", pro="quinn")
    stage.office.call(DEE, "POST", f"/api/jobs/{booked}/schedule", json=window)


def _visits(stage: Stage) -> None:
    """Pat is on the way and seen; Quinn was, and is lost."""
    office = stage.office
    stage.job("on_the_way", "en_route")
    stage.job("lost", "en_route", pro="quinn")
    with office.server.http(token(*PAT)) as pat, office.server.http(token(*QUINN)) as quinn:
        Phone(pat, DOOR).drive(0.02, 0.0195, 0.019, AT_LAST)
        Phone(quinn, DOOR, recorded_at=datetime.now(UTC) - timedelta(minutes=21)).drive(0.014, 0.0135)
    stage.write(_quinn_falls_silent)
    stage.job("arrived", "arrived")
    working = stage.job("working", "in_progress")
    for kind in ("before", "after"):
        photo(stage, working, kind)
    cancelled = stage.job("cancelled", "accepted")
    office.call(DEE, "POST", f"/api/jobs/{cancelled}/status", json={"status": "cancelled"})


async def _quinn_falls_silent(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute(
            "UPDATE last_positions SET received_at = received_at - interval '20 minutes'"
            " WHERE pro_id = 'quinn'"
        )


def _done(stage: Stage) -> None:
    """Paid for, done, and reviewed."""
    office = stage.office
    job_id = stage.job("done", "in_progress")

    def money() -> dict[str, Any]:
        return office.call(DEE, "GET", f"/api/dispatch/jobs/{job_id}/money")

    def page() -> str | None:
        return next((one["checkout_id"] for one in money()["payments"]), None)

    office.call(DEE, "POST", f"/api/dispatch/jobs/{job_id}/checkout")
    wait_for(lambda: page() is not None, "the payment page being open")
    office.call(DEE, "POST", f"/api/dispatch/sandbox/checkouts/{page()}/pay")
    for kind in ("before", "after"):
        photo(stage, job_id, kind)
    office.call(DEE, "POST", f"/api/jobs/{job_id}/status", json={"status": "completed"})
    reviewed = stage.job("reviewed", "in_progress", customer="zoe")
    office.call(DEE, "POST", f"/api/jobs/{reviewed}/status", json={"status": "completed"})
    review = {"job_id": reviewed, "rating": 4, "comment": "On time, tidy, and patient."}
    office.call(ZOE, "POST", "/api/reviews", json=review)
    wait_for(lambda: money()["state"] == "captured", "the money being taken")


def _trouble(stage: Stage) -> None:
    """What dispatch has to look after: a critical flag, and an effect that nobody could carry out."""
    job_id = stage.job("flagged", "arrived", customer="cleo")
    detail = stage.office.call(DEE, "GET", f"/api/dispatch/jobs/{job_id}")
    note = "The wall is glass from the floor to the ceiling."
    flag = {"type": "SCOPE_MISMATCH", "severity": "CRITICAL", "note": note, "version": detail["version"]}
    stage.office.call(DEE, "POST", f"/api/dispatch/jobs/{job_id}/pain-flags", json=flag)

    async def give_up(database: Database) -> None:
        async with database.transaction() as conn:
            await conn.execute(
                "UPDATE outbox SET dead_at = now(), done_at = NULL, attempts = 12,"
                " last_error = 'ProviderUnavailable: no answer within 10 s'"
                " WHERE id = (SELECT max(id) FROM outbox WHERE job_id = $1)",
                stage.jobs["cancelled"],
            )

    stage.write(give_up)


def photo(stage: Stage, job_id: str, kind: str) -> None:
    """A picture of a wall, as a phone sends it."""
    picture = Image.new("RGB", (640, 480), "#d9cfc0")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((120, 90, 520, 330), fill="#20262c" if kind == "after" else "#b9ad9a")
    draw.rectangle((60, 380, 580, 440), fill="#7a6248")
    file = io.BytesIO()
    picture.save(file, "JPEG")
    address = f"/api/jobs/{job_id}/evidence?kind={kind}&upload_key={kind}"
    stage.office.call(PAT, "POST", address, content=file.getvalue(), headers={"Content-Type": PHOTO})
