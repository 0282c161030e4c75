"""An order from outside, read strictly, and the job it becomes: once, with every default filled in."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from db.customers import find_or_add_customer, is_somebody_else
from db.errors import Invalid
from db.jobs import NewJob
from db.orders import add_order, order_became_job, order_by_reference, skill_exists
from db.pool import Connection
from rooms.strict_shape import shaped
from tracker.identity.claims import is_person_id
from tracker.jobs.facts import SYSTEM, Actor
from tracker.jobs.intake import Created, ReferenceConflict, approximate, job_made_from, make_job
from tracker.jobs.lifecycle import Status
from tracker.jobs.metadata import Cents, EquipmentLane, Install, Item, Metadata, OrderStage, lane_of
from tracker.jobs.windows import check_window
from tracker.messages.phones import e164, need_e164

Text = Annotated[str, Meta(min_length=1, max_length=300)]
Moment = Annotated[datetime, Meta(tz=True)]


class Customer(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, frozen=True):
    """Whose home it is. `id` is the shop's number of them; without it `customer_id_of` derives one."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    email: Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+(?!\n)$")] | None = (
        None
    )


class Wanted(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, frozen=True):
    """What is to be done, and where. Times are ISO 8601 with a zone.

    `open` offers the job in the feeds at once. Without `equipment_lane` and `order_required` they follow
    from the items' mounts.
    """

    skill: Annotated[str, Meta(min_length=1, max_length=64, description="A code of the skill catalogue.")]
    service: Annotated[str, Meta(min_length=1, max_length=200)]
    lat: Annotated[float, Meta(ge=-90, le=90, description="Degrees north, WGS84.")]
    lng: Annotated[float, Meta(ge=-180, le=180, description="Degrees east, WGS84.")]
    address: Text
    price_cents: Cents
    approximate_address: Text | None = None
    notes: Annotated[str, Meta(max_length=4000)] | None = None
    window_start: Moment | None = None
    window_end: Moment | None = None
    items: Annotated[list[Item], Meta(max_length=50)] = []
    install: Install = Install()
    equipment_lane: EquipmentLane | None = None
    order_required: bool | None = None
    order_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    open: bool = False


class Order(Wanted, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, frozen=True):
    """A job as a shop orders it. `reference` is the shop's number of the order: one job each, for ever."""

    reference: Annotated[str, Meta(min_length=1, max_length=128)]
    customer: Customer
    estimated_payout_cents: Cents | None = None


NO_CUSTOMER = "customer.id is somebody who is no customer"


def read_order(value: Any) -> Order:
    """An order from decoded JSON in snake_case. Raises Invalid with the `field` where there is one."""
    order: Order = shaped(value, Order)
    if order.customer.id is not None and not is_person_id(order.customer.id):
        raise Invalid("a person's id is 1 to 128 printable characters", field="customer.id")
    if (order.window_start is None) != (order.window_end is None):
        raise Invalid("window_start and window_end go together", field="window_start")
    if order.window_start is None or order.window_end is None:
        return order
    try:
        start, end = order.window_start.astimezone(UTC), order.window_end.astimezone(UTC)
    except OverflowError:
        raise Invalid("Expected a time that exists.", field="window_start") from None
    return msgspec.structs.replace(order, window_start=start, window_end=end)


def read_new_order(value: Any) -> Order:
    """An order that somebody places now: as `read_order`, and its phone is one that can be texted.

    What was kept or paid before is not held to that: a bad number must not keep a job from being.
    """
    order = read_order(value)
    if order.customer.phone is None:
        return order
    phone = need_e164(order.customer.phone, field="customer.phone")
    return msgspec.structs.replace(order, customer=msgspec.structs.replace(order.customer, phone=phone))


async def take_order(
    conn: Connection, order: Order, *, source: str, now: datetime, actor: Actor = SYSTEM
) -> Created:
    """Make the job of an order in the caller's transaction; the same order again answers with the same job.

    Raises ReferenceConflict when another order had this reference, and Invalid for an unknown skill or a
    customer id that is somebody else's. A window that has passed since the order was placed is kept: its
    money may have been taken meanwhile, and dispatch agrees on another.
    """
    new = _job_of(order, source=source)
    made = await job_made_from(conn, new)
    if made is None:
        who, known_as = order.customer, new.customer_id
        phone = (who.phone and e164(who.phone)) or who.phone
        if not await find_or_add_customer(conn, known_as, name=who.name, phone=phone, email=who.email):
            raise Invalid(NO_CUSTOMER, field="customer.id")
        made = await make_job(conn, new, actor=actor, now=now)
    await order_became_job(conn, order.reference, made.job_id)
    return made


