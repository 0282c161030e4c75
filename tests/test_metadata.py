"""A job's metadata: one strict shape, and edits that are versioned, recorded and at rest when repeated."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest

from db.active_jobs import ACTIVE as ACTIVE_IN_SQL
from db.errors import Invalid, NotFound
from db.job_events import broken_links, events_since
from db.jobs import job_by_id
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tracker.jobs.facts import Actor, StaleVersion
from tracker.jobs.install import (
    AlreadyOrdered,
    Edit,
    Edited,
    Equipment,
    JobIsOver,
    edit_equipment,
    with_details,
    with_lane,
    with_plan,
    with_stage,
)
from tracker.jobs.lifecycle import ACTIVE
from tracker.jobs.metadata import (
    EquipmentLane,
    Item,
    Metadata,
    MountType,
    OrderStage,
    WallType,
    lane_of,
    metadata_of,
)
from tracker.local_postgres import PostgresServer

DEE = Actor.of(Principal("dee", Role.DISPATCHER))
NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
OURS = Item(mount_type=MountType.TILT, tv_size_in=55)
THEIRS = Item(customer_provides=True)
PLAN = with_plan(by="dee", at=NOW, vendor=None, notes=None)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def equipment(stage: OrderStage = OrderStage.NOT_NEEDED, *items: Item) -> Equipment:
    metadata = Metadata(items=[*items], equipment_lane=lane_of([*items]))
    return Equipment(metadata, stage is not OrderStage.NOT_NEEDED, stage)


def test_metadata_has_the_designs_defaults_and_words_and_nothing_else() -> None:
    empty = metadata_of({})
    assert (empty.wire_management_required, empty.wall_type) == ("UNKNOWN", "UNKNOWN")
    assert empty.stored() == {}
    for wrong in (
        {"surprise": 1},
        {"wall_type": "CHEESE"},
        {"items": [{"size": 5}]},
        {"wall_type": "brick"},
    ):
        with pytest.raises(msgspec.ValidationError):
            metadata_of(wrong)
    full = Metadata(items=[OURS], wall_type=WallType.BRICK, order_id="po-7", estimated_payout_cents=0)
    assert metadata_of(full.stored()) == full


@pytest.mark.parametrize(
    ("items", "lane"),
    [
        ([], "BYO"),
        ([THEIRS], "BYO"),
        ([OURS], "COMPANY_SUPPLIED"),
        ([OURS, THEIRS], "HYBRID"),
        ([Item(kind="camera"), Item(kind="other")], "BYO"),  # type: ignore[arg-type]
    ],
)
def test_the_lane_follows_from_who_brings_the_mounts(items: list[Item], lane: str) -> None:
    assert lane_of(items) == lane


def test_the_lane_decides_whether_something_is_ordered_until_it_is() -> None:
    ours = with_lane(EquipmentLane.COMPANY_SUPPLIED)(equipment())
    assert (ours.order_required, ours.order_stage) == (True, OrderStage.PENDING_REVIEW)
    back = with_lane(EquipmentLane.BYO)(ours)
    assert (back.order_required, back.order_stage) == (False, OrderStage.NOT_NEEDED)
    for stage in (OrderStage.ORDERED, OrderStage.SHIPPED, OrderStage.DELIVERED):
        with pytest.raises(AlreadyOrdered):
            with_lane(EquipmentLane.BYO)(equipment(stage, OURS))
        kept = with_lane(EquipmentLane.HYBRID)(equipment(stage, OURS))
        assert kept.order_stage is stage


def test_other_items_take_the_lane_with_them_unless_a_person_chose_it() -> None:
    followed = with_details({"items": [OURS]})(equipment())
    assert (followed.metadata.equipment_lane, followed.order_required) == ("COMPANY_SUPPLIED", True)
    chosen = with_lane(EquipmentLane.HYBRID)(equipment())
    assert with_details({"items": [OURS]})(chosen).metadata.equipment_lane == "HYBRID"


@pytest.mark.parametrize("before", OrderStage)
@pytest.mark.parametrize("after", OrderStage)
def test_a_stage_goes_ahead_freely_and_back_only_with_a_reason(before: OrderStage, after: OrderStage) -> None:
    job = equipment(before)
    stages = [*OrderStage]
    if stages.index(after) < stages.index(before):
        for none in (None, "", "  "):
            with pytest.raises(Invalid):
                with_stage(after, none)(job)
    moved = with_stage(after, "sent back")(job)
    assert (moved.order_stage, moved.order_required) == (after, after is not OrderStage.NOT_NEEDED)


@pytest.mark.parametrize("before", OrderStage)
def test_a_plan_makes_a_job_ready_to_order_and_takes_nothing_back(before: OrderStage) -> None:
    planned = PLAN(equipment(before, OURS))
    later = [*OrderStage].index(before) > [*OrderStage].index(OrderStage.READY_TO_ORDER)
    assert planned.order_stage is (before if later else OrderStage.READY_TO_ORDER)
    assert planned.metadata.order_plan is not None


# With a database


async def edit(
    database: Database, job_id: UUID, change: Edit | Callable[[Equipment], Equipment], version: int
) -> Edited:
    return await edit_equipment(
        database,
        job_id,
        change,
        kind="edit",
        actor=DEE,
        now=NOW,
        expected_version=version,
        data={"reason": "r"},
    )


def test_of_twenty_edits_of_one_version_one_is_written_and_the_others_learn_the_current_one(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        notes = [with_details({"mounting_surface_notes": f"note {number}"}) for number in range(20)]
        outcomes = await asyncio.gather(
            *(edit(database, job_id, note, 3) for note in notes), return_exceptions=True
        )
        written = [one for one in outcomes if isinstance(one, Edited)]
        stale = [one for one in outcomes if isinstance(one, StaleVersion)]
        assert (len(written), len(stale)) == (1, 19)
        assert {one.facts["current"] for one in stale} == {4}
        again = with_details({"mounting_surface_notes": written[0].equipment.metadata.mounting_surface_notes})
        repeated = await edit(database, job_id, again, 3)
        assert (repeated.version, repeated.changed) == (4, False)
        async with database.connection() as conn:
            job = await job_by_id(conn, job_id)
            events = await events_since(conn, job_id, 3)
            effects = await conn.fetch("SELECT effect FROM outbox WHERE job_id = $1", job_id)
            assert await broken_links(conn) == []
        assert job is not None
        assert job.metadata == written[0].equipment.metadata.stored()
        assert [(event.kind, event.actor_id, event.version) for event in events] == [("edit", "dee", 4)]
        assert events[0].data["before"] == {"mounting_surface_notes": None}
        assert events[0].data["reason"] == "r"
        assert [row["effect"] for row in effects] == ["announce"]

    with_company(database_url, story)


def test_an_order_walks_through_its_stages_and_the_guard_reads_the_same_facts(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "arrived")
        version = (await edit(database, job_id, with_details({"items": [OURS]}), 5)).version
        version = (await edit(database, job_id, PLAN, version)).version
        for stage in (OrderStage.ORDERED, OrderStage.SHIPPED):
            version = (await edit(database, job_id, with_stage(stage, None), version)).version
        async with database.connection() as conn:
            job = await job_by_id(conn, job_id)
        assert job is not None
        assert (job.order_required, job.order_stage) == (True, "SHIPPED")
        assert job.metadata["order_plan"]["lines"][0]["sku"] == "MOUNT-TILT-55"
        with pytest.raises(AlreadyOrdered):
            await edit(database, job_id, with_lane(EquipmentLane.BYO), version)
        with pytest.raises(NotFound):
            await edit(database, uuid4(), PLAN, 1)

    with_company(database_url, story)


def test_a_job_that_is_over_is_not_rewritten(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "cancelled")
        with pytest.raises(JobIsOver):
            await edit(database, job_id, with_details({"wall_type": WallType.BRICK}), 2)

    with_company(database_url, story)


def test_queries_and_indexes_mean_the_lifecycles_active_statuses(database_url: str) -> None:
    assert set(re.findall(r"'(\w+)'", ACTIVE_IN_SQL)) == {*ACTIVE}

    async def story(database: Database) -> None:
        async with database.connection() as conn:
            for index in ("jobs_of_active_pro", "jobs_by_window"):
                sql = "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = $1::regclass"
                predicate = await conn.fetchval(sql, index)
                assert set(re.findall(r"'(\w+)'", predicate)) == {*ACTIVE}

    with_company(database_url, story)
