"""Who lives and works in the demo city, and what is to be done: plain values, no database.

`build_city(seed)` is the same for the same seed, ids included, so a second `make demo` finds the
data of the first. Times are ages in seconds before the moment of seeding, because values know no clock.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tracker.city.addresses import Address, addresses
from tracker.city.equipment import Equipment, equipment_for
from tracker.city.names import CITY
from tracker.city.network import Network
from tracker.city.people import VISITOR, Person, customers, full_names, pros, staff
from tracker.city.plan import Area, Plan
from tracker.city.skills import SKILLS, Skill
from tracker.city.streets import build_streets

_NAMESPACE = uuid.UUID("6f1c3c0e-52a4-5d0e-9a55-7e57c17f0001")  # of the ids of seeded jobs
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400

# How many jobs are in which status.
STATUSES = {
    "en_route": 10,
    "arrived": 2,
    "in_progress": 4,
    "accepted": 5,
    "scheduled": 9,
    "open": 46,
    "pending": 4,
    "pending_scheduling": 5,
    "completed": 28,
    "cancelled": 7,
}
BEGUN = ("en_route", "arrived", "in_progress", "completed")
_BUSY = ("en_route", "arrived", "in_progress", "accepted")  # a pro does one of these at a time


WORTH_WATCHING_M = 4000.0


@dataclass(frozen=True, slots=True)
class Step:
    """The job entered `status` `age_s` seconds before the seeding."""

    status: str
    age_s: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job to be written. `history` is never empty, oldest first; its last step is the status now.

    `window_in_s` is the agreed window as (start, end) in seconds after the seeding (negative: past).
    """

    id: str
    customer_id: str
    pro_id: str | None
    skill: str
    service: str
    notes: str | None
    lat: float
    lng: float
    address: str
    approximate_address: str
    price_cents: int
    history: tuple[Step, ...]
    window_in_s: tuple[int, int] | None
    equipment: Equipment

    @property
    def status(self) -> str:
        """The status now."""
        return self.history[-1].status


@dataclass(frozen=True)
class City:
    """Everything the demo needs to begin."""

    name: str
    network: Network
    areas: tuple[Area, ...]
    skills: tuple[Skill, ...]
    people: tuple[Person, ...]
    jobs: tuple[Job, ...]

    @cached_property
    def person(self) -> dict[str, Person]:
        """People by id."""
        return {person.id: person for person in self.people}


def build_city(seed: int = 1) -> City:
    """The whole demo city of one seed, in about a tenth of a second."""
    rng = random.Random(seed)
    plan = Plan(rng)
    network = build_streets(plan, rng)
    homes = addresses(network, rng)
    names = full_names(rng)
    people = (*staff(), *pros(rng, names, homes), *customers(names, homes))
    jobs = tuple(_jobs(seed, rng, network, people))
    return City(CITY, network, tuple(plan.areas()), SKILLS, people, jobs)


def _jobs(seed: int, rng: random.Random, network: Network, people: tuple[Person, ...]) -> Iterator[Job]:
    """Jobs in every status, each at its customer's home, each by a pro who can do it.

    The visitor's pro has a past and no plans.
    """
    everyone = [person for person in people if person.role == "pro"]
    workers = [person for person in everyone if person.id != VISITOR]
    free = rng.sample(workers, len(workers))
    clients = [person for person in people if person.role == "customer"]
    statuses = [status for status, count in STATUSES.items() for _ in range(count)]
    for number, status in enumerate(statuses):
        client = clients[number % len(clients)] if number < len(clients) else rng.choice(clients)
        pro: Person | None = None
        if status in _BUSY:
            pro = _not_a_neighbour(network, client, free)
            free.remove(pro)
        elif status in ("scheduled", "completed"):
            pro = rng.choice(everyone if status == "completed" else workers)
        yield _job(str(uuid.uuid5(_NAMESPACE, f"{seed}:{number}")), rng, status, client, pro)


def _not_a_neighbour(network: Network, client: Person, free: list[Person]) -> Person:
    """A pro who begins far enough away for the way to be worth watching."""
    x, y = network.plane.to_metres(client.home.lat, client.home.lng)

    def distance_m(pro: Person) -> float:
        return math.dist((x, y), network.plane.to_metres(pro.home.lat, pro.home.lng))

    return next((pro for pro in free if distance_m(pro) >= WORTH_WATCHING_M), free[0])


