"""Pain flags: what may go wrong with a job, and the rules that see it coming. Pure; see `flagging.py`.

A rule adds its flag while its fact holds and takes it back when it no longer does. What a person resolved
stays resolved: that type is never added to that job by a rule again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tracker.jobs.metadata import Constraint, ItemKind, Metadata, WallType, WireManagement

TEAM_FROM_IN = 75  # a screen of this size weighs 30 kg and more: two people lift it
WALL_SKILLS = frozenset(
    {"tv_mounting", "camera_installation"}
)  # work on a wall, also when no items were listed


class FlagType(StrEnum):
    """What may go wrong."""

    WIRE_MANAGEMENT_UNKNOWN = "WIRE_MANAGEMENT_UNKNOWN"  # nobody asked how the cables are hidden
    WALL_TYPE_UNKNOWN = "WALL_TYPE_UNKNOWN"  # the pro may bring the wrong anchors
    ORDERING_AMBIGUOUS = "ORDERING_AMBIGUOUS"  # something has to be ordered and nobody has said what
    SCHEDULE_CONFLICT = "SCHEDULE_CONFLICT"  # the pro has another job in the same window (`overlaps.py`)
    ACCESS_DETAILS_MISSING = "ACCESS_DETAILS_MISSING"  # a gate, and no word on how to get in
    TEAM_REQUIRED_UNCONFIRMED = (
        "TEAM_REQUIRED_UNCONFIRMED"  # too heavy for one; resolved by who confirms a second
    )
    SCOPE_MISMATCH = "SCOPE_MISMATCH"  # what was ordered cannot be done in this home
    CUSTOMER_EXPECTATION_RISK = "CUSTOMER_EXPECTATION_RISK"  # added by people only


class Severity(StrEnum):
    """How bad it would be."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"  # while one is open the job cannot be completed


# The severity that a rule gives; people choose their own.
SEVERITY: Mapping[FlagType, Severity] = MappingProxyType(
    {
        FlagType.WIRE_MANAGEMENT_UNKNOWN: Severity.HIGH,
        FlagType.WALL_TYPE_UNKNOWN: Severity.MEDIUM,
        FlagType.ORDERING_AMBIGUOUS: Severity.HIGH,
        FlagType.SCHEDULE_CONFLICT: Severity.HIGH,
        FlagType.ACCESS_DETAILS_MISSING: Severity.MEDIUM,
        FlagType.TEAM_REQUIRED_UNCONFIRMED: Severity.HIGH,
        FlagType.SCOPE_MISMATCH: Severity.HIGH,
        FlagType.CUSTOMER_EXPECTATION_RISK: Severity.MEDIUM,
    }
)
# What `evaluate` judges from the job alone. A conflict needs the pro's other jobs, expectations a person.
BY_JOB = frozenset(FlagType) - {FlagType.SCHEDULE_CONFLICT, FlagType.CUSTOMER_EXPECTATION_RISK}


@dataclass(frozen=True, slots=True)
class FlagFacts:
    """What the rules look at."""

    skill: str
    notes: str | None
    order_required: bool
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Change:
    """What a re-evaluation does."""

    added: tuple[FlagType, ...] = ()
    resolved: tuple[FlagType, ...] = ()

    def as_data(self) -> dict[str, list[str]]:
        """For the job event: nothing when nothing changed."""
        both = {"flags_added": self.added, "flags_resolved": self.resolved}
        return {name: [one.value for one in types] for name, types in both.items() if types}


NO_CHANGE = Change()


def evaluate(job: FlagFacts) -> set[FlagType]:
    """The types in `BY_JOB` whose fact holds."""
    metadata, items = job.metadata, job.metadata.items
    constraints = set(metadata.special_constraints)
    on_a_wall = any(item.kind is not ItemKind.OTHER for item in items) or (
        not items and job.skill in WALL_SKILLS
    )
    wall_is_opened = metadata.wire_management_required is WireManagement.FULL_INWALL
    holds = {
        FlagType.WIRE_MANAGEMENT_UNKNOWN: on_a_wall
        and metadata.wire_management_required is WireManagement.UNKNOWN,
        FlagType.WALL_TYPE_UNKNOWN: on_a_wall and metadata.wall_type is WallType.UNKNOWN,
        FlagType.ORDERING_AMBIGUOUS: job.order_required and metadata.order_plan is None,
        FlagType.ACCESS_DETAILS_MISSING: Constraint.GATED_ACCESS in constraints
        and not (job.notes or "").strip(),
        FlagType.TEAM_REQUIRED_UNCONFIRMED: any((item.tv_size_in or 0) >= TEAM_FROM_IN for item in items),
        FlagType.SCOPE_MISMATCH: Constraint.NO_DRILLING in constraints and (on_a_wall or wall_is_opened),
    }
    return {one for one, is_so in holds.items() if is_so}


def change(
    holds: Collection[FlagType],
    *,
    open_flags: Collection[FlagType],
    open_by_rule: Collection[FlagType],
    resolved_by_people: Collection[FlagType],
    judged: Collection[FlagType] = BY_JOB,
) -> Change:
    """What to add and what to take back among the `judged` types, so that the flags say what holds.

    A flag that a person added is theirs to resolve; one that a person resolved does not come back.
    """
    return Change(
        added=tuple(
            one
            for one in FlagType
            if one in judged and one in holds and one not in open_flags and one not in resolved_by_people
        ),
        resolved=tuple(one for one in FlagType if one in judged and one in open_by_rule and one not in holds),
    )
