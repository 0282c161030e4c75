"""Where received positions go: the job's room, the dispatchers' fleet, the pro's own phone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rooms.events import Told
from rooms.server import Rooms
from tracker.positions.contact import Contact
from tracker.positions.live_pro import ActiveJob
from tracker.positions.outputs import Outputs


class LiveOutputs:
    """Connects the receiver to the rooms, which are made after it: set `rooms` before the first heartbeat."""

    def __init__(self) -> None:
        self.rooms: Rooms

    def as_outputs(self) -> Outputs:
        """The callables that the receiver takes."""
        return Outputs(
            position=self._position,
            fleet=self._fleet,
            left_fleet=self._left_fleet,
            trail_changed=self._trail_changed,
            contact_changed=self._contact_changed,
            arrival_suggested=self._arrival_suggested,
            policy=self._policy,
            watched=self._watched,
        )

    def _position(self, job: ActiveJob, payload: dict[str, Any]) -> None:
        self.rooms.say.position(job.id, payload)

    def _fleet(self, pro_id: str, position: dict[str, Any]) -> None:
        self.rooms.fleet.saw(pro_id, position)

    def _left_fleet(self, pro_id: str, lat: float, lng: float) -> None:
        self.rooms.fleet.left(pro_id, lat, lng)

    def _trail_changed(self, job_id: UUID) -> None:
        self.rooms.say.about_job(job_id, Told.TRAIL_CHANGED, {"job_id": str(job_id)})

    def _contact_changed(self, job_id: UUID, contact: Contact, last_seen: str) -> None:
        self.rooms.say.about_job(
            job_id,
            Told.CONTACT_CHANGED,
            {"job_id": str(job_id), "contact": contact.value, "last_seen": last_seen},
        )

    def _arrival_suggested(self, pro_id: str, job_id: UUID) -> None:
        self.rooms.say.to_person(pro_id, Told.ARRIVAL_SUGGESTED, {"job_id": str(job_id)})

    def _policy(self, pro_id: str, policy: dict[str, int]) -> None:
        self.rooms.say.to_person(pro_id, Told.POLICY, policy)

    def _watched(self, job_id: UUID) -> bool:
        return self.rooms.jobs.watched(job_id)
