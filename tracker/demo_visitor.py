"""The visitor of the demo: a pro of their own, for whom a job always waits, and a link to each side of it."""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from rooms.principal import Role
from tracker.city.equipment import equipment_for
from tracker.city.made_up_drive import usual_s, way
from tracker.city.people import VISITOR, Person
from tracker.city.seed import City
from tracker.city.skills import Service
from tracker.identity.tokens import mint
from tracker.settings import Settings

TOKEN_HOURS = 24 * 7
DISPATCHER = "dispatcher-1"
SKILL = "tv_mounting"
WORTH_WATCHING_S = 75.0  # at the speed limits; stops and corners make it about a third longer
NOTES = "The bell does not work, please knock."


@dataclass(frozen=True, slots=True)
class Visit:
    """The visitor's job, and one link for each side of it."""

    job_id: str
    links: dict[str, str]  # customer, pro, dispatch


class Visitor:
    """Speaks to the running demo as its dispatcher and as the visitor's pro, over the public HTTP."""

    def __init__(self, settings: Settings, city: City, dispatch: httpx.Client, pro: httpx.Client) -> None:
        self._settings = settings
        self._city = city
        self._dispatch = dispatch
        self._pro = pro
        self._services = _services(city)
        self._shown: str | None = None

    def next_visit(self) -> Visit | None:
        """The job that waits for the visitor, made if there is none; None while it is the one last given.

        Raises httpx.HTTPError.
        """
        jobs = _answer(self._pro.get("/api/me/jobs"))["jobs"]
        job_id = _at_hand(jobs) or self._order()
        if job_id == self._shown:
            return None
        link = _answer(self._dispatch.post(f"/api/jobs/{job_id}/tracking-link"))["url"]
        self._shown = job_id
        return Visit(job_id, {"customer": link, **self._sign_ins(job_id)})

    def _order(self) -> str:
        """Something to do near where the visitor's pro is, paid by a card on file, and theirs already."""
        customer, service = self._customer_nearby(), next(self._services)
        job_id = str(_answer(self._dispatch.post("/api/jobs", json=_order_of(customer, service)))["id"])
        _answer(self._dispatch.post(f"/api/dispatch/jobs/{job_id}/assign", json={"pro_id": VISITOR}))
        # With a real payment provider nobody has a card for a demo: then the job is unpaid.
        self._dispatch.post(f"/api/dispatch/jobs/{job_id}/hold", json={})
        return job_id

    def _customer_nearby(self) -> Person:
        """Whoever lives about `WORTH_WATCHING_S` away."""
        network = self._city.network
        here = _answer(self._pro.get("/api/demo/drive"))["fixes"][0]

        def too_far_or_near_s(person: Person) -> float:
            home = (person.home.lat, person.home.lng)
            return abs(usual_s(way(network, (here["lat"], here["lng"]), home)) - WORTH_WATCHING_S)

        return min((one for one in self._city.people if one.role == "customer"), key=too_far_or_near_s)

    def _sign_ins(self, job_id: str) -> dict[str, str]:
        root = self._settings.public_url
        pro, dispatcher = sign_in(self._settings, VISITOR, Role.PRO), DISPATCHER
        staff = sign_in(self._settings, dispatcher, Role.DISPATCHER)
        return {"pro": f"{root}/pro#token={pro}", "dispatch": f"{root}/dispatch#token={staff}&job={job_id}"}


@contextmanager
def visiting(settings: Settings, city: City) -> Iterator[Visitor]:
    """A visitor of the demo that runs at `settings.public_url`."""
    with (
        _client(settings, DISPATCHER, Role.DISPATCHER) as dispatch,
        _client(settings, VISITOR, Role.PRO) as pro,
    ):
        yield Visitor(settings, city, dispatch, pro)


def sign_in(settings: Settings, person_id: str, role: Role) -> str:
    """A token that is good for a week."""
    return mint(
        settings.need_secret(),
        person_id,
        role,
        TOKEN_HOURS * 3600,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )


def _client(settings: Settings, person_id: str, role: Role) -> httpx.Client:
    headers = {"Authorization": f"Bearer {sign_in(settings, person_id, role)}"}
    return httpx.Client(base_url=settings.public_url, headers=headers, timeout=5, trust_env=False)


def _services(city: City) -> Iterator[Service]:
    """What is ordered, in turn."""
    (skill,) = (skill for skill in city.skills if skill.code == SKILL)
    return itertools.cycle(skill.services)


def _order_of(customer: Person, service: Service) -> dict[str, Any]:
    """The order as the company's shop would give it, with all that must be known before the work begins."""
    equipment = equipment_for(service.name, random.Random(1), begun=True, we_supply=False)
    return {
        "reference": f"VISIT-{secrets.token_hex(5).upper()}",
        "customer_id": customer.id,
        "skill": SKILL,
        "service": service.name,
        "lat": customer.home.lat,
        "lng": customer.home.lng,
        "address": customer.home.text,
        "approximate_address": customer.home.approximate,
        "notes": NOTES,
        "price_cents": service.low_cents,
        "items": msgspec.to_builtins(equipment.items),
        "install": msgspec.to_builtins(equipment.install),
        "order_required": False,
        "open": True,
    }


def _at_hand(jobs: list[dict[str, Any]]) -> str | None:
    """The job that the pro's page shows first: the one under way, or any."""
    under_way = [job for job in jobs if job["status"] in ("en_route", "arrived", "in_progress")]
    return next((str(job["id"]) for job in [*under_way, *jobs]), None)


def _answer(response: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.raise_for_status().json()
    return found
