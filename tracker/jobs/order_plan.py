"""What to order for a job: mounts and cable kits, at the prices the company charges. Pure.

A mount is planned for every TV whose mount the customer does not provide, by its type and size; one kit per
job for the way in which its cables are hidden. Cameras and other things have no price here: the kind of kit
tells the vendor about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from db.errors import Invalid
from tracker.jobs.metadata import (
    Item,
    ItemKind,
    KitType,
    Metadata,
    MountType,
    OrderPlan,
    PlanLine,
    WireManagement,
)

MOUNT_CENTS: Mapping[MountType, int] = MappingProxyType(
    {MountType.FIXED: 3500, MountType.TILT: 5000, MountType.FULL_MOTION: 8500}
)
RACEWAY = PlanLine(sku="KIT-RACEWAY", name="Raceway kit", quantity=1, unit_cents=2500, total_cents=2500)
IN_WALL = PlanLine(sku="KIT-INWALL", name="In-wall kit", quantity=1, unit_cents=4500, total_cents=4500)
CABLE_KITS: Mapping[WireManagement, PlanLine] = MappingProxyType(
    {WireManagement.CONCEAL_RACEWAY: RACEWAY, WireManagement.FULL_INWALL: IN_WALL}
)


class PlanIncomplete(Invalid):
    """Nobody has said yet what to order; `missing` lists what each item lacks."""

    code = "plan_incomplete"


class NothingToOrder(Invalid):
    """The customer provides everything this job needs."""

    code = "nothing_to_order"


def plan_order(
    metadata: Metadata, *, generated_by: str, generated_at: datetime, vendor: str | None, notes: str | None
) -> OrderPlan:
    """The plan for a job's items and cables. Raises PlanIncomplete and NothingToOrder."""
    missing = [lack for number, item in enumerate(metadata.items) for lack in _lacks(number, item)]
    if missing:
        raise PlanIncomplete(f"Missing: {', '.join(missing)}.", missing=missing)
    lines = _mounts(metadata.items)
    kit = CABLE_KITS.get(metadata.wire_management_required)
    if kit is not None:
        lines.append(kit)
    to_order = [item for item in metadata.items if not item.customer_provides]
    if not lines and not to_order:
        raise NothingToOrder
    return OrderPlan(
        kit_type=kit_type(metadata),
        lines=lines,
        total_cents=sum(line.total_cents for line in lines),
        generated_by=generated_by,
        generated_at=generated_at,
        vendor=vendor,
        notes=notes,
    )


def is_outdated(metadata: Metadata) -> bool:
    """Whether there is a plan that items or cables no longer ask for."""
    plan = metadata.order_plan
    if plan is None:
        return False
    try:
        anew = plan_order(
            metadata, generated_by=plan.generated_by, generated_at=plan.generated_at, vendor=None, notes=None
        )
    except Invalid:
        return True
    return (anew.kit_type, anew.lines) != (plan.kit_type, plan.lines)


def kit_type(metadata: Metadata) -> KitType:
    """One kind of thing has a kit of its own; TVs with in-wall cables have the better one."""
    kinds = {item.kind for item in metadata.items}
    if kinds == {ItemKind.CAMERA}:
        return KitType.STANDARD_CAMERA_KIT
    if kinds == {ItemKind.TV}:
        in_wall = metadata.wire_management_required is WireManagement.FULL_INWALL
        return KitType.PREMIUM_TV_KIT if in_wall else KitType.STANDARD_TV_KIT
    return KitType.CUSTOM_KIT


def _needs_mount(item: Item) -> bool:
    return item.kind is ItemKind.TV and not item.customer_provides


def _lacks(number: int, item: Item) -> list[str]:
    if not _needs_mount(item):
        return []
    lacks = {"mount_type": item.mount_type is None, "tv_size_in": item.tv_size_in is None}
    return [f"items[{number}].{name}" for name, is_missing in lacks.items() if is_missing]


def _mounts(items: list[Item]) -> list[PlanLine]:
    """One line per type and size, in the order in which they were ordered."""
    quantities: dict[tuple[MountType, int], int] = {}
    for item in items:
        if _needs_mount(item) and item.mount_type is not None and item.tv_size_in is not None:
            mount = (item.mount_type, item.tv_size_in)
            quantities[mount] = quantities.get(mount, 0) + item.quantity
    return [
        PlanLine(
            sku=f"MOUNT-{mount_type.name}-{size_in}",
            name=f"{mount_type.value.replace('_', '-').capitalize()} mount, {size_in} in",
            quantity=quantity,
            unit_cents=MOUNT_CENTS[mount_type],
            total_cents=quantity * MOUNT_CENTS[mount_type],
        )
        for (mount_type, size_in), quantity in quantities.items()
    ]
