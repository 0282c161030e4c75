"""The order plan: exactly the company's prices and numbers, or a refusal that says what is missing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracker.jobs.metadata import Item, KitType, Metadata, OrderPlan, PlanLine, WireManagement, metadata_of
from tracker.jobs.order_plan import NothingToOrder, PlanIncomplete, is_outdated, plan_order

AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
TV_65 = {"mount_type": "full_motion", "tv_size_in": 65}


def metadata(*items: dict[str, object], wires: str = "UNKNOWN") -> Metadata:
    return metadata_of({"wire_management_required": wires, "items": list(items)})


def plan(*items: dict[str, object], wires: str = "UNKNOWN") -> OrderPlan:
    return plan_order(
        metadata(*items, wires=wires), generated_by="dee", generated_at=AT, vendor="Acme", notes="soon"
    )


@pytest.mark.parametrize(
    ("mount_type", "sku", "cents"),
    [
        ("fixed", "MOUNT-FIXED-55", 3500),
        ("tilt", "MOUNT-TILT-55", 5000),
        ("full_motion", "MOUNT-FULL_MOTION-55", 8500),
    ],
)
def test_a_mount_has_its_types_price_and_number(mount_type: str, sku: str, cents: int) -> None:
    made = plan({"mount_type": mount_type, "tv_size_in": 55, "quantity": 3})
    (line,) = made.lines
    assert (line.sku, line.quantity, line.unit_cents, line.total_cents) == (sku, 3, cents, 3 * cents)
    assert made.total_cents == 3 * cents


@pytest.mark.parametrize(
    ("wires", "extra", "kit"),
    [
        ("UNKNOWN", 0, KitType.STANDARD_TV_KIT),
        ("NONE", 0, KitType.STANDARD_TV_KIT),
        ("BASIC_CONCEAL", 0, KitType.STANDARD_TV_KIT),
        ("CONCEAL_RACEWAY", 2500, KitType.STANDARD_TV_KIT),
        ("FULL_INWALL", 4500, KitType.PREMIUM_TV_KIT),
    ],
)
def test_cables_add_their_kit_once(wires: str, extra: int, kit: KitType) -> None:
    made = plan(TV_65, {**TV_65, "quantity": 2}, wires=wires)
    assert (made.total_cents, made.kit_type) == (3 * 8500 + extra, kit)
    assert [line.quantity for line in made.lines] == [3] + [1] * bool(extra)  # same mounts on one line


def test_mounts_that_the_customer_provides_are_not_ordered() -> None:
    made = plan({**TV_65, "customer_provides": True}, {"mount_type": "tilt", "tv_size_in": 43})
    assert [line.sku for line in made.lines] == ["MOUNT-TILT-43"]
    only_cables = plan({"customer_provides": True}, wires="FULL_INWALL")  # its size is nobody's business
    assert [line.sku for line in only_cables.lines] == ["KIT-INWALL"]
    with pytest.raises(NothingToOrder):
        plan({**TV_65, "customer_provides": True})
    with pytest.raises(NothingToOrder):
        plan()


def test_what_is_missing_is_named_item_by_item() -> None:
    with pytest.raises(PlanIncomplete) as refused:
        plan(TV_65, {"tv_size_in": 50}, {"mount_type": "tilt"}, {}, {"kind": "camera"})
    assert refused.value.facts["missing"] == [
        "items[1].mount_type",
        "items[2].tv_size_in",
        "items[3].mount_type",
        "items[3].tv_size_in",
    ]


def test_cameras_have_their_kit_and_mixed_orders_a_custom_one() -> None:
    assert plan({"kind": "camera"}).kit_type is KitType.STANDARD_CAMERA_KIT
    assert plan({"kind": "camera"}, TV_65).kit_type is KitType.CUSTOM_KIT
    assert plan({"kind": "other", "name": "shelf"}).kit_type is KitType.CUSTOM_KIT
    assert plan({"kind": "camera"}).total_cents == 0


def test_a_plan_says_who_made_it_when_and_for_whom_and_survives_being_stored() -> None:
    made = plan(TV_65)
    assert (made.vendor, made.notes, made.generated_by, made.generated_at) == ("Acme", "soon", "dee", AT)
    stored = Metadata(order_plan=made, items=[Item(name="x")]).stored()
    assert metadata_of(stored).order_plan == made


def test_a_plan_is_outdated_once_items_or_cables_ask_for_something_else() -> None:
    made = plan(TV_65)
    same = Metadata(order_plan=made, items=metadata(TV_65).items)
    assert not is_outdated(same)
    assert not is_outdated(Metadata())
    for now in (metadata({**TV_65, "quantity": 2}), metadata({}), metadata(TV_65, wires="FULL_INWALL")):
        changed = Metadata(
            order_plan=made, items=now.items, wire_management_required=now.wire_management_required
        )
        assert is_outdated(changed)


def test_a_line_adds_up() -> None:
    for wires in WireManagement:
        made = plan(TV_65, {"mount_type": "fixed", "tv_size_in": 32, "quantity": 7}, wires=wires)
        assert all(isinstance(line, PlanLine) for line in made.lines)
        assert all(line.total_cents == line.quantity * line.unit_cents for line in made.lines)
        assert made.total_cents == sum(line.total_cents for line in made.lines)
