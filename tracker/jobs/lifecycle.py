"""The lifecycle of a job: one table says where a job may go; `consequences.py` says what going there causes.

A rule module: values in, values out. `transition.py` applies it inside a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from db.errors import Conflict, Forbidden, Invalid
from rooms.principal import Principal, Role


class Status(StrEnum):
    """Where a job is in its life."""

    PENDING = "pending"  # ordered, nothing decided yet
    PENDING_SCHEDULING = "pending_scheduling"  # waits for an appointment
    OPEN = "open"  # offered in feeds, waits for a claim
    ACCEPTED = "accepted"  # a pro has it
    SCHEDULED = "scheduled"  # has an appointment window
    EN_ROUTE = "en_route"  # the pro is on the way; the customer sees the dot
    ARRIVED = "arrived"  # the pro is at the door
    IN_PROGRESS = "in_progress"  # the work is being done
    COMPLETED = "completed"  # the work is done; money moves
    PAID = "paid"  # the pro has the money
    CANCELLED = "cancelled"  # nothing more happens


class Party(StrEnum):
    """Who may take a step, seen from the job."""

    OWN_PRO = "own_pro"  # the pro this job belongs to
    OWN_CUSTOMER = "own_customer"  # the customer who ordered it
    STAFF = "staff"  # dispatchers and admins
    MONEY = "money"  # the payout side, never a person


class Guard(StrEnum):
    """A condition that a step needs beside its row in the table."""

    NO_WINDOW = "no_window"  # an appointment without a time
    NOT_DELIVERED = "not_delivered"  # work whose ordered equipment is not there
    CRITICAL_FLAGS = "critical_flags"  # completing what may go badly wrong
    NO_PRO = "no_pro"  # work that nobody has


ACTIVE = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.EN_ROUTE, Status.ARRIVED, Status.IN_PROGRESS})
TERMINAL = frozenset({Status.PAID, Status.CANCELLED})
LINK_ENDS = frozenset({Status.COMPLETED, Status.PAID, Status.CANCELLED})
SYNONYMS: Mapping[str, Status] = MappingProxyType({"assigned": Status.ACCEPTED})


class TransitionRefused(Conflict):
    """This job cannot take that step now."""

    code = "transition_refused"


class GuardRefused(Conflict):
    """A condition for this step is not met."""

    code = "guard_refused"


@dataclass(frozen=True, slots=True)
class Step:
    """One way out of a status, and who may take it."""

    to: Status
    by: frozenset[Party]


_PRO_OR_STAFF = frozenset({Party.OWN_PRO, Party.STAFF})
_STAFF = frozenset({Party.STAFF})
_CANCEL_EARLY = Step(Status.CANCELLED, frozenset({Party.STAFF, Party.OWN_CUSTOMER}))
_CANCEL_LATE = Step(Status.CANCELLED, _STAFF)

# The truth. `accepted` from pending or open by status is a dispatcher's assignment and carries a pro;
# a pro's own way to it is the claim.
LIFECYCLE: Mapping[Status, tuple[Step, ...]] = MappingProxyType(
    {
        Status.PENDING: (
            Step(Status.PENDING_SCHEDULING, _STAFF),
            Step(Status.OPEN, _STAFF),
            Step(Status.ACCEPTED, _STAFF),
            _CANCEL_EARLY,
        ),
        Status.PENDING_SCHEDULING: (
            Step(Status.OPEN, _STAFF),
            Step(Status.ACCEPTED, _STAFF),
            Step(Status.SCHEDULED, _STAFF),
            _CANCEL_EARLY,
        ),
        Status.OPEN: (Step(Status.ACCEPTED, _STAFF), _CANCEL_EARLY),
        Status.ACCEPTED: (
            Step(Status.SCHEDULED, _PRO_OR_STAFF),
            Step(Status.EN_ROUTE, _PRO_OR_STAFF),
            Step(Status.IN_PROGRESS, _PRO_OR_STAFF),
            Step(Status.OPEN, _PRO_OR_STAFF),
            _CANCEL_EARLY,
        ),
        Status.SCHEDULED: (
            Step(Status.EN_ROUTE, _PRO_OR_STAFF),
            Step(Status.IN_PROGRESS, _PRO_OR_STAFF),
            Step(Status.OPEN, _PRO_OR_STAFF),
            _CANCEL_EARLY,
        ),
        Status.EN_ROUTE: (
            Step(Status.ARRIVED, _PRO_OR_STAFF),
            Step(Status.ACCEPTED, _PRO_OR_STAFF),
            _CANCEL_LATE,
        ),
        Status.ARRIVED: (Step(Status.IN_PROGRESS, _PRO_OR_STAFF), _CANCEL_LATE),
        Status.IN_PROGRESS: (Step(Status.COMPLETED, _PRO_OR_STAFF), _CANCEL_LATE),
        Status.COMPLETED: (Step(Status.PAID, frozenset({Party.MONEY})),),
        Status.PAID: (),
        Status.CANCELLED: (),
    }
)

# The column that remembers when a status was entered.
ENTERED_AT: Mapping[Status, str] = MappingProxyType(
    {
        Status.OPEN: "opened_at",
        Status.ACCEPTED: "accepted_at",
        Status.EN_ROUTE: "en_route_at",
        Status.ARRIVED: "arrived_at",
        Status.IN_PROGRESS: "started_at",
        Status.COMPLETED: "finished_at",
        Status.PAID: "paid_at",
        Status.CANCELLED: "cancelled_at",
    }
)

# Going back means that the way there never counted: these columns are emptied.
FORGETS: Mapping[Status, tuple[str, ...]] = MappingProxyType(
    {
        Status.OPEN: ("accepted_at", "en_route_at", "promised_arrival_at"),
        Status.ACCEPTED: ("en_route_at", "promised_arrival_at"),
        Status.SCHEDULED: ("en_route_at", "promised_arrival_at"),
    }
)


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the rules need to know of a job."""

    status: Status
    customer_id: str
    pro_id: str | None
    order_required: bool = False
    order_stage: str = "NOT_NEEDED"
    has_window: bool = False  # an appointment window is agreed on
    critical_flags: tuple[str, ...] = ()  # open ones; asked for where a step to `completed` is judged


