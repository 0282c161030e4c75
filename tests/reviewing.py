"""What tests of reviews share: writing one, hiding one, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.pool import Database
from db.reviews import rated_person
from rooms.principal import Principal, Role
from tests.company import add_job
from tracker.reputation.moderation import Moderated, set_hidden
from tracker.reputation.reviews import Posted, post_review
from tracker.settings import Settings

SETTINGS = Settings.from_env({"TRACKER_SECRET": "only the tests know this secret, 32+"})
PAT = Principal("pat", Role.PRO)
QUINN = Principal("quinn", Role.PRO)
CLEO = Principal("cleo", Role.CUSTOMER)
ZOE = Principal("zoe", Role.CUSTOMER)
DEE = Principal("dee", Role.DISPATCHER)


async def rate(
    database: Database,
    job_id: UUID,
    stars: int,
    who: Principal = CLEO,
    comment: str = "",
    *,
    later: timedelta = timedelta(0),
) -> Posted:
    """A review by the job's customer, or by `who`."""
    now = datetime.now(UTC) + later
    return await post_review(database, SETTINGS, who, job_id, stars=stars, comment=comment, now=now)


async def rate_new(database: Database, stars: int, who: Principal = CLEO) -> int:
    """A review of a completed job of its own; the review's number."""
    customer = who.id if who.role is Role.CUSTOMER else "cleo"
    job_id = await add_job(database, "completed", customer=customer)
    return (await rate(database, job_id, stars, who)).review_id


async def hide(database: Database, review_id: int, *, hidden: bool = True) -> Moderated:
    """Dispatch hides it, or shows it again."""
    return await set_hidden(
        database, SETTINGS, DEE, review_id, hidden=hidden, reason="a test", now=datetime.now(UTC)
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds of a person's rating, and how often dispatch was alerted of it."""

    count: int
    total: int
    low: bool
    alerts: int


async def kept(database: Database, person_id: str = "pat") -> Kept:
    """The running totals, after checking that they are those of the reviews that are not hidden."""
    async with database.connection() as conn:
        person = await rated_person(conn, person_id)
        counted = await conn.fetchrow(
            "SELECT count(*), coalesce(sum(rating), 0)::integer AS total FROM reviews"
            " WHERE subject_id = $1 AND hidden_at IS NULL",
            person_id,
        )
        alerts = await conn.fetchval(
            "SELECT count(DISTINCT n.event_key) FROM notifications n"
            " WHERE n.event_key LIKE 'rating_low:%' AND n.title LIKE (SELECT name FROM people"
            " WHERE id = $1) || '%'",
            person_id,
        )
    assert person is not None
    assert counted is not None
    assert (person.rating_count, person.rating_sum) == (counted["count"], counted["total"])
    return Kept(person.rating_count, person.rating_sum, person.rating_low, alerts)
