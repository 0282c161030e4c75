"""Turning the demo city's values into rows, once per database."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from db.pool import Database
from db.portraits import swap_portrait
from db.seeding import SeedJob, SeedPerson, is_empty, write_jobs, write_people, write_skills
from tracker.city.portraits import portrait
from tracker.city.seed import BEGUN, City, Job
from tracker.evidence.portraits import MEDIA_TYPE
from tracker.evidence.store import Store
from tracker.jobs.install import Equipment, with_plan, with_stage
from tracker.jobs.metadata import EquipmentLane, Metadata, OrderStage, lane_of
from tracker.jobs.pain_flags import SEVERITY, FlagFacts, evaluate

VENDOR = "Wrenford Mounts & More"


async def seed_city(database: Database, city: City, now: datetime) -> bool:
    """Write the city into an empty database, all or nothing; False when there are jobs already."""
    async with database.transaction() as conn:
        if not await is_empty(conn):
            return False
        await write_skills(conn, {skill.code: skill.name for skill in city.skills})
        await write_people(
            conn,
            [SeedPerson(p.id, p.role, p.name, p.phone, p.email, list(p.skills)) for p in city.people],
        )
        await write_jobs(conn, [_dated(job, now) for job in city.jobs])
    return True


async def seed_portraits(database: Database, store: Store, city: City) -> None:
    """Give every pro a drawn face. Raises Unavailable."""
    for person in city.people:
        if person.role == "pro":
            key = secrets.token_hex(16)
            await store.put(key, portrait(person.id), MEDIA_TYPE)
            async with database.connection() as conn:
                await swap_portrait(conn, person.id, key)


def _dated(job: Job, now: datetime) -> SeedJob:
    """The job with moments instead of ages."""

    def at(seconds: float) -> datetime:
        return now + timedelta(seconds=seconds)

    equipment = _equipment(job, at(-job.history[0].age_s))
    facts = FlagFacts(job.skill, job.notes, equipment.order_required, equipment.metadata)
    return SeedJob(
        id=UUID(job.id),
        customer_id=job.customer_id,
        pro_id=job.pro_id,
        skill=job.skill,
        service=job.service,
        notes=job.notes,
        lat=job.lat,
        lng=job.lng,
        address=job.address,
        approximate_address=job.approximate_address,
        price_cents=job.price_cents,
        window=(at(job.window_in_s[0]), at(job.window_in_s[1])) if job.window_in_s else None,
        history=[(step.status, at(-step.age_s)) for step in job.history],
        metadata=equipment.metadata.stored(),
        order_required=equipment.order_required,
        order_stage=equipment.order_stage.value,
        flags={flag.value: SEVERITY[flag].value for flag in evaluate(facts)},
    )


def _equipment(job: Job, ordered_at: datetime) -> Equipment:
    """By the rules of an order; what we supply was planned and came before anybody set out."""
    lane = lane_of(list(job.equipment.items))
    ours = lane is not EquipmentLane.BYO
    install = msgspec.structs.asdict(job.equipment.install)
    metadata = Metadata(**install, equipment_lane=lane, items=list(job.equipment.items))
    ordered = Equipment(metadata, ours, OrderStage.PENDING_REVIEW if ours else OrderStage.NOT_NEEDED)
    if not ours or job.status not in BEGUN:
        return ordered
    planned = with_plan(by="demo", at=ordered_at, vendor=VENDOR, notes=None)(ordered)
    return with_stage(OrderStage.DELIVERED, None)(planned)
