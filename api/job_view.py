"""A job as an answer, cut to what the caller may know."""

from __future__ import annotations

from api.equipment_view import InstallView, install_view
from api.shapes import Answer, Instant
from db.jobs import Job
from db.need_job import NoSuchJob
from rooms.principal import Principal
from tracker.evidence.portraits import portrait_address
from tracker.jobs.install import equipment_of
from tracker.jobs.lifecycle import Party, allowed_next, party_of
from tracker.jobs.transition import facts_of


class Person(Answer):
    """Somebody by name. `id` and `phone` only for those who work with them.

    `rating` is a pro's average of 1 to 5 stars over `rating_count` reviews; None before the first. `photo` is
    the address of a pro's portrait, relative to the server's root.
    """

    name: str
    id: str | None = None
    phone: str | None = None
    rating: float | None = None
    rating_count: int | None = None
    photo: str | None = None


class JobAnswer(Answer):
    """One job. A tracking link, which a customer may pass on, is told no money and no notes.

    `install` is what the pro must know of the home and the equipment, for the pro and dispatch.
    `allowed` are the statuses the caller may move it to (guards are asked when it is done).
    """

    id: str
    reference: str | None
    status: str
    version: int
    service: str
    skill: str
    notes: str | None
    lat: float
    lng: float
    address: str
    price_cents: int | None
    final_price_cents: int | None
    tip_cents: int | None
    order_required: bool
    order_stage: str
    window_start: Instant | None
    window_end: Instant | None
    created_at: Instant
    accepted_at: Instant | None
    en_route_at: Instant | None
    arrived_at: Instant | None
    started_at: Instant | None
    finished_at: Instant | None
    cancelled_at: Instant | None
    paid_at: Instant | None
    promised_arrival_at: Instant | None
    labour_minutes: int | None
    install: InstallView | None
    pro: Person | None
    customer: Person | None
    allowed: list[str]


class JobPage(Answer):
    """Jobs, newest first; `next` is the cursor of the page after this one."""

    jobs: list[JobAnswer]
    next: str | None = None


def may_read(principal: Principal, job: Job) -> bool:
    """Whether this caller may see the job at all: a party to it, or its tracking link."""
    return principal.job_id == str(job.id) or party_of(principal, facts_of(job)) is not None


def view_of(job: Job, principal: Principal) -> JobAnswer:
    """The job for this caller. Raises NotFound for a stranger: there is no difference to an unknown id."""
    if not may_read(principal, job):
        raise NoSuchJob
    party = party_of(principal, facts_of(job))
    crew = party in (Party.STAFF, Party.OWN_PRO)
    return JobAnswer(
        id=str(job.id),
        reference=job.reference if party is Party.STAFF else None,
        status=job.status,
        version=job.version,
        service=job.service,
        skill=job.skill,
        notes=None if principal.is_link else job.notes,
        lat=job.lat,
        lng=job.lng,
        address=job.address,
        price_cents=None if principal.is_link else job.price_cents,
        final_price_cents=None if principal.is_link else job.final_price_cents,
        tip_cents=None if principal.is_link else job.tip_cents,
        order_required=job.order_required,
        order_stage=job.order_stage,
        window_start=Instant.maybe(job.window_start),
        window_end=Instant.maybe(job.window_end),
        created_at=Instant.of(job.created_at),
        accepted_at=Instant.maybe(job.accepted_at),
        en_route_at=Instant.maybe(job.en_route_at),
        arrived_at=Instant.maybe(job.arrived_at),
        started_at=Instant.maybe(job.started_at),
        finished_at=Instant.maybe(job.finished_at),
        cancelled_at=Instant.maybe(job.cancelled_at),
        paid_at=Instant.maybe(job.paid_at) if crew else None,
        promised_arrival_at=Instant.maybe(job.promised_arrival_at),
        labour_minutes=job.labour_minutes,
        install=install_view(equipment_of(job)) if crew else None,
        pro=_pro(job, crew=crew),
        customer=Person(id=job.customer_id, name=job.customer_name, phone=job.customer_phone)
        if crew
        else None,
        allowed=[status.value for status in allowed_next(facts_of(job), party)],
    )


def _pro(job: Job, *, crew: bool) -> Person | None:
    if job.pro_id is None:
        return None
    return Person(
        id=job.pro_id if crew else None,
        name=job.pro_name or "Your professional",
        rating=job.pro_rating,
        rating_count=job.pro_rating_count or 0,
        photo=portrait_address(job.pro_photo_key),
    )
