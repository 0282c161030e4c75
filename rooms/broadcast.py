"""Telling: to the sockets of this node at once, and to the other nodes through the bus.

Every message on the bus is one of the kinds in `hear`. The same function delivers here and there, so two
nodes behave as one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from rooms.bus import Bus
from rooms.engine import Engine
from rooms.events import DROPPABLE, Told
from rooms.feed_watch import FeedWatches
from rooms.fleet import Fleet
from rooms.job_rooms import JobRooms, StatusNews
from rooms.membership import JobFacts
from rooms.names import job_room, person_room


class Broadcaster:
    """What the tracker calls to be heard. Nothing here waits, and nothing here raises for a slow peer.

    `on_jobs_changed(pro_id)` runs on every node that has a socket of this pro (and on this one).
    """

    def __init__(self, engine: Engine, bus: Bus, jobs: JobRooms, fleet: Fleet, feeds: FeedWatches) -> None:
        self._engine = engine
        self._bus = bus
        self._jobs = jobs
        self._fleet = fleet
        self._feeds = feeds
        self.on_jobs_changed: Callable[[str], None] = lambda pro_id: None
        self.on_barred: Callable[[str], None] = lambda person_id: None

    def status(self, news: StatusNews) -> None:
        """A job took a step."""
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
                "status": news.status,
                "previous": news.previous,
                "occurred_at": news.occurred_at,
            },
        )

    def position(self, job_id: UUID, payload: dict[str, Any]) -> None:
        """The dot of a job moved; `payload` is a `location_update` without its version."""
        self._say(job_room(job_id), {"k": "dot", "job_id": str(job_id), "p": payload})

    def about_job(self, job_id: UUID, event: Told, payload: dict[str, Any]) -> None:
        """Contact or trail changed."""
        self._say(
            job_room(job_id), {"k": "about", "job_id": str(job_id), "event": event.value, "p": payload}
        )

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
        self.hear(channel, message)
        self._bus.publish(channel, message)

    def hear(self, channel: str, message: dict[str, Any]) -> None:
        """Deliver one message to this node's sockets, wherever it was said."""
        match message["k"]:
            case "dot":
                self._jobs.tell_position(UUID(message["job_id"]), message["p"])
            case "status":
                self._jobs.tell_status(_news(message))
            case "about":
                self._jobs.tell(UUID(message["job_id"]), Told(message["event"]), message["p"])
            case "watchers":
                self._jobs.hear_watchers(UUID(channel.partition(":")[2]), message["node"], message["n"])
            case "who_watches":
                self._jobs.say_watchers(UUID(channel.partition(":")[2]))
            case "fleet":
                self._fleet.heard(channel, message["p"])
            case "posted":
                self._feeds.posted(message["cell"], message["offer"])
            case "taken":
                self._feeds.taken(message["cell"], message["job_id"])
            case "person":
                self._tell_person(message["id"], Told(message["event"]), message["p"])
            case "jobs":
                self.on_jobs_changed(message["id"])
            case "barred":
                self.on_barred(message["id"])
            case "links":
                self._cut_links(UUID(message["job_id"]), set(message["dead"]))
            case _:
                pass  # a newer node's word during a rolling deploy

    def _tell_person(self, person_id: str, event: Told, payload: dict[str, Any]) -> None:
        key = str(payload.get("job_id", ""))
        self._engine.broadcast(
            person_room(person_id), event, payload, droppable=event in DROPPABLE, key=key
        )

    def _cut_links(self, job_id: UUID, dead: set[str]) -> None:
        room = self._jobs.rooms.get(job_id)
        for sid, member in list(room.members.items()) if room else ():
            if member.principal.id in dead:
                self._jobs.revoke(sid, job_id, "link_ended")


def _news(message: dict[str, Any]) -> StatusNews:
    facts = JobFacts(
        UUID(message["job_id"]),
        message["version"],
        message["now"],
        message["customer_id"],
        message["pro_id"],
    )
    return StatusNews(facts, message["status"], message["previous"], message["occurred_at"])
