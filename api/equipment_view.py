"""What is to be installed, as answers show it."""

from __future__ import annotations

from msgspec import structs

from api.shapes import Answer
from tracker.jobs.install import Equipment
from tracker.jobs.metadata import (
    Constraint,
    EquipmentLane,
    ItemKind,
    MountType,
    OrderPlan,
    OrderStage,
    WallType,
    WireManagement,
)
from tracker.jobs.order_plan import is_outdated


class ItemView(Answer):
    """One line of what was ordered; null where nobody has said yet."""

    kind: ItemKind
    name: str
    quantity: int
    mount_type: MountType | None
    tv_size_in: int | None
    customer_provides: bool


class InstallView(Answer):
    """The install details, for those who do the work."""

    wire_management_required: WireManagement
    wall_type: WallType
    mounting_surface_notes: str | None
    special_constraints: list[Constraint]
    customer_priority_notes: str | None
    equipment_lane: EquipmentLane
    items: list[ItemView]


class EquipmentView(InstallView):
    """The whole metadata. `order_plan_outdated`: items or cables have changed since the plan was made."""

    order_required: bool
    order_stage: OrderStage
    order_plan: OrderPlan | None
    order_plan_outdated: bool
    order_id: str | None
    estimated_payout_cents: int | None


def install_view(equipment: Equipment) -> InstallView:
    """What the pro must know."""
    metadata = equipment.metadata
    return InstallView(
        wire_management_required=metadata.wire_management_required,
        wall_type=metadata.wall_type,
        mounting_surface_notes=metadata.mounting_surface_notes,
        special_constraints=metadata.special_constraints,
        customer_priority_notes=metadata.customer_priority_notes,
        equipment_lane=metadata.equipment_lane,
        items=[ItemView(**structs.asdict(item)) for item in metadata.items],
    )


def equipment_view(equipment: Equipment, *, estimated_payout_cents: int | None = None) -> EquipmentView:
    """All of it; `estimated_payout_cents` stands in where the order named none."""
    metadata = equipment.metadata
    install = install_view(equipment)
    return EquipmentView(
        **{name: getattr(install, name) for name in install.__struct_fields__},
        order_required=equipment.order_required,
        order_stage=equipment.order_stage,
        order_plan=metadata.order_plan,
        order_plan_outdated=is_outdated(metadata),
        order_id=metadata.order_id,
        estimated_payout_cents=estimated_payout_cents
        if metadata.estimated_payout_cents is None
        else metadata.estimated_payout_cents,
    )
