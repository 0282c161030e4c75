"""Pain flags: the rules that see trouble coming, what they remember of people, and what they stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import NotFound
from db.job_events import events_since
from db.pain_flags import PainFlag, flags_of_job
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tracker.jobs.facts import Actor, StaleVersion
from tracker.jobs.flagging import Flagged, FlagOpen, FlagResolved, add_by_person, resolve_by_person
from tracker.jobs.install import Edited, edit_equipment, with_details
from tracker.jobs.lifecycle import GuardRefused, Status
from tracker.jobs.metadata import OrderPlan, WallType, WireManagement, metadata_of
from tracker.jobs.pain_flags import SEVERITY, FlagFacts, FlagType, Severity, change, evaluate
from tracker.jobs.transition import Step, move_job
from tracker.local_postgres import PostgresServer

F = FlagType
DEE = Principal("dee", Role.DISPATCHER)
PAT = Principal("pat", Role.PRO)
PLAN = {
    "kit_type": "CUSTOM_KIT",
    "lines": [],
    "total_cents": 0,
    "generated_by": "dee",
    "generated_at": "2026-11-21T08:30:00Z",
}
KNOWN = {"wire_management_required": "NONE", "wall_type": "BRICK"}


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def flags_for(
    stored: dict[str, object], *, skill: str = "junk_removal", notes: str | None = None, order: bool = False
) -> set[FlagType]:
    return evaluate(FlagFacts(skill, notes, order, metadata_of(stored)))


@pytest.mark.parametrize(
    ("stored", "job", "expected"),
    [
        ({}, {}, set()),
        ({}, {"skill": "tv_mounting"}, {F.WIRE_MANAGEMENT_UNKNOWN, F.WALL_TYPE_UNKNOWN}),
        ({"items": [{}]}, {}, {F.WIRE_MANAGEMENT_UNKNOWN, F.WALL_TYPE_UNKNOWN}),
        ({"items": [{"kind": "camera"}]}, {}, {F.WIRE_MANAGEMENT_UNKNOWN, F.WALL_TYPE_UNKNOWN}),
        ({"items": [{"kind": "other"}]}, {"skill": "tv_mounting"}, set()),
        (KNOWN, {"skill": "tv_mounting"}, set()),
        ({**KNOWN, "wall_type": "UNKNOWN"}, {"skill": "tv_mounting"}, {F.WALL_TYPE_UNKNOWN}),
        (KNOWN, {"order": True}, {F.ORDERING_AMBIGUOUS}),
        ({**KNOWN, "order_plan": PLAN}, {"order": True}, set()),
        ({"special_constraints": ["GATED_ACCESS"]}, {}, {F.ACCESS_DETAILS_MISSING}),
        ({"special_constraints": ["GATED_ACCESS"]}, {"notes": "  "}, {F.ACCESS_DETAILS_MISSING}),
        ({"special_constraints": ["GATED_ACCESS"]}, {"notes": "code 4711"}, set()),
        ({**KNOWN, "items": [{"tv_size_in": 74}]}, {}, set()),
        ({**KNOWN, "items": [{"tv_size_in": 75}]}, {}, {F.TEAM_REQUIRED_UNCONFIRMED}),
        ({**KNOWN, "special_constraints": ["NO_DRILLING"]}, {}, set()),
        ({**KNOWN, "special_constraints": ["NO_DRILLING"], "items": [{}]}, {}, {F.SCOPE_MISMATCH}),
        (
            {"special_constraints": ["NO_DRILLING"], "wire_management_required": "FULL_INWALL"},
            {},
            {F.SCOPE_MISMATCH},
        ),
    ],
)
def test_each_rule_holds_for_its_fact_and_for_nothing_else(
    stored: dict[str, object], job: dict[str, object], expected: set[FlagType]
) -> None:
    assert flags_for(stored, **job) == expected  # type: ignore[arg-type]


def test_every_flag_has_a_severity_and_the_designs_are_kept() -> None:
    assert set(SEVERITY) == set(FlagType)
    assert SEVERITY[F.WIRE_MANAGEMENT_UNKNOWN] is SEVERITY[F.ORDERING_AMBIGUOUS] is Severity.HIGH
    assert SEVERITY[F.WALL_TYPE_UNKNOWN] is Severity.MEDIUM


TYPES = st.sets(st.sampled_from(FlagType))


@given(holds=TYPES, by_rule=TYPES, by_people=TYPES, settled=TYPES, judged=TYPES)
def test_a_reevaluation_adds_and_takes_back_by_rule_alone_and_is_then_at_rest(
    holds: set[FlagType],
    by_rule: set[FlagType],
    by_people: set[FlagType],
    settled: set[FlagType],
    judged: set[FlagType],
) -> None:
    open_by_rule = by_rule - by_people
    open_flags = open_by_rule | by_people
    done = change(
        holds,
        open_flags=open_flags,
        open_by_rule=open_by_rule,
        resolved_by_people=settled,
        judged=judged,
    )
    assert not set(done.added) & (open_flags | settled)
    assert set(done.added) | set(done.resolved) <= judged
    assert set(done.resolved) <= open_by_rule
    after = (open_by_rule | set(done.added)) - set(done.resolved)
    again = change(
        holds,
        open_flags=after | by_people,
        open_by_rule=after,
        resolved_by_people=settled,
        judged=judged,
    )
    assert (again.added, again.resolved) == ((), ())
    assert (holds & judged) - settled <= after | by_people


# With a database


def now() -> datetime:
    return datetime.now(UTC)


async def flags(database: Database, job_id: UUID) -> dict[str, PainFlag]:
    async with database.connection() as conn:
        return {flag.type: flag for flag in await flags_of_job(conn, job_id) if flag.is_open}


async def edit(database: Database, job_id: UUID, version: int, **changes: object) -> Edited:
    return await edit_equipment(
        database,
        job_id,
        with_details(changes),
        kind="install_details",
        actor=Actor.of(DEE),
        now=now(),
        expected_version=version,
    )


async def add(
    database: Database, job_id: UUID, version: int, *, severity: Severity = Severity.CRITICAL
) -> Flagged:
    return await add_by_person(
        database,
        job_id,
        F.CUSTOMER_EXPECTATION_RISK,
        severity,
        "wants it invisible",
        actor=Actor.of(DEE),
        now=now(),
        expected_version=version,
    )


async def resolve(database: Database, job_id: UUID, flag_id: int, notes: str = "talked to them") -> Flagged:
    return await resolve_by_person(database, job_id, flag_id, notes, actor=Actor.of(DEE), now=now())


def test_flags_come_and_go_with_the_facts_and_what_a_person_settled_never_returns(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        first = await edit(database, job_id, 3, mounting_surface_notes="above the fireplace")
        assert set(await flags(database, job_id)) == {"WIRE_MANAGEMENT_UNKNOWN", "WALL_TYPE_UNKNOWN"}
        second = await edit(database, job_id, first.version, wall_type=WallType.BRICK)
        assert set(await flags(database, job_id)) == {"WIRE_MANAGEMENT_UNKNOWN"}
        third = await edit(database, job_id, second.version, wall_type=WallType.UNKNOWN)
        assert "WALL_TYPE_UNKNOWN" in await flags(database, job_id)  # a rule took it back: it may return
        wires = (await flags(database, job_id))["WIRE_MANAGEMENT_UNKNOWN"]
        version = (await resolve(database, job_id, wires.id)).version
        for known in (WireManagement.NONE, WireManagement.UNKNOWN):
            edited = await edit(
                database, job_id, version, wire_management_required=known, wall_type=WallType.TILE
            )
            version = edited.version
        assert set(await flags(database, job_id)) == set()
        async with database.connection() as conn:
            kept = next(flag for flag in await flags_of_job(conn, job_id) if flag.id == wires.id)
            events = await events_since(conn, job_id, 3)
        assert (kept.resolved_by, kept.resolution_notes) == ("dee", "talked to them")
        assert events[0].data["flags_added"] == ["WIRE_MANAGEMENT_UNKNOWN", "WALL_TYPE_UNKNOWN"]
        assert events[1].data["flags_resolved"] == ["WALL_TYPE_UNKNOWN"]
        assert events[1].data["before"] == {"wall_type": "UNKNOWN"}
        assert events[1].data["after"] == {"wall_type": "BRICK"}
        assert third.version == events[2].version
        assert (events[3].kind, events[3].actor_id) == ("pain_flag_resolved", "dee")

    with_company(database_url, story)


def test_people_add_and_resolve_once_and_a_rules_flag_may_become_theirs(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        added = await asyncio.gather(*(add(database, job_id, 3) for _ in range(10)))
        assert sorted(one.changed for one in added) == [False] * 9 + [True]
        assert {one.flag.id for one in added} == {added[0].flag.id}
        with pytest.raises(FlagOpen):
            await add(database, job_id, 4, severity=Severity.LOW)
        with pytest.raises(StaleVersion):
            await add_by_person(
                database,
                job_id,
                F.SCOPE_MISMATCH,
                Severity.LOW,
                None,
                actor=Actor.of(DEE),
                now=now(),
                expected_version=3,
            )
        flag_id = added[0].flag.id
        with pytest.raises(NotFound):
            await resolve(database, await add_job(database, "open"), flag_id)
        with pytest.raises(NotFound):
            await resolve(database, uuid4(), flag_id)
        resolved = await asyncio.gather(*(resolve(database, job_id, flag_id) for _ in range(10)))
        assert sorted(one.changed for one in resolved) == [False] * 9 + [True]
        with pytest.raises(FlagResolved):
            await resolve(database, job_id, flag_id, "something else")

        edited = await edit(database, job_id, 5, mounting_surface_notes="x")
        mine = await add_by_person(
            database,
            job_id,
            F.WALL_TYPE_UNKNOWN,
            Severity.CRITICAL,
            "asbestos?",
            actor=Actor.of(DEE),
            now=now(),
            expected_version=edited.version,
        )
        await edit(database, job_id, mine.version, wall_type=WallType.BRICK)
        open_now = await flags(database, job_id)
        assert open_now["WALL_TYPE_UNKNOWN"].severity == "CRITICAL"  # the rule no longer takes it back

    with_company(database_url, story)


def test_a_critical_flag_stops_completion_until_resolved_or_overridden_in_writing(database_url: str) -> None:
    async def complete(database: Database, who: Principal, job_id: UUID, reason: str | None = None) -> int:
        step = Step(Status.COMPLETED, override_reason=reason)
        moved = await move_job(database, who, job_id, step, now=now(), link_grace=timedelta(0))
        return moved.version

    async def story(database: Database) -> None:
        job_id = await add_job(database, "in_progress")
        flag = (await add(database, job_id, 6)).flag
        for who, reason in ((PAT, None), (PAT, "it is fine"), (DEE, None)):
            with pytest.raises(GuardRefused) as refused:
                await complete(database, who, job_id, reason)
            assert refused.value.facts["unmet"] == ["critical pain flags are open: CUSTOMER_EXPECTATION_RISK"]
        await resolve(database, job_id, flag.id)
        await complete(database, PAT, job_id)

        other = await add_job(database, "in_progress")
        await add(database, other, 6)
        version = await complete(database, DEE, other, "the customer signed")
        async with database.connection() as conn:
            (event,) = await events_since(conn, other, version - 1)
        assert (event.actor_id, event.data["override_reason"]) == ("dee", "the customer signed")

    with_company(database_url, story)


def test_a_critical_flag_added_while_the_pro_completes_is_seen_or_comes_too_late(database_url: str) -> None:
    async def story(database: Database) -> None:
        for _ in range(10):
            job_id = await add_job(database, "in_progress")
            step = Step(Status.COMPLETED)
            flagged, moved = await asyncio.gather(
                add(database, job_id, 6),
                move_job(database, PAT, job_id, step, now=now(), link_grace=timedelta(0)),
                return_exceptions=True,
            )
            # whoever held the job first: the other saw what it had written
            first = isinstance(flagged, Flagged)
            assert isinstance(moved, GuardRefused) == first
            assert isinstance(flagged, StaleVersion) != first

    with_company(database_url, story)


def test_the_plan_of_the_tests_is_a_plan() -> None:
    assert isinstance(metadata_of({"order_plan": PLAN}).order_plan, OrderPlan)
