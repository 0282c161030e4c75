"""What is installed at a demo customer's home, and what is known of its walls: plain values."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tracker.jobs.metadata import Constraint, Install, Item, ItemKind, MountType, WallType, WireManagement

_TVS_IN = {  # inches, by service
    "Mount a 55-inch TV": (55,),
    "Mount a 75-inch TV above the fireplace": (75,),
    "Mount two TVs and hide the cables": (65, 43),
}
_CAMERAS = {"Install a video doorbell": ("Video doorbell", 1), "Install four outdoor cameras": ("Camera", 4)}
_WALLS = (WallType.DRYWALL, WallType.DRYWALL, WallType.PLASTER, WallType.BRICK, WallType.WOOD)
_WIRES = (WireManagement.BASIC_CONCEAL, WireManagement.CONCEAL_RACEWAY, WireManagement.FULL_INWALL)
_CONSTRAINTS = (Constraint.RENTER, Constraint.HOA, Constraint.GATED_ACCESS, Constraint.PETS)
UNASKED = 0.4  # so many customers have not said yet what their wall is made of, or where the cables go
SPECIAL = 0.3  # so many homes have something special about them


@dataclass(frozen=True, slots=True)
class Equipment:
    """The lines of an order, and the install details."""

    items: tuple[Item, ...] = ()
    install: Install = field(default_factory=Install)


def equipment_for(service: str, rng: random.Random, *, begun: bool, we_supply: bool) -> Equipment:
    """What a service needs. Of work that has `begun`, the wall and the cables are known.

    `we_supply`: the mounts of TVs are ordered by the company; else the customer has them.
    """
    items = _items(service, rng, we_supply=we_supply)
    if not items:
        return Equipment()
    asked = [begun or rng.random() >= UNASKED for _ in range(2)]
    special = [rng.choice(_CONSTRAINTS)] if rng.random() < SPECIAL else []
    install = Install(
        wall_type=rng.choice(_WALLS) if asked[0] else WallType.UNKNOWN,
        wire_management_required=rng.choice(_WIRES) if asked[1] else WireManagement.UNKNOWN,
        special_constraints=special,
    )
    return Equipment(items, install)


def _items(service: str, rng: random.Random, *, we_supply: bool) -> tuple[Item, ...]:
    if service in _CAMERAS:
        name, quantity = _CAMERAS[service]
        return (Item(kind=ItemKind.CAMERA, name=name, quantity=quantity),)
    return tuple(
        Item(
            name=f"{size_in}-inch TV",
            mount_type=rng.choice([*MountType]),
            tv_size_in=size_in,
            customer_provides=not we_supply,
        )
        for size_in in _TVS_IN.get(service, ())
    )
