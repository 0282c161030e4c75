"""Edits of a job's metadata over HTTP. Each names the version it was read at; a stale one gets 409."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from api.equipment_view import EquipmentView, equipment_view
from api.jobs import STAFF, told
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Paragraph, Version
from db.errors import Invalid, NotFound
from tracker.jobs.facts import Actor, StaleVersion
from tracker.jobs.install import (
    AlreadyOrdered,
    Edit,
    JobIsOver,
    edit_equipment,
    with_details,
    with_lane,
    with_plan,
    with_stage,
)
from tracker.jobs.metadata import Constraint, EquipmentLane, Item, Notes, OrderStage, WallType, WireManagement
from tracker.jobs.order_plan import NothingToOrder, PlanIncomplete

REFUSALS = (NotFound, StaleVersion, JobIsOver, Invalid)
Reason = Annotated[str, Meta(min_length=3, max_length=500)]


class InstallBody(Input):
    """What to change; a field that is left out stays, null empties a text. `items` replace all items."""

    version: Version
    wire_management_required: WireManagement | UnsetType = UNSET
    wall_type: WallType | UnsetType = UNSET
    mounting_surface_notes: Notes | UnsetType | None = UNSET
    special_constraints: Annotated[list[Constraint], Meta(max_length=len(Constraint))] | UnsetType = UNSET
    customer_priority_notes: Notes | UnsetType | None = UNSET
    items: Annotated[list[Item], Meta(max_length=50)] | UnsetType = UNSET
    order_id: Annotated[str, Meta(min_length=1, max_length=128)] | UnsetType | None = UNSET


class LaneBody(Input):
    """Who brings the mounts. BYO: nothing is ordered any more."""

    version: Version
    equipment_lane: EquipmentLane


class StageBody(Input):
    """How far the order of equipment has come. Going back, as to NOT_NEEDED, needs a `reason`."""

    version: Version
    order_stage: OrderStage
    reason: Reason | None = None


class PlanBody(Input):
    """Where to order, and anything to say to the vendor."""

    version: Version
    vendor: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    notes: Paragraph | None = None


class EditAnswer(Answer):
    """The job's metadata and version after the edit. `changed` is False when it was like this before."""

    success: bool
    version: Version
    changed: bool
    metadata: EquipmentView


@endpoint(
    "PATCH",
    "/api/dispatch/jobs/{id}/install-details",
    summary="Say what the wall, the cables, the home and the items are like.",
    roles=STAFF,
    body=InstallBody,
    answer=EditAnswer,
    problems=[*REFUSALS, AlreadyOrdered],
)
async def patch_install_details(request: Request[Services, InstallBody, None]) -> EditAnswer:
    body = request.body
    named = {name: getattr(body, name) for name in body.__struct_fields__ if name != "version"}
    changes = {name: value for name, value in named.items() if value is not UNSET}
    return await _edit(request, body.version, with_details(changes), "install_details")


@endpoint(
    "PUT",
    "/api/dispatch/jobs/{id}/equipment-lane",
    summary="Say who brings the mounts.",
    roles=STAFF,
    body=LaneBody,
    answer=EditAnswer,
    problems=[*REFUSALS, AlreadyOrdered],
)
async def put_equipment_lane(request: Request[Services, LaneBody, None]) -> EditAnswer:
    lane = with_lane(request.body.equipment_lane)
    return await _edit(request, request.body.version, lane, "equipment_lane")


@endpoint(
    "PUT",
    "/api/dispatch/jobs/{id}/order-stage",
    summary="Say how far the order of equipment has come.",
    roles=STAFF,
    body=StageBody,
    answer=EditAnswer,
    problems=REFUSALS,
)
async def put_order_stage(request: Request[Services, StageBody, None]) -> EditAnswer:
    body = request.body
    stage = with_stage(body.order_stage, body.reason)
    reason = {"reason": body.reason} if body.reason else {}
    return await _edit(request, body.version, stage, "order_stage", reason)


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/order-plan",
    summary="Plan what to order for a job; it is then ready to order. A plan replaces the one before.",
    roles=STAFF,
    body=PlanBody,
    answer=EditAnswer,
    problems=[*REFUSALS, PlanIncomplete, NothingToOrder],
)
async def make_order_plan(request: Request[Services, PlanBody, None]) -> EditAnswer:
    body = request.body
    plan = with_plan(by=request.principal.id, at=request.now, vendor=body.vendor, notes=body.notes)
    return await _edit(request, body.version, plan, "order_plan")


async def _edit(
    request: Request[Services, Any, None],
    version: int,
    edit: Edit,
    kind: str,
    data: dict[str, Any] | None = None,
) -> EditAnswer:
    edited = await edit_equipment(
        request.services.database,
        request.id,
        edit,
        kind=kind,
        actor=Actor.of(request.principal),
        now=request.now,
        expected_version=version,
        data=data,
    )
    if edited.changed:
        await told(request.services, request.id, edited.version)
    return EditAnswer(
        success=True,
        version=edited.version,
        changed=edited.changed,
        metadata=equipment_view(edited.equipment),
    )
