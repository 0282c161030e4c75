"""A customer without an account reviews by the tracking link that the request for it carries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from db.errors import NotFound, Unauthorized
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import carry_out_due
from tests.messaging import rows, run, tools_with
from tests.reviewing import kept, rate
from tests.test_messages_of_a_job import places_of, step
from tracker.effects.task import Tools
from tracker.identity.links import Links
from tracker.jobs.lifecycle import Status
from tracker.reputation.reviews import AlreadyReviewed, NotFinished
from tracker.stand_ins import StandIns

PAT = Principal("pat", Role.PRO)


async def asked_by_mail(tools: Tools, stand_ins: StandIns, job_id: UUID) -> str:
    """The job is completed; the link in the mail that asks the customer for a review."""
    await step(tools.database, job_id, Status.COMPLETED)
    await carry_out_due(tools)
    (mail,) = [
        mail for mail in stand_ins.sendgrid.mails if mail.to == ("cleo@example.com",) and "rate" in mail.text
    ]
    (url,) = [line for line in mail.text.splitlines() if line.startswith("https://")]
    assert f'href="{url}"' in mail.html
    page, _, secret = url.rpartition("/")
    assert page == f"{tools.settings.public_url}/track"
    assert urlsplit(url).query == ""
    return secret


def test_the_mail_that_asks_for_a_review_carries_a_link_that_can_give_one(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools, job_id = tools_with(database, stand_ins), await add_job(database, "in_progress")
        secret = await asked_by_mail(tools, stand_ins, job_id)
        assert await places_of(database, secret) == []
        holder = await Links(database).resolve(secret)
        posted = await rate(database, job_id, 4, holder, "On time")
        assert posted.direction == "customer_to_pro"
        assert (await rate(database, job_id, 4, holder, "On time")).version is None
        with pytest.raises(AlreadyReviewed):
            await rate(database, job_id, 1, holder)
        assert (await kept(database)).total == 4
        assert await rows(database, "SELECT author_id, subject_id FROM reviews") == [("cleo", "pat")]
        ((actor,),) = await rows(database, "SELECT actor_id FROM job_events WHERE kind = 'reviewed'")
        assert actor == holder.id
        assert (await Links(database).resolve(secret)).job_id == str(job_id)
        ((dies,),) = await rows(database, "SELECT max(expires_at) FROM tracking_links")
        assert dies < datetime.now(UTC) + timedelta(hours=tools.settings.link_grace_hours, minutes=1)
        a_day_later = datetime.now(UTC) + timedelta(hours=25)
        with pytest.raises(Unauthorized):
            await Links(database, clock=a_day_later.timestamp).resolve(secret)
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_link_reviews_its_own_finished_job_and_nothing_else(database_url: str) -> None:
    async def story(database: Database) -> None:
        links = Links(database)
        running, other = await add_job(database, "in_progress"), await add_job(database, "completed")
        holder = await links.resolve(await links.make(running, created_by="dee"))
        with pytest.raises(NotFound):
            await rate(database, other, 5, holder)
        with pytest.raises(NotFinished):
            await rate(database, running, 5, holder)
        await step(database, running, Status.COMPLETED)
        await run(database, "UPDATE people SET suspended_at = now() WHERE id = 'cleo'")
        with pytest.raises(NotFound):
            await rate(database, running, 5, holder)
        await run(database, "UPDATE people SET suspended_at = NULL WHERE id = 'cleo'")
        await rate(database, running, 5, holder)
        assert await rows(database, "SELECT job_id, author_id FROM reviews") == [(running, "cleo")]

    with_company(database_url, story)