def parse_status(word: str) -> Status:
    """The status a client named; `assigned` is a synonym of `accepted`. Raises Invalid."""
    try:
        return SYNONYMS.get(word) or Status(word)
    except ValueError:
        raise Invalid(f"'{word[:40]}' is not a status", field="status", allowed=[*Status]) from None


def party_of(principal: Principal, job: JobFacts) -> Party | None:
    """What the caller is to this job; None for a stranger. A tracking link is never a party."""
    if principal.is_link:
        return None
    if principal.is_staff:
        return Party.STAFF
    if principal.role is Role.PRO and principal.id == job.pro_id:
        return Party.OWN_PRO
    if principal.role is Role.CUSTOMER and principal.id == job.customer_id:
        return Party.OWN_CUSTOMER
    return None


def allowed_next(job: JobFacts, party: Party | None) -> list[Status]:
    """The statuses this party may move the job to, in the table's order, guards not asked."""
    return [step.to for step in LIFECYCLE[job.status] if party in step.by]


def unmet_guards(job: JobFacts, to: Status, *, pro_id: str | None) -> dict[Guard, str]:
    """Every guard that stands in the way, with its sentence; `pro_id` is the pro after the step."""
    unmet = {}
    if to is Status.SCHEDULED and not job.has_window:
        unmet[Guard.NO_WINDOW] = (
            "no appointment is agreed on: name its window with POST /api/jobs/{id}/schedule"
        )
    if to is Status.IN_PROGRESS and job.order_required and job.order_stage != "DELIVERED":
        unmet[Guard.NOT_DELIVERED] = "the ordered equipment has not been delivered"
    if to is Status.COMPLETED and job.critical_flags:
        unmet[Guard.CRITICAL_FLAGS] = f"critical pain flags are open: {', '.join(job.critical_flags)}"
    if to in (Status.EN_ROUTE, Status.IN_PROGRESS, Status.ACCEPTED) and pro_id is None:
        unmet[Guard.NO_PRO] = "no pro is assigned"
    return unmet


def waivable(party: Party | None, to: Status, *, pro_id: str | None) -> bool:
    """Whether a written reason of this party overrides the guards of a step.

    Only a dispatcher's does. Work without a pro may not be, nor an appointment without a time.
    """
    return party is Party.STAFF and pro_id is not None and to is not Status.SCHEDULED


def next_steps(job: JobFacts, party: Party | None) -> list[tuple[Status, dict[Guard, str]]]:
    """The statuses this party may move the job to, each with the guards that stand in the way now."""
    return [(to, unmet_guards(job, to, pro_id=job.pro_id)) for to in allowed_next(job, party)]


def check_step(
    job: JobFacts, to: Status, principal: Principal, *, pro_id: str | None, override_reason: str | None
) -> None:
    """Refuse a step that the table, the caller's role or a guard does not allow.

    Raises Forbidden (not your job), TransitionRefused (not in the table, or not for you) or GuardRefused.
    A dispatcher's written reason overrides the guards that are `waivable`.
    """
    party = party_of(principal, job)
    if party is None:
        raise Forbidden("This is not your job.")
    allowed = allowed_next(job, party)
    if to not in allowed:
        raise TransitionRefused(
            f"A job that is {job.status.value} cannot become {to.value}"
            + (" by you." if any(step.to is to for step in LIFECYCLE[job.status]) else "."),
            current=job.status.value,
            allowed=[status.value for status in allowed],
        )
    unmet = unmet_guards(job, to, pro_id=pro_id)
    waived = override_reason is not None and waivable(party, to, pro_id=pro_id)
    if unmet and not waived:
        raise GuardRefused(
            f"This job cannot become {to.value}: {'; '.join(unmet.values())}.",
            current=job.status.value,
            allowed=[status.value for status in allowed if status is not to],
            unmet=[*unmet.values()],
            guards=[*unmet],
        )
