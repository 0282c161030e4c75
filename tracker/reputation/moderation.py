"""Dispatch hides a review that is abuse, and shows it again; what is hidden does not count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.errors import NotFound
from db.jobs import lock_job
from db.pool import Connection, Database
from db.reviews import lock_rated, review_by_id, write_hidden
from rooms.principal import Principal
from tracker.jobs.facts import Actor, record_fact
from tracker.reputation.reviews import keep_rating, rating_of
from tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class Moderated:
    """A review is hidden or shown now. `version` is the job's after it; None: it was so before."""

    review_id: int
    job_id: UUID
    hidden: bool
    version: int | None


async def set_hidden(
    database: Database,
    settings: Settings,
    principal: Principal,
    review_id: int,
    *,
    hidden: bool,
    reason: str,
    now: datetime,
) -> Moderated:
    """Hide or show a review, and count the rated person's average anew; the reason is audited on the job.

    Hiding a good review may itself be a drop below the line. Raises NotFound, Unavailable.
    """

    async def work(conn: Connection) -> Moderated:
        found = await review_by_id(conn, review_id)
        if found is None or await lock_job(conn, found.job_id) is None:
            raise NotFound("There is no such review.")
        subject = (await lock_rated(conn, [found.subject_id]))[found.subject_id]
        review = await review_by_id(conn, review_id)  # again: another may have hidden it meanwhile
        if review is None or (review.hidden_at is not None) == hidden:
            return Moderated(review_id, found.job_id, hidden, None)
        await write_hidden(conn, review_id, at=now if hidden else None, by=principal.id if hidden else None)
        version = await record_fact(
            conn,
            review.job_id,
            kind="review_hidden" if hidden else "review_shown",
            data={"review": review_id, "direction": review.direction, "reason": reason},
            actor=Actor.of(principal),
            now=now,
        )
        before = rating_of(subject)
        rating = before.without(review.rating) if hidden else before.counting(review.rating)
        await keep_rating(conn, settings, subject, rating, job_id=review.job_id, version=version, now=now)
        return Moderated(review_id, review.job_id, hidden, version)

    return await database.in_transaction(work)
