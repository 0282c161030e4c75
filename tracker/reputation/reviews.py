"""Taking a review in: who rates whom follows from the caller, once per job and direction.

One transaction: lock the job, then both people in the order of their ids; write the review, the job event
and the rated person's totals; tell dispatch of a drop below the line. Lock order everywhere: job, people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from db.errors import Busy, Conflict, Forbidden
from db.jobs import Job
from db.need_job import NoSuchJob, lock_needed_job
from db.pool import Connection, Database
from db.reviews import (
    RatedPerson,
    Review,
    add_review,
    lock_rated,
    oldest_of_newest,
    review_of_job,
    write_totals,
)
from rooms.principal import Principal
from tracker.identity.links import customer_behind
from tracker.jobs.facts import Actor, record_fact
from tracker.jobs.lifecycle import Party, Status, party_of
from tracker.jobs.transition import facts_of
from tracker.messages.notify import alert_dispatch
from tracker.reputation.rating import ALERT_BELOW_TENTHS, Rating
from tracker.settings import Settings

OPEN_FOR = timedelta(days=90)  # after finishing; later, nobody remembers what it was like
MOST_PER_DAY = 30  # of one author: more than a person can have had done to them, or have done, in a day
A_DAY = timedelta(days=1)


class Direction(StrEnum):
    """Who rates whom."""

    CUSTOMER_TO_PRO = "customer_to_pro"  # the customer rates who came
    PRO_TO_CUSTOMER = "pro_to_customer"  # the pro rates whom they came to


class NotFinished(Conflict):
    """A job is reviewed once it is completed."""

    code = "not_finished"


class ReviewsClosed(Conflict):
    """This job was finished too long ago to be reviewed."""

    code = "reviews_closed"


class AlreadyReviewed(Conflict):
    """You have reviewed this job in other words."""

    code = "already_reviewed"


class TooManyReviews(Busy):
    """You have written as many reviews as a day allows."""

    code = "too_many_reviews"


@dataclass(frozen=True, slots=True)
class Posted:
    """A review that is there. `version` is the job's after it; None: it was there before this call."""

    review_id: int
    job_id: UUID
    direction: Direction
    version: int | None


async def post_review(
    database: Database,
    settings: Settings,
    principal: Principal,
    job_id: UUID,
    *,
    stars: int,
    comment: str,
    now: datetime,
) -> Posted:
    """Rate the other side of a job the caller was a party to; the same again is answered as before.

    Whoever holds the customer's own link to the job acts for its customer, who needs no account for it. The
    job's record says that it was a link.

    `stars` from 1 to 5. Raises NotFound (also for a stranger's job), NotFinished, ReviewsClosed,
    AlreadyReviewed, TooManyReviews, Forbidden, Unavailable.
    """

    async def work(conn: Connection) -> Posted:
        job = await lock_needed_job(conn, job_id)
        author = await customer_behind(conn, job, principal)
        direction, subject_id = _sides(job, author)
        if there := await review_of_job(conn, job_id, direction.value):
            return _as_before(there, direction, author, stars, comment)
        _check_open(job, now)
        people = await lock_rated(conn, [author.id, subject_id])
        await _check_pace(conn, author.id, now)
        review_id = await add_review(
            conn,
            job_id=job_id,
            direction=direction.value,
            author_id=author.id,
            subject_id=subject_id,
            rating=stars,
            comment=comment,
            at=now,
        )
        version = await record_fact(
            conn,
            job_id,
            kind="reviewed",
            data={"review": review_id, "direction": direction.value, "rating": stars},
            actor=Actor.of(principal),
            now=now,
        )
        subject = people[subject_id]
        rating = rating_of(subject).counting(stars)
        await keep_rating(conn, settings, subject, rating, job_id=job_id, version=version, now=now)
        return Posted(review_id, job_id, direction, version)

    return await database.in_transaction(work)


def is_open(job: Job, now: datetime) -> bool:
    """Whether this job can be reviewed just now, by whoever has not done it yet."""
    try:
        _check_open(job, now)
    except (NotFinished, ReviewsClosed):
        return False
    return True


def rating_of(person: RatedPerson) -> Rating:
    """What the rules look at."""
    return Rating(person.rating_count, person.rating_sum, person.rating_low)


async def keep_rating(
    conn: Connection,
    settings: Settings,
    person: RatedPerson,
    rating: Rating,
    *,
    job_id: UUID,
    version: int,
    now: datetime,
) -> None:
    """Write a locked person's new rating, and tell dispatch when it has just dropped below the line.

    The job event that caused the drop names the alert, so that a drop is told once and the next one again.
    """
    kept, dropped = rating.told()
    await write_totals(conn, person.id, count=kept.count, total=kept.total, low=kept.told_low)
    if dropped:
        await alert_dispatch(
            conn,
            settings,
            event_key=f"rating_low:{job_id}:{version}",
            title=f"{person.name} is rated {kept.average:.2f}",
            body=f"The average of {kept.count} {'review' if kept.count == 1 else 'reviews'}"
            f" of {person.name} ({person.role}) has dropped below {ALERT_BELOW_TENTHS / 10}.",
            job_id=job_id,
            now=now,
        )


def _sides(job: Job, principal: Principal) -> tuple[Direction, str]:
    """(direction, who is rated). Raises NotFound for somebody who is not a party; staff rate nobody."""
    party = party_of(principal, facts_of(job))
    if party is Party.OWN_CUSTOMER:
        if job.pro_id is None:
            raise NotFinished
        direction, subject_id = Direction.CUSTOMER_TO_PRO, job.pro_id
    elif party is Party.OWN_PRO:
        direction, subject_id = Direction.PRO_TO_CUSTOMER, job.customer_id
    else:
        raise NoSuchJob
    if subject_id == principal.id:  # a customer who became a pro, and took their own job
        raise Forbidden("Nobody reviews themself.")
    return direction, subject_id


def _as_before(there: Review, direction: Direction, principal: Principal, stars: int, comment: str) -> Posted:
    if (there.author_id, there.rating, there.comment) != (principal.id, stars, comment):
        raise AlreadyReviewed
    return Posted(there.id, there.job_id, direction, None)


def _check_open(job: Job, now: datetime) -> None:
    if job.status not in (Status.COMPLETED, Status.PAID) or job.finished_at is None:
        raise NotFinished(current=job.status)
    if now - job.finished_at > OPEN_FOR:
        raise ReviewsClosed(days=OPEN_FOR.days)


async def _check_pace(conn: Connection, author_id: str, now: datetime) -> None:
    """The author's row is locked, so two reviews at once are counted one after the other."""
    oldest = await oldest_of_newest(conn, author_id, nth=MOST_PER_DAY, since=now - A_DAY)
    if oldest is not None:
        raise TooManyReviews(retry_after_s=max(1, math.ceil((oldest + A_DAY - now).total_seconds())))
