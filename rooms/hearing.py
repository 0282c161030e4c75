"""Hearing: deliver what was said, here or on another node, to the sockets of this node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from rooms.board import Board
from rooms.engine import Engine
from rooms.events import DROPPABLE, Told
from rooms.feed_watch import FeedWatches
from rooms.fleet import Fleet
from rooms.job_rooms import JobRooms, StatusNews
from rooms.membership import JobFacts
from rooms.names import person_room


class Hearing:
    """Delivers messages. `on_status`, `on_jobs_changed` and `on_barred` are set by who needs to know."""

    def __init__(
        self, engine: Engine, jobs: JobRooms, fleet: Fleet, feeds: FeedWatches, board: Board
    ) -> None:
        self._engine = engine
        self._jobs = jobs
        self._fleet = fleet
        self._feeds = feeds
        self._board = board
        self.on_status: Callable[[StatusNews], None] = _nothing_new
        self.on_jobs_changed: Callable[[str], None] = _nothing
        self.on_barred: Callable[[str], None] = _nothing

    def hear(self, channel: str, message: dict[str, Any]) -> None:
        """Deliver one message to this node's sockets, wherever it was said."""
        match message["k"]:
            case "dot":
                self._jobs.tell_position(UUID(message["job_id"]), message["p"])
            case "status":
                news = _news(message)
                self._jobs.tell_status(news)
                self.on_status(news)
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
            case "board":
                self._board.changed(message["job_id"], message["version"])
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
        self._engine.broadcast(person_room(person_id), event, payload, droppable=event in DROPPABLE, key=key)

    def _cut_links(self, job_id: UUID, dead: set[str]) -> None:
        """End the streams of dead links, and their sockets, which have no other right."""
        room = self._jobs.rooms.get(job_id)
        for sid, member in list(room.members.items()) if room else ():
            if member.principal.id in dead:
                self._jobs.revoke(sid, job_id, "link_ended")
                self._engine.disconnect(sid, "link_ended")


def _nothing_new(_news: StatusNews) -> None:
    """Nobody asked to be told."""


def _nothing(_person_id: str) -> None:
    """Nobody asked to be told."""


def _news(message: dict[str, Any]) -> StatusNews:
    facts = JobFacts(
        UUID(message["job_id"]),
        message["version"],
        message["now"],
        message["customer_id"],
        message["pro_id"],
        message.get("shown_from_ms"),  # an older node does not say it
    )
    return StatusNews(facts, message["status"], message["previous"], message["occurred_at"])
