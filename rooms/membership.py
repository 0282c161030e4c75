"""The one door into a job's room: who may follow it, and who may see the dot just now.

A rule module: asked on join and again whenever the job or the caller's right changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rooms.principal import Principal, Role

# Customers see the pro only on the way and at work (setting VISIBLE_STATUSES).
VISIBLE_STATUSES = frozenset({"en_route", "arrived", "in_progress"})


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the door needs to know of a job; travels in every status message on the bus.

    `shown_from_ms` is when the pro set out (epoch ms): where the pro was before is not part of this job.
    """

    job_id: UUID
    version: int
    status: str
    customer_id: str
    pro_id: str | None
    shown_from_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """The right to be in a job's room. `sees_dot`: positions too. `crew`: the pro or a dispatcher."""

    sees_dot: bool
    crew: bool


def decide(principal: Principal, job: JobFacts, visible: frozenset[str], now: float) -> Membership | None:
    """The caller's membership at epoch second `now`; None when there is no right to be here."""
    if principal.expires_at is not None and principal.expires_at <= now:
        return None
    if principal.is_link:
        own = principal.job_id == str(job.job_id)
        return Membership(job.status in visible, crew=False) if own else None
    if principal.is_staff:
        return Membership(sees_dot=job.pro_id is not None, crew=True)
    if principal.role is Role.PRO and principal.id == job.pro_id:
        return Membership(sees_dot=True, crew=True)
    if principal.role is Role.CUSTOMER and principal.id == job.customer_id:
        return Membership(job.status in visible, crew=False)
    return None
