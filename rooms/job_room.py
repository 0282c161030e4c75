"""One job's room on this node: its members, what it last told them, and who watches elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from rooms.membership import JobFacts, Membership
from rooms.principal import Principal, Role


@dataclass(slots=True)
class Member:
    """One socket in the room.

    `decided_at` is the job version its rights were last judged by. `follows` is False for a pro who is
    in the room to hear of the job but did not ask for the map.
    """

    principal: Principal
    membership: Membership
    decided_at: int
    follows: bool

    @property
    def watches(self) -> bool:
        """Whether somebody other than the pro looks at the map here."""
        return self.follows and self.principal.role is not Role.PRO


@dataclass(slots=True)
class JobRoom:
    """State kept only while this node has a member.

    `facts.version` is the newest version delivered here, `seq` the newest dot (epoch ms of its fix) and
    `dot` its whole payload, `elsewhere` the watchers on other nodes as
    {node: (count, believed until, in monotonic seconds)}.
    """

    job_id: UUID
    facts: JobFacts
    seq: int = 0
    dot: dict[str, Any] | None = None
    members: dict[str, Member] = field(default_factory=dict)
    elsewhere: dict[str, tuple[int, float]] = field(default_factory=dict)
    told_watchers: int = -1

    @property
    def watchers_here(self) -> int:
        """How many sockets of this node watch the map."""
        return sum(1 for member in self.members.values() if member.watches)

    def is_watched(self, now: float) -> bool:
        """Whether `watchers` would be more than none, without counting: every heartbeat asks."""
        return any(member.watches for member in self.members.values()) or any(
            count > 0 and believed_until > now for count, believed_until in self.elsewhere.values()
        )

    def watchers(self, now: float) -> int:
        """How many watch on all nodes, at monotonic second `now`."""
        self.elsewhere = {node: seen for node, seen in self.elsewhere.items() if seen[1] > now}
        return self.watchers_here + sum(count for count, _ in self.elsewhere.values())