async def keep_order(conn: Connection, order: Order, *, now: datetime) -> bool:
    """Keep an order until its checkout is paid; False when it was kept before.

    What could not become a job later is refused now, before anybody pays. Raises ReferenceConflict when
    another order has this reference or has become a job, and Invalid as `take_order` does, also for a window
    that is over.
    """
    kept = await kept_order(conn, order.reference)
    if kept is None:
        made = await job_made_from(conn, _job_of(order, source="checkout"))
        if made is None:
            await _check_can_be_taken(conn, order, now)
        if await add_order(conn, order.reference, msgspec.to_builtins(order), source="checkout"):
            if made is not None:
                await order_became_job(conn, order.reference, made.job_id)
            return True
        kept = await kept_order(conn, order.reference)  # somebody kept one at the same moment
    if kept != order:
        raise ReferenceConflict("Another order has this reference.")
    return False


async def kept_order(conn: Connection, reference: str) -> Order | None:
    """The order that waits under this reference, or has become a job; None when there is none."""
    row = await order_by_reference(conn, reference)
    return read_order(row.body) if row else None


async def kept_job_id(conn: Connection, reference: str) -> UUID | None:
    """The job that a kept order has become, or None."""
    row = await order_by_reference(conn, reference)
    return row.job_id if row else None


async def import_order(conn: Connection, value: Any, *, actor: Actor, now: datetime) -> Created:
    """One row of an import, from decoded JSON. Raises Invalid and ReferenceConflict as `take_order` does."""
    order = read_new_order(value)
    if await kept_order(conn, order.reference) not in (None, order):
        raise ReferenceConflict("Another order with this reference waits for its payment.")
    made = await take_order(conn, order, source="import", now=now, actor=actor)
    if made.made_now:
        _check_window_ahead(order, now)
    return made


def _job_of(order: Order, *, source: str) -> NewJob:
    return new_job(
        order,
        order.reference,
        customer_id_of(order.customer, order.reference),
        source=source,
        estimated_payout_cents=order.estimated_payout_cents,
    )


def new_job(
    order: Wanted,
    reference: str | None,
    customer_id: str,
    *,
    source: str,
    estimated_payout_cents: int | None = None,
) -> NewJob:
    """The job that somebody wants, with every default of the company filled in."""
    lane = order.equipment_lane or lane_of(order.items)
    required = order.order_required
    if required is None:
        required = lane is not EquipmentLane.BYO
    metadata = Metadata(
        **msgspec.structs.asdict(order.install),
        equipment_lane=lane,
        order_id=order.order_id,
        estimated_payout_cents=estimated_payout_cents,
        items=order.items,
    )
    return NewJob(
        reference=reference,
        customer_id=customer_id,
        skill=order.skill,
        service=order.service,
        notes=order.notes,
        lat=order.lat,
        lng=order.lng,
        address=order.address,
        approximate_address=order.approximate_address or approximate(order.address),
        price_cents=order.price_cents,
        order_required=required,
        window_start=order.window_start,
        window_end=order.window_end,
        status=(Status.OPEN if order.open else Status.PENDING).value,
        order_stage=(OrderStage.PENDING_REVIEW if required else OrderStage.NOT_NEEDED).value,
        source=source,
        metadata=metadata.stored(),
    )


def customer_id_of(customer: Customer, reference: str) -> str:
    """Who a customer is. Two orders are of one person only when name, mail and phone are the same.

    Somebody who left neither mail nor phone is known by this order alone: a name is nobody in particular.
    """
    if customer.id is not None:
        return customer.id
    contact = (customer.email or "").casefold().strip(), re.sub(r"[^0-9+]", "", customer.phone or "")
    if not any(contact):
        return "order:" + hashlib.sha256(reference.encode()).hexdigest()[:32]
    name = " ".join(customer.name.casefold().split())
    return "customer:" + hashlib.sha256("\n".join((name, *contact)).encode()).hexdigest()[:32]


async def _check_can_be_taken(conn: Connection, order: Order, now: datetime) -> None:
    _check_window_ahead(order, now)
    if not await skill_exists(conn, order.skill):
        raise Invalid("skill is not in the catalogue", field="skill")
    if await is_somebody_else(conn, customer_id_of(order.customer, order.reference)):
        raise Invalid(NO_CUSTOMER, field="customer.id")


def _check_window_ahead(order: Order, now: datetime) -> None:
    if order.window_start is not None and order.window_end is not None:
        check_window(order.window_start, order.window_end, now)
