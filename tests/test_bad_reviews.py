"""Reviews and home scores over HTTP: right is answered, wrong is refused, and nothing is harmed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import Process
from tests.unharmed import CLEO, DEE, PAT, QUINN, ROOT, ZOE, abused, asked, call, job_in, unharmed
from tracker.local_postgres import PostgresServer


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def review(job_id: str, **more: object) -> dict[str, object]:
    return {"job_id": job_id, "rating": 5, **more}


def test_a_review_is_written_read_hidden_and_shown(web: Process) -> None:
    job_id = job_in(web, "completed")
    comment = "<b>Neat</b> & on time 👍\nزيارة جيدة"
    body = {"jobId": job_id, "rating": 2, "comment": comment}  # as existing clients say it
    status, posted = call(web, CLEO, "POST", "/api/reviews", body)
    assert (status, posted["success"], posted["created"]) == (200, True, True)
    assert posted["direction"] == "customer_to_pro"
    assert call(web, CLEO, "POST", "/api/reviews", body) == (200, {**posted, "created": False})
    _, mine = call(web, PAT, "GET", "/api/me/reviews")
    assert (mine["average"], mine["count"], mine["next"]) == (2.0, 1, None)
    assert (mine["reviews"][0]["comment"], mine["reviews"][0]["author"]) == (comment, "Cleo Hart")
    assert mine["reviews"][0]["author_id"] is None
    assert call(web, PAT, "GET", "/api/people/pat/reviews") == (200, mine)
    assert call(web, PAT, "POST", "/api/reviews", review(job_id))[1]["direction"] == "pro_to_customer"

    hide = f"/api/dispatch/reviews/{posted['id']}/hide"
    hidden = {"success": True, "id": posted["id"], "hidden": True}
    for _ in range(2):
        assert call(web, DEE, "POST", hide, {"reason": "insulting"}) == (200, hidden)
    assert call(web, PAT, "GET", "/api/me/reviews")[1] == {
        "average": None,
        "count": 0,
        "reviews": [],
        "next": None,
    }
    _, staffs = call(web, DEE, "GET", "/api/people/pat/reviews")
    assert (staffs["count"], staffs["reviews"][0]["author_id"]) == (0, "cleo")
    assert staffs["reviews"][0]["hidden_at"] is not None
    _, both = call(web, DEE, "GET", f"/api/dispatch/jobs/{job_id}/reviews")
    assert [(one["direction"], one["hidden_at"] is None) for one in both["reviews"]] == [
        ("customer_to_pro", False),
        ("pro_to_customer", True),
    ]
    show = f"/api/dispatch/reviews/{posted['id']}/show"
    assert call(web, DEE, "POST", show, {"reason": "on reflection"})[1]["hidden"] is False
    assert call(web, PAT, "GET", "/api/me/reviews")[1]["average"] == 2.0


def test_reviews_are_paged_newest_first(web: Process) -> None:
    for stars in (1, 2, 3, 4, 5):
        call(
            web,
            ZOE,
            "POST",
            "/api/reviews",
            review(job_in(web, "completed", pro="quinn", customer="zoe"), rating=stars),
        )
    seen, address = [], "/api/me/reviews?limit=2"
    while address:
        _, page = call(web, QUINN, "GET", address)
        seen += [one["rating"] for one in page["reviews"]]
        address = f"/api/me/reviews?limit=2&before={page['next']}" if page["next"] else ""
    assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating": 0},
        {"rating": 6},
        {"rating": 4.5},
        {"rating": "5"},
        {"rating": True},
        {"rating": None},
        {"comment": "x" * 2001},
        {"comment": "a\x07b"},
        {"comment": "a\tb"},
        {"comment": "a\r\nb"},
        {"comment": "a\x85b"},
        {"comment": "a\x00b"},
        {"comment": 5},
        {"job_id": "5"},
        {"job_id": None},
        {"author_id": "zoe"},
        {"subject_id": "quinn"},
        {"direction": "pro_to_customer"},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_review_of_the_wrong_shape_is_refused(web: Process, wrong: dict[str, object]) -> None:
    job_id = job_in(web, "completed")
    status, refused = call(web, CLEO, "POST", "/api/reviews", {**review(job_id), **wrong})
    assert (status, refused["code"]) == (422, "invalid")
    assert asked(web, "SELECT count(*) FROM reviews WHERE job_id = $1", job_id) == 0


def test_a_comment_may_be_as_long_as_the_record(web: Process) -> None:
    body = review(job_in(web, "completed"), comment="é" * 2000)
    assert call(web, CLEO, "POST", "/api/reviews", body)[0] == 200


def test_strangers_staff_and_early_reviewers_are_refused_by_name(web: Process) -> None:
    finished, running = job_in(web, "completed"), job_in(web, "in_progress")
    for who in (ZOE, QUINN):
        assert call(web, who, "POST", "/api/reviews", review(finished))[1]["code"] == "not_found"
    for who in (DEE, ROOT):
        assert call(web, who, "POST", "/api/reviews", review(finished))[0] == 403
    assert call(web, CLEO, "POST", "/api/reviews", review(running))[1]["code"] == "not_finished"
    asked(web, "UPDATE jobs SET finished_at = now() - interval '91 days' WHERE id = $1", finished)
    assert call(web, CLEO, "POST", "/api/reviews", review(finished))[1]["code"] == "reviews_closed"
    other = job_in(web, "completed")
    call(web, CLEO, "POST", "/api/reviews", review(other))
    status, refused = call(web, CLEO, "POST", "/api/reviews", review(other, rating=4))
    assert (status, refused["code"]) == (409, "already_reviewed")


def test_nobody_reviews_themself_not_even_after_changing_sides(web: Process) -> None:
    job_id = job_in(web, "completed")
    asked(web, "UPDATE jobs SET pro_id = 'cleo' WHERE id = $1", job_id)
    assert call(web, CLEO, "POST", "/api/reviews", review(job_id))[0] == 403


def test_a_review_beyond_the_days_number_is_a_429_that_says_when(web: Process) -> None:
    jobs = [job_in(web, "cancelled") for _ in range(30)]
    asked(
        web,
        "INSERT INTO reviews (job_id, direction, author_id, subject_id, rating)"
        " SELECT id, 'pro_to_customer', 'quinn', 'cleo', 5 FROM jobs WHERE id = ANY($1::uuid[])",
        jobs,
    )
    job_id = job_in(web, "completed", pro="quinn")
    status, refused = call(web, QUINN, "POST", "/api/reviews", review(job_id))
    assert (status, refused["code"], refused["retry"]) == (429, "too_many_reviews", True)
    assert 80_000 < refused["retry_after_s"] <= 86_400


def test_what_others_wrote_is_for_the_person_and_dispatch_only(web: Process) -> None:
    for who, person in ((CLEO, "pat"), (QUINN, "pat"), (PAT, "cleo"), (CLEO, "nobody")):
        assert call(web, who, "GET", f"/api/people/{person}/reviews")[0] == 404
    assert call(web, DEE, "GET", "/api/people/nobody/reviews")[0] == 404
    assert call(web, DEE, "GET", "/api/me/reviews")[0] == 403
    for query in ("before=0", "before=x", "limit=0", "limit=201", "before=99999999999999999999"):
        assert call(web, PAT, "GET", f"/api/me/reviews?{query}")[0] == 422
    job_id = job_in(web, "completed")
    for who in (CLEO, PAT):
        assert call(web, who, "GET", f"/api/dispatch/jobs/{job_id}/reviews")[0] == 403


def test_hiding_takes_a_dispatcher_a_reason_and_a_review(web: Process) -> None:
    body = review(job_in(web, "completed"))
    number = call(web, CLEO, "POST", "/api/reviews", body)[1]["id"]
    for who in (CLEO, PAT):
        assert call(web, who, "POST", f"/api/dispatch/reviews/{number}/hide", {"reason": "mine"})[0] == 403
    for wrong in ({}, {"reason": ""}, {"reason": "x" * 501}, {"reason": None}, {"reason": "ok!", "by": "x"}):
        assert call(web, DEE, "POST", f"/api/dispatch/reviews/{number}/hide", wrong)[0] == 422
    for nothing in ("0", "-1", "x", "9" * 19, "9" * 18):
        address = f"/api/dispatch/reviews/{nothing}/hide"
        assert call(web, DEE, "POST", address, {"reason": "abuse"})[0] == 404
    assert asked(web, "SELECT hidden_at IS NULL FROM reviews WHERE id = $1", number)


@pytest.mark.parametrize(
    "entries",
    [
        [{"skill": "junk_removal", "points": -1}],
        [{"skill": "junk_removal", "points": 101}],
        [{"skill": "junk_removal", "points": 1.5}],
        [{"skill": "Junk", "points": 1}],
        [{"skill": "junk\n", "points": 1}],
        [{"skill": "", "points": 1}],
        [{"skill": "x" * 65, "points": 1}],
        [{"skill": "junk_removal"}],
        [{"skill": "junk_removal", "points": 1, "cap": 5}],
        [{"skill": "junk_removal", "points": 1}, {"skill": "junk_removal", "points": 2}],
        [{"skill": f"s{n}", "points": 1} for n in range(501)],
        {},
        None,
    ],
)
def test_a_catalogue_of_the_wrong_shape_is_refused_whole(web: Process, entries: object) -> None:
    before = call(web, DEE, "GET", "/api/dispatch/score-catalogue")[1]["entries"]
    assert call(web, DEE, "PUT", "/api/dispatch/score-catalogue", {"entries": entries})[0] == 422
    assert call(web, CLEO, "PUT", "/api/dispatch/score-catalogue", {"entries": before})[0] == 403
    assert call(web, DEE, "GET", "/api/dispatch/score-catalogue")[1]["entries"] == before
