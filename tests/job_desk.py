"""An office for tests of an open job: two dispatchers, two pros at work, and the page of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from playwright.sync_api import Browser

from tests.office import Office, open_office
from tests.pages import DESK, Visitor, visiting
from tests.running import token
from tests.unharmed import DEE, PAT, QUINN, Person
from tracker.local_postgres import PostgresServer

DAN: Person = ("dispatcher", "dan")
TV = {"kind": "tv", "name": "Frame", "quantity": 1}
PLANNED = {**TV, "mount_type": "tilt", "tv_size_in": 65}


@contextmanager
def open_company(postgres: PostgresServer, template: str, browser: Browser) -> Iterator[Office]:
    """An office where Dan is a dispatcher too, and Pat and Quinn are on duty north of the door."""
    with open_office(postgres, template, browser) as office:
        person = {"role": "dispatcher", "name": "Dan Ortiz"}
        office.call(DEE, "PUT", "/api/dispatch/people/dan", json=person)
        for who, north in ((PAT, 0.01), (QUINN, 0.03)):
            office.call(who, "PATCH", "/api/me", json={"on_duty": True})
            place = {"lat": 53.4084 + north, "lng": -2.9916, "accuracy": 8}
            office.call(who, "POST", "/api/hauler/location", json=place)
        yield office


def at_the_desk(office: Office, **options: Any) -> AbstractContextManager[Visitor]:
    """Dee, who signs in."""
    link = f"{office.server.url}/dispatch#token={token(*DEE)}"
    settings = {"viewport": DESK, "locale": "en-US", **options}
    return visiting(office.browser, link, **settings)


def detail(office: Office, job_id: str) -> dict[str, Any]:
    """The job as the API tells it."""
    return office.call(DEE, "GET", f"/api/dispatch/jobs/{job_id}")


def edits(office: Office, job_id: str, who: Person, **details: Any) -> None:
    """Another dispatcher changes the installation."""
    body = {"version": detail(office, job_id)["version"], **details}
    office.call(who, "PATCH", f"/api/dispatch/jobs/{job_id}/install-details", json=body)
