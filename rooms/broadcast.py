"""Telling: to the sockets of this node at once, and to the other nodes through the bus.

`hearing.py` delivers every message said here, on this node and on the others, so two nodes behave as one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from rooms.bus import Bus
from rooms.events import Told
from rooms.job_rooms import StatusNews
from rooms.names import BOARD, job_room, person_room


class Broadcaster:
    """What the tracker calls to be heard. Nothing here waits, and nothing here raises for a slow peer.

    `hear(channel, message)` delivers on this node; a worker, which has no sockets, passes `nobody`.
    """

    def __init__(self, bus: Bus, hear: Callable[[str, dict[str, Any]], None]) -> None:
        self._bus = bus
        self._hear = hear

    def status(self, news: StatusNews) -> None:
        """A job took a step, or something else about it changed."""
        facts = news.facts
        self._say(
            job_room(facts.job_id),
            {
                "k": "status",
                "job_id": str(facts.job_id),
                "version": facts.version,
                "now": facts.status,
                "customer_id": facts.customer_id,
                "pro_id": facts.pro_id,
                "shown_from_ms": facts.shown_from_ms,
                "status": news.status,
                "previous": news.previous,
                "occurred_at": news.occurred_at,
            },
        )
        self._say(BOARD, {"k": "board", "job_id": str(facts.job_id), "version": facts.version})

    def card_changed(self, job_id: UUID) -> None:
        """What the board shows of a job changed without an event of the job."""
        self._say(BOARD, {"k": "board", "job_id": str(job_id), "version": None})

    def position(self, job_id: UUID, payload: dict[str, Any]) -> None:
        """The dot of a job moved; `payload` is a `location_update` without its version."""
        self._say(job_room(job_id), {"k": "dot", "job_id": str(job_id), "p": payload})

    def about_job(self, job_id: UUID, event: Told, payload: dict[str, Any]) -> None:
        """Contact or trail changed."""
        self._say(job_room(job_id), {"k": "about", "job_id": str(job_id), "event": event.value, "p": payload})

    def to_person(self, person_id: str, event: Told, payload: dict[str, Any]) -> None:
        """Something for all sockets of one person."""
        self._say(
            person_room(person_id), {"k": "person", "id": person_id, "event": event.value, "p": payload}
        )

    def jobs_changed(self, pro_id: str) -> None:
        """A pro got or lost a job: the nodes with the pro's sockets look again."""
        self._say(person_room(pro_id), {"k": "jobs", "id": pro_id})

    def barred(self, person_id: str) -> None:
        """A person was suspended or signed out: every node looks again and cuts what is gone."""
        self._say(person_room(person_id), {"k": "barred", "id": person_id})

    def links_changed(self, job_id: UUID, dead: list[str]) -> None:
        """Tracking links of a job died (their principal ids): their streams end."""
        self._say(job_room(job_id), {"k": "links", "job_id": str(job_id), "dead": dead})

    def offer_posted(self, cell: str, offer: dict[str, Any]) -> None:
        """A job was offered in a feed cell."""
        self._say(cell, {"k": "posted", "cell": cell, "offer": offer})

    def offer_taken(self, cell: str, job_id: UUID) -> None:
        """An offer is gone."""
        self._say(cell, {"k": "taken", "cell": cell, "job_id": str(job_id)})

    def _say(self, channel: str, message: dict[str, Any]) -> None:
        self._hear(channel, message)
        self._bus.publish(channel, message)


def nobody(_channel: str, _message: dict[str, Any]) -> None:
    """There are no sockets in this process."""
