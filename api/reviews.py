"""Reviews over HTTP: writing one, reading those about oneself, and what dispatch may hide."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta

from api.cursors import one_page
from api.jobs import EVERYBODY, STAFF, told
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.errors import Forbidden, NotFound
from db.reviews import Review, rated_person, reviews_about, reviews_of_job
from rooms.principal import Role
from tracker.reputation.moderation import set_hidden
from tracker.reputation.reviews import (
    AlreadyReviewed,
    NotFinished,
    ReviewsClosed,
    TooManyReviews,
    post_review,
    rating_of,
)

Req: TypeAlias = Request[Services, None, None]

# Any text of several lines; no other control character (Unicode's Cc).
Comment = Annotated[
    str,
    Meta(
        max_length=2000,
        pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$",
        description="In the author's words; line feeds are the only control characters.",
    ),
]


class ReviewBody(Input):
    """How it was. Who is rated follows from the caller: the customer rates the pro, the pro the customer."""

    job_id: UUID
    rating: Annotated[int, Meta(ge=1, le=5, description="Stars.")]
    comment: Comment = ""


class PostedAnswer(Answer):
    """The review is there; `created` is False when the same one was there before."""

    success: bool
    id: int
    direction: str
    created: bool


class ReviewAnswer(Answer):
    """One review. `author_id`, and whether it is hidden, are dispatch's."""

    id: int
    job_id: str
    service: str
    direction: str
    rating: int
    comment: str
    author: str
    author_id: str | None
    created_at: Instant
    hidden_at: Instant | None


class ReviewsQuery(Input):
    """`before`: the number of the last review of the page before."""

    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class ReviewsAnswer(Answer):
    """Reviews of a person, newest first; the average and count are over all that are not hidden."""

    average: float | None
    count: int
    reviews: list[ReviewAnswer]
    next: int | None


class JobReviewsAnswer(Answer):
    """Both reviews of a job, as far as they are written."""

    reviews: list[ReviewAnswer]


class HideBody(Input):
    """Why; it is kept with the job's events."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class HiddenAnswer(Answer):
    """It is so."""

    success: bool
    id: int
    hidden: bool


@endpoint(
    "POST",
    "/api/reviews",
    summary="Review the other side of a finished job, once; the customer's own link does so for them.",
    roles={Role.CUSTOMER, Role.PRO},
    links=True,
    body=ReviewBody,
    answer=PostedAnswer,
    problems=[NotFinished, ReviewsClosed, AlreadyReviewed, TooManyReviews, NotFound, Forbidden],
)
async def write_review(request: Request[Services, ReviewBody, None]) -> PostedAnswer:
    services, body = request.services, request.body
    posted = await post_review(
        services.database,
        services.settings,
        request.principal,
        body.job_id,
        stars=body.rating,
        comment=body.comment,
        now=request.now,
    )
    if posted.version is not None:
        await told(services, posted.job_id, posted.version)
    return PostedAnswer(
        success=True,
        id=posted.review_id,
        direction=posted.direction.value,
        created=posted.version is not None,
    )


@endpoint(
    "GET",
    "/api/me/reviews",
    summary="What others wrote about me.",
    roles={Role.CUSTOMER, Role.PRO},
    query=ReviewsQuery,
    answer=ReviewsAnswer,
)
async def my_reviews(request: Request[Services, None, ReviewsQuery]) -> ReviewsAnswer:
    return await _about(request, request.principal.id)


@endpoint(
    "GET",
    "/api/people/{person:str}/reviews",
    summary="What others wrote about a person: for dispatch, and for the person.",
    roles=EVERYBODY,
    query=ReviewsQuery,
    answer=ReviewsAnswer,
    problems=[NotFound],
)
async def read_reviews(request: Request[Services, None, ReviewsQuery]) -> ReviewsAnswer:
    person_id = str(request.path["person"])
    if not request.principal.is_staff and request.principal.id != person_id:
        raise NotFound("There is no such person.")
    return await _about(request, person_id)


@endpoint(
    "GET",
    "/api/dispatch/jobs/{id}/reviews",
    summary="Both reviews of a job.",
    roles=STAFF,
    answer=JobReviewsAnswer,
)
async def job_reviews(request: Req) -> JobReviewsAnswer:
    async with request.services.database.connection() as conn:
        reviews = await reviews_of_job(conn, request.id)
    return JobReviewsAnswer(reviews=[_view(review, staff=True) for review in reviews])


@endpoint(
    "POST",
    "/api/dispatch/reviews/{review:int}/hide",
    summary="Hide a review: it is shown to nobody else and no longer counts.",
    roles=STAFF,
    body=HideBody,
    answer=HiddenAnswer,
    problems=[NotFound],
)
async def hide_review(request: Request[Services, HideBody, None]) -> HiddenAnswer:
    return await _set_hidden(request, hidden=True)


@endpoint(
    "POST",
    "/api/dispatch/reviews/{review:int}/show",
    summary="Show a hidden review again: it counts again.",
    roles=STAFF,
    body=HideBody,
    answer=HiddenAnswer,
    problems=[NotFound],
)
async def show_review(request: Request[Services, HideBody, None]) -> HiddenAnswer:
    return await _set_hidden(request, hidden=False)


async def _set_hidden(request: Request[Services, HideBody, None], *, hidden: bool) -> HiddenAnswer:
    services = request.services
    done = await set_hidden(
        services.database,
        services.settings,
        request.principal,
        int(request.path["review"]),
        hidden=hidden,
        reason=request.body.reason,
        now=request.now,
    )
    if done.version is not None:
        await told(services, done.job_id, done.version)
    return HiddenAnswer(success=True, id=done.review_id, hidden=done.hidden)


async def _about(request: Request[Services, None, ReviewsQuery], person_id: str) -> ReviewsAnswer:
    query, staff = request.query, request.principal.is_staff
    async with request.services.database.connection() as conn:
        person = await rated_person(conn, person_id)
        found = await reviews_about(conn, person_id, hidden=staff, before=query.before, limit=query.limit + 1)
    if person is None and staff:
        raise NotFound("There is no such person.")
    page, more = one_page(found, query.limit, lambda one: one.id)
    rating = rating_of(person) if person else None
    return ReviewsAnswer(
        average=rating.average if rating else None,
        count=rating.count if rating else 0,
        reviews=[_view(review, staff=staff) for review in page],
        next=more,
    )


def _view(review: Review, *, staff: bool) -> ReviewAnswer:
    return ReviewAnswer(
        id=review.id,
        job_id=str(review.job_id),
        service=review.service,
        direction=review.direction,
        rating=review.rating,
        comment=review.comment,
        author=review.author_name,
        author_id=review.author_id if staff else None,
        created_at=Instant.of(review.created_at),
        hidden_at=Instant.maybe(review.hidden_at),
    )
