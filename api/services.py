"""What every handler may use: the parts of the running application, put together in `app.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db.pool import Database
from db.positions import last_place_off_work
from rooms.server import Rooms
from tracker.analytics import Analyst
from tracker.effects.announce import announce_version
from tracker.effects.task import Tools
from tracker.evidence.locker import Locker
from tracker.evidence.portraits import Portraits
from tracker.identity.authenticate import Authenticator
from tracker.identity.links import Links
from tracker.jobs.claim import ClaimGate
from tracker.positions.receive import Receiver
from tracker.providers import Providers
from tracker.settings import Settings
from tracker.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Services:
    """The running application's parts."""

    settings: Settings
    database: Database
    rooms: Rooms
    receiver: Receiver
    snapshots: Snapshots
    links: Links
    gate: ClaimGate
    authenticator: Authenticator
    providers: Providers
    tools: Tools
    locker: Locker
    portraits: Portraits
    analyst: Analyst

    @property
    def link_grace(self) -> timedelta:
        """How long a tracking link outlives its job."""
        return timedelta(hours=self.settings.link_grace_hours)

    async def announce(self, job_id: UUID, version: int) -> None:
        """Tell the rooms at once; the outbox row makes sure of it should this process die here."""
        await announce_version(self.database, self.rooms.say, job_id, version)

    async def duty_changed(self, pro_id: str) -> None:
        """A pro may have come to work or left it: dispatchers' maps show nobody who is not there."""
        self.rooms.say.jobs_changed(pro_id)
        async with self.database.connection() as conn:
            last = await last_place_off_work(conn, pro_id)
        if last is not None:
            self.rooms.fleet.left(pro_id, last.lat, last.lng)

    def forget_person(self, person_id: str) -> None:
        """A person's rights changed: this process and every other one look again at once."""
        self.authenticator.forget(person_id)
        self.rooms.say.barred(person_id)
