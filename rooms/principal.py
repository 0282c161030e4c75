"""Who is calling: the outcome of authentication, carried by every socket and request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LINK_PREFIX = "link:"  # of the id of a caller by tracking link; no person may be called so


class Role(StrEnum):
    """What a principal is to the company."""

    CUSTOMER = "customer"  # has jobs done at home
    PRO = "pro"  # does jobs, streams heartbeats
    DISPATCHER = "dispatcher"  # watches and steers every job
    ADMIN = "admin"  # a dispatcher who may also administer


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    `id` is the JWT's `sub` (or `link:<link id>` for a tracking link), `expires_at` the epoch second
    after which the right is gone (None: never), `job_id` the only job a tracking link opens. `shared`: the
    link was passed on by the customer, and shows the live visit and nothing else.
    `issued_at` (epoch seconds) lets a log-out refuse tokens made before it.
    """

    id: str
    role: Role
    expires_at: float | None = None
    job_id: str | None = None
    issued_at: float | None = None
    shared: bool = False

    @property
    def is_staff(self) -> bool:
        """Dispatchers and admins may see and steer every job."""
        return self.role in (Role.DISPATCHER, Role.ADMIN)

    @property
    def is_link(self) -> bool:
        """A tracking link: the customer's view of one job without an account."""
        return self.job_id is not None

    @property
    def link_id(self) -> int:
        """The number of the caller's tracking link; ask `is_link` first."""
        return int(self.id.removeprefix(LINK_PREFIX))
