"""What dispatch knows of a job beside its status: the words of the trade, and their one strict shape.

Stored as JSON in `jobs.metadata`. Three facts of the same family stand elsewhere, because rules and queries
need them: `order_required`, `order_stage` and `source` are columns, and pain flags have a table.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

Notes: TypeAlias = Annotated[str, Meta(max_length=1000)]
Quantity: TypeAlias = Annotated[int, Meta(ge=1, le=100)]
TvSize: TypeAlias = Annotated[int, Meta(ge=10, le=150, description="The diagonal in inches.")]
Cents: TypeAlias = Annotated[int, Meta(ge=0, le=100_000_000, description="An amount of money in cents.")]


class WireManagement(StrEnum):
    """How cables are hidden."""

    UNKNOWN = "UNKNOWN"  # nobody has asked yet
    NONE = "NONE"  # they hang
    BASIC_CONCEAL = "BASIC_CONCEAL"  # tidied behind the screen, with what is in the van
    FULL_INWALL = "FULL_INWALL"  # inside the wall; needs the in-wall kit
    CONCEAL_RACEWAY = "CONCEAL_RACEWAY"  # in a channel on the wall; needs the raceway kit


class WallType(StrEnum):
    """What is drilled into."""

    UNKNOWN = "UNKNOWN"
    DRYWALL = "DRYWALL"
    BRICK = "BRICK"
    PLASTER = "PLASTER"
    TILE = "TILE"
    CONCRETE = "CONCRETE"
    WOOD = "WOOD"


class Constraint(StrEnum):
    """What makes a home special."""

    RENTER = "RENTER"  # the landlord has a word in it
    HOA = "HOA"  # so has the owners' association
    NO_DRILLING = "NO_DRILLING"  # nothing may be screwed into a wall
    GATED_ACCESS = "GATED_ACCESS"  # a gate or door needs a code or a person
    NO_PARKING = "NO_PARKING"  # the van stands elsewhere
    STAIRS_ONLY = "STAIRS_ONLY"  # no lift
    PETS = "PETS"  # somebody may bite
    QUIET_BUILDING = "QUIET_BUILDING"  # noise only at certain hours
    HISTORIC_BUILDING = "HISTORIC_BUILDING"  # protected


class EquipmentLane(StrEnum):
    """Who brings the mounts."""

    BYO = "BYO"  # the customer has them, or none are needed
    COMPANY_SUPPLIED = "COMPANY_SUPPLIED"  # we order them
    HYBRID = "HYBRID"  # some of each


class OrderStage(StrEnum):
    """How far the order of equipment has come; declared in the order in which it goes."""

    NOT_NEEDED = "NOT_NEEDED"
    PENDING_REVIEW = "PENDING_REVIEW"  # somebody has to decide what to order
    READY_TO_ORDER = "READY_TO_ORDER"  # there is a plan
    ORDERED = "ORDERED"  # at the vendor
    SHIPPED = "SHIPPED"  # on its way
    DELIVERED = "DELIVERED"  # work may begin

    @property
    def number(self) -> int:
        """Its place in the order of stages, from 0."""
        return [*OrderStage].index(self)


class ItemKind(StrEnum):
    """What is installed."""

    TV = "tv"
    CAMERA = "camera"
    OTHER = "other"


class MountType(StrEnum):
    """How a TV hangs."""

    FIXED = "fixed"
    TILT = "tilt"
    FULL_MOTION = "full_motion"


class KitType(StrEnum):
    """Which box the vendor packs."""

    STANDARD_TV_KIT = "STANDARD_TV_KIT"
    PREMIUM_TV_KIT = "PREMIUM_TV_KIT"  # with in-wall cables
    STANDARD_CAMERA_KIT = "STANDARD_CAMERA_KIT"
    CUSTOM_KIT = "CUSTOM_KIT"  # anything else, or several kinds of things


class Item(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, frozen=True):
    """One line of an order. Without `mount_type` or `tv_size_in` nobody has said yet.

    `customer_provides`: the customer has the mount already.
    """

    kind: ItemKind = ItemKind.TV
    name: Annotated[str, Meta(max_length=200)] = ""
    quantity: Quantity = 1
    mount_type: MountType | None = None
    tv_size_in: TvSize | None = None
    customer_provides: bool = False


class PlanLine(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One thing to order, `total_cents` = `quantity` × `unit_cents`."""

    sku: str
    name: str
    quantity: int
    unit_cents: int
    total_cents: int


class OrderPlan(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What to order for a job, and who decided it."""

    kit_type: KitType
    lines: list[PlanLine]
    total_cents: int
    generated_by: str
    generated_at: datetime
    vendor: str | None = None
    notes: str | None = None


class Install(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, frozen=True):
    """The install details: what the pro must know about the wall and the home."""

    wire_management_required: WireManagement = WireManagement.UNKNOWN
    wall_type: WallType = WallType.UNKNOWN
    mounting_surface_notes: Notes | None = None
    special_constraints: Annotated[list[Constraint], Meta(max_length=len(Constraint))] = []
    customer_priority_notes: Notes | None = None


class Metadata(Install, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, frozen=True):
    """The whole of what is stored. `order_id` is the shop's number of the order of equipment."""

    equipment_lane: EquipmentLane = EquipmentLane.BYO
    order_plan: OrderPlan | None = None
    order_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    estimated_payout_cents: Cents | None = None
    items: Annotated[list[Item], Meta(max_length=50)] = []

    def stored(self) -> dict[str, Any]:
        """As it is written into the row: what differs from the defaults."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def metadata_of(stored: dict[str, Any]) -> Metadata:
    """A row's metadata. A row from before there was any has all defaults."""
    return msgspec.convert(stored, Metadata)


def lane_of(items: list[Item]) -> EquipmentLane:
    """Who brings the mounts that these items hang on."""
    provided = {item.customer_provides for item in items if item.kind is ItemKind.TV}
    if provided == {True, False}:
        return EquipmentLane.HYBRID
    return EquipmentLane.COMPANY_SUPPLIED if provided == {False} else EquipmentLane.BYO