def _job(job_id: str, rng: random.Random, status: str, client: Person, pro: Person | None) -> Job:
    known = [skill for skill in SKILLS if pro is None or skill.code in pro.skills]
    skill = rng.choice(known)
    service = rng.choice(skill.services)
    home: Address = client.home
    return Job(
        id=job_id,
        customer_id=client.id,
        pro_id=pro.id if pro else None,
        skill=skill.code,
        service=service.name,
        notes=rng.choice(_NOTES),
        lat=home.lat,
        lng=home.lng,
        address=home.text,
        approximate_address=home.approximate,
        price_cents=rng.randrange(service.low_cents, service.high_cents + 1, 500),
        history=_history(rng, status),
        window_in_s=_window(rng, status),
        equipment=_equipment(job_id, service.name, status),
    )


def _equipment(job_id: str, service: str, status: str) -> Equipment:
    """The job's own luck decides: what else there is in the city does not change with it.

    We order the equipment for jobs that have time for it; those that a demo pro may claim or has at hand can
    be worked on at once.
    """
    begun, has_time = status in BEGUN, status in ("pending", "pending_scheduling", "scheduled")
    return equipment_for(service, random.Random(job_id), begun=begun, we_supply=begun or has_time)


def _history(rng: random.Random, status: str) -> tuple[Step, ...]:
    """The steps a job went through to get where it is, at believable ages."""
    path = _PATHS[status]
    age_s = rng.randrange(*_YOUNGEST_S[status])
    steps = [Step(path[-1], age_s)]
    for earlier in reversed(path[:-1]):
        age_s += rng.randrange(*_STAY_S[earlier])
        steps.append(Step(earlier, age_s))
    return tuple(reversed(steps))


def _window(rng: random.Random, status: str) -> tuple[int, int] | None:
    """The agreed two hours of a scheduled job: on one of the coming days."""
    if status != "scheduled":
        return None
    start_s = rng.randrange(4 * HOUR_S, 5 * DAY_S, HOUR_S // 2)
    return start_s, start_s + 2 * HOUR_S


_PATHS = {
    "pending": ("pending",),
    "pending_scheduling": ("pending", "pending_scheduling"),
    "open": ("pending", "open"),
    "accepted": ("pending", "open", "accepted"),
    "scheduled": ("pending", "open", "accepted", "scheduled"),
    "en_route": ("pending", "open", "accepted", "en_route"),
    "arrived": ("pending", "open", "accepted", "en_route", "arrived"),
    "in_progress": ("pending", "open", "accepted", "en_route", "arrived", "in_progress"),
    "completed": ("pending", "open", "accepted", "en_route", "arrived", "in_progress", "completed"),
    "cancelled": ("pending", "open", "cancelled"),
}
# How long ago the last step was, and how long a job stays in an earlier one.
_YOUNGEST_S = {
    "pending": (5 * MINUTE_S, 3 * HOUR_S),
    "pending_scheduling": (10 * MINUTE_S, DAY_S),
    "open": (2 * MINUTE_S, 8 * HOUR_S),
    "accepted": (2 * MINUTE_S, 20 * MINUTE_S),
    "scheduled": (HOUR_S, 2 * DAY_S),
    "en_route": (10, 60),
    "arrived": (30, 3 * MINUTE_S),
    "in_progress": (2 * MINUTE_S, 25 * MINUTE_S),
    "completed": (HOUR_S, 20 * DAY_S),
    "cancelled": (HOUR_S, 10 * DAY_S),
}
_STAY_S = {
    "pending": (MINUTE_S, 30 * MINUTE_S),
    "open": (2 * MINUTE_S, 2 * HOUR_S),
    "accepted": (5 * MINUTE_S, 40 * MINUTE_S),
    "en_route": (6 * MINUTE_S, 25 * MINUTE_S),
    "arrived": (MINUTE_S, 8 * MINUTE_S),
    "in_progress": (20 * MINUTE_S, 2 * HOUR_S),
}
_NOTES = (
    None,
    None,
    None,
    "The bell does not work, please knock.",
    "Please park on the street.",
    "There is a friendly dog.",
    "Call when you are five minutes away.",
    "Gate code will be sent by text.",
    "Third floor, there is a lift.",
)
