"""Edits of what is to be installed: details, items, who brings the mounts, the order of equipment, its plan.

Each is one transaction: the job's row is locked, the version that the caller read is compared, the facts are
written, the flags are judged again, and one job event says what was before and after. An edit that changes
nothing is answered without an event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from db.errors import Conflict, Invalid, Problem
from db.job_edits import write_metadata
from db.jobs import Job
from db.need_job import lock_needed_job
from db.pool import Connection, Database
from tracker.jobs.facts import Actor, StaleVersion, record_fact
from tracker.jobs.flagging import reevaluate
from tracker.jobs.lifecycle import TERMINAL, Status
from tracker.jobs.metadata import EquipmentLane, Metadata, OrderStage, lane_of, metadata_of
from tracker.jobs.order_plan import plan_order


class AlreadyOrdered(Conflict):
    """The equipment has been ordered; set the order stage back first, with a reason."""

    code = "already_ordered"


class JobIsOver(Conflict):
    """This job is over; what was installed is not rewritten."""

    code = "job_is_over"


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the edits here change: a job's metadata and the order of its equipment."""

    metadata: Metadata
    order_required: bool
    order_stage: OrderStage

    def facts(self) -> dict[str, Any]:
        """All of it as plain JSON, for the record of what an edit changed."""
        plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(self.metadata))
        return {**plain, "order_required": self.order_required, "order_stage": self.order_stage.value}


@dataclass(frozen=True, slots=True)
class Edited:
    """The job's equipment and version after the call; `changed` is False when it was like this before."""

    equipment: Equipment
    version: int
    changed: bool


Edit: TypeAlias = Callable[[Equipment], Equipment]


def equipment_of(job: Job) -> Equipment:
    """A job's equipment as it was read."""
    return Equipment(metadata_of(job.metadata), job.order_required, OrderStage(job.order_stage))


async def edit_equipment(
    database: Database,
    job_id: UUID,
    edit: Edit,
    *,
    kind: str,
    actor: Actor,
    now: datetime,
    expected_version: int,
    data: dict[str, Any] | None = None,
) -> Edited:
    """Apply a pure `edit` to a job. The event `kind` holds what changed, and `data`.

    Raises NotFound, StaleVersion, JobIsOver, Unavailable, and what the edit raises.
    """

    async def work(conn: Connection) -> Edited:
        job = await lock_needed_job(conn, job_id)
        if Status(job.status) in TERMINAL:
            raise JobIsOver
        before = equipment_of(job)
        try:
            after = edit(before)
        except Problem:
            if job.version != expected_version:  # the rule may speak of what the caller has not seen
                raise StaleVersion(current=job.version) from None
            raise
        if after == before:
            return Edited(before, job.version, changed=False)
        if job.version != expected_version:
            raise StaleVersion(current=job.version)
        return await _write(conn, job, before, after, kind, actor, now, data or {})

    return await database.in_transaction(work)


async def _write(
    conn: Connection,
    job: Job,
    before: Equipment,
    after: Equipment,
    kind: str,
    actor: Actor,
    now: datetime,
    data: dict[str, Any],
) -> Edited:
    await write_metadata(
        conn,
        job.id,
        metadata=after.metadata.stored(),
        order_required=after.order_required,
        order_stage=after.order_stage.value,
    )
    flags = await reevaluate(conn, job, now=now, metadata=after.metadata, order_required=after.order_required)
    old, new = before.facts(), after.facts()
    changed = [name for name in new if new[name] != old[name]]
    record = {
        "before": {name: old[name] for name in changed},
        "after": {name: new[name] for name in changed},
        **flags.as_data(),
        **data,
    }
    version = await record_fact(conn, job.id, kind=kind, data=record, actor=actor, now=now)
    return Edited(after, version, changed=True)


# The edits themselves: pure.


def with_details(changes: dict[str, Any]) -> Edit:
    """Other install details, items or shop's numbers; what is not named stays.

    The equipment lane goes with the items, unless a person set another. Raises AlreadyOrdered.
    """

    def edit(before: Equipment) -> Equipment:
        after = replace(before, metadata=msgspec.structs.replace(before.metadata, **changes))
        if before.metadata.equipment_lane is not lane_of(before.metadata.items):
            return after
        return with_lane(lane_of(after.metadata.items))(after)

    return edit


def with_lane(lane: EquipmentLane) -> Edit:
    """Somebody else brings the mounts. What the customer brings is not ordered. Raises AlreadyOrdered."""

    def edit(before: Equipment) -> Equipment:
        if lane is before.metadata.equipment_lane:
            return before
        after = replace(before, metadata=msgspec.structs.replace(before.metadata, equipment_lane=lane))
        if lane is not EquipmentLane.BYO:
            return _at_least(after, OrderStage.PENDING_REVIEW)
        if before.order_stage.number >= OrderStage.ORDERED.number:
            raise AlreadyOrdered(order_stage=before.order_stage.value)
        return replace(after, order_required=False, order_stage=OrderStage.NOT_NEEDED)

    return edit


def with_stage(stage: OrderStage, reason: str | None) -> Edit:
    """The order has come this far. Going back needs a written reason: Invalid without one."""

    def edit(before: Equipment) -> Equipment:
        if stage.number < before.order_stage.number and not (reason or "").strip():
            raise Invalid("Going back to an earlier stage needs a reason.", field="reason")
        return replace(before, order_stage=stage, order_required=stage is not OrderStage.NOT_NEEDED)

    return edit


def with_plan(*, by: str, at: datetime, vendor: str | None, notes: str | None) -> Edit:
    """A plan of what to order; the job then is ready to order. Raises PlanIncomplete, NothingToOrder.

    Once the equipment is ordered another plan says what should have been: the stage stays.
    """

    def edit(before: Equipment) -> Equipment:
        plan = plan_order(before.metadata, generated_by=by, generated_at=at, vendor=vendor, notes=notes)
        metadata = msgspec.structs.replace(before.metadata, order_plan=plan)
        return _at_least(replace(before, metadata=metadata), OrderStage.READY_TO_ORDER)

    return edit


def _at_least(equipment: Equipment, stage: OrderStage) -> Equipment:
    later = max(stage, equipment.order_stage, key=lambda one: one.number)
    return replace(equipment, order_required=True, order_stage=later)
