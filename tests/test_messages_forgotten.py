"""Messages are forgotten when they have had their time, and what was forgotten is never told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import carry_out_due
from tests.messaging import WON, rows, run, tell, tools_with
from tracker.effects.keep_house import keep_house
from tracker.effects.task import Task
from tracker.identity.links import Links
from tracker.jobs.consequences import Effect
from tracker.messages.kinds import Kind
from tracker.messages.notify import Notice
from tracker.messages.resend import resend

NOW = datetime.now(UTC)
HOUR = Task(Effect.KEEP_HOUSE, None, None, "2026-11-21T05", 1, NOW)
DEE = Principal("dee", Role.DISPATCHER)


def test_messages_of_a_year_ago_are_forgotten_and_their_event_tells_nobody_again(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database)
        old = Notice(Kind.JOB_WON, "old", ("pat",), WON, happened_at=NOW - timedelta(days=366))
        first = replace(old, happened_at=NOW - timedelta(days=366, minutes=1))
        await tell(tools, first, NOW - timedelta(days=366))
        new = Notice(Kind.JOB_WON, "new", ("pat",), WON, happened_at=NOW - timedelta(days=364))
        await tell(tools, new, NOW - timedelta(days=364))
        await run(database, "UPDATE notifications SET created_at = now() - interval '366 days' WHERE id = 1")
        await run(database, "UPDATE notifications SET created_at = now() - interval '364 days' WHERE id = 2")
        await carry_out_due(tools)
        await keep_house(tools, HOUR)
        assert await rows(database, "SELECT event_key FROM notifications") == [("new",)]
        assert await rows(database, "SELECT DISTINCT notification_id FROM deliveries") == [(2,)]
        for notice in (old, new):
            await tell(tools, notice, NOW)
        assert await rows(database, "SELECT event_key FROM notifications") == [("new",)]

    with_company(database_url, story)


def test_an_old_message_that_somebody_sends_after_all_stays_until_it_was_sent(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database)
        (number,) = (await tell(tools, Notice(Kind.JOB_WON, "old", ("pat",), WON))).values()
        await run(database, "UPDATE notifications SET created_at = now() - interval '400 days'")
        await run(database, "UPDATE deliveries SET status = 'failed'")
        await resend(database, DEE, number, now=NOW)
        await keep_house(tools, HOUR)
        assert await rows(database, "SELECT id, status FROM deliveries") == [(number, "queued")]
        await carry_out_due(tools)
        await keep_house(tools, HOUR)
        assert await rows(database, "SELECT count(*) FROM notifications") == [(0,)]

    with_company(database_url, story)


def test_browsers_of_dead_links_are_forgotten(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools, links = tools_with(database), Links(database)
        for life in ("dead", "alive", "own"):
            job_id = await add_job(database, "accepted")
            link = await links.resolve(await links.make(job_id, created_by="dee"))
            await run(
                database,
                "INSERT INTO push_subscriptions (person_id, link_id, endpoint, p256dh, auth)"
                " VALUES ('cleo', $1, $2, 'x', 'x')",
                None if life == "own" else int(link.id.removeprefix("link:")),
                f"https://push.example/{life}",
            )
            if life == "dead":
                await links.revoke(job_id)
        await keep_house(tools, HOUR)
        kept = await rows(database, "SELECT endpoint FROM push_subscriptions ORDER BY id")
        assert kept == [("https://push.example/alive",), ("https://push.example/own",)]

    with_company(database_url, story)
