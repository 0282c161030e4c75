"""The tracker's side of the socket conversation, handed to the rooms by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from db.errors import Forbidden, Invalid
from db.feed import skills_of
from db.pool import Database
from rooms.feed_watch import FeedWatch
from rooms.hub import OnHeartbeat
from rooms.principal import Principal, Role
from rooms.sockets import Answers, Session
from tracker.jobs.feed import check_area, offer_seen_from, open_jobs_near
from tracker.jobs.feed_geometry import feed_cells
from tracker.positions.receive import Receiver
from tracker.snapshots import Snapshots


def socket_answers(database: Database, snapshots: Snapshots) -> Answers:
    """Wire the tracker's functions to what clients may say."""

    async def feed(principal: Principal, lat: Any, lng: Any, radius: Any) -> FeedWatch:
        where = _place(lat, lng, radius)
        async with database.connection() as conn:
            skills = frozenset((await skills_of(conn, principal.id)).values())
        return FeedWatch(
            cells=feed_cells(*where),
            suits=lambda offer: offer_seen_from(
                offer, lat=where[0], lng=where[1], radius_miles=where[2], skills=skills
            ),
        )

    async def feed_jobs(principal: Principal, lat: Any, lng: Any, radius: Any) -> list[dict[str, Any]]:
        lat, lng, radius = _place(lat, lng, radius)
        jobs = await open_jobs_near(database, pro_id=principal.id, lat=lat, lng=lng, radius_miles=radius)
        return [job.as_payload() for job in jobs]

    return Answers(
        snapshot=snapshots.read,
        fleet=snapshots.fleet,
        feed=feed,
        feed_jobs=feed_jobs,
    )


def heartbeat_lane(receiver: Receiver) -> OnHeartbeat:
    """The engine's synchronous lane for heartbeats: no task, the ack follows the commit."""

    def on_heartbeat(
        _sid: str, session: Session, data: dict[str, Any], reply: Callable[[dict[str, Any]], None]
    ) -> None:
        if session.principal.role is not Role.PRO:
            reply(Forbidden("Only a pro sends heartbeats.").as_ack())
        else:
            receiver.receive_one(session.principal.id, data, reply, datetime.now(UTC))

    return on_heartbeat


def _place(lat: Any, lng: Any, radius: Any) -> tuple[float, float, float]:
    for name, value in (("lat", lat), ("lng", lng), ("radius", radius)):
        if type(value) not in (int, float):
            raise Invalid(f"{name} must be a number", field=name)
    check_area(lat, lng, radius)
    return float(lat), float(lng), float(radius)
