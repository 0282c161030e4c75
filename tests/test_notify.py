"""One call tells everybody concerned: bell, channels, once per event and person."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from db.pool import Database
from tests.company import add_job, with_company
from tracker.messages.kinds import Kind
from tracker.messages.notify import Notice, alert_dispatch, notify
from tracker.settings import Settings

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 23, tzinfo=UTC)
SETTINGS = Settings(tracker_secret="a secret that only the tests know, 32+")
WON = {
    "service": "Mount a TV",
    "customer": "Cleo Hart",
    "address": "12 Castle Street",
    "window_start": "2026-11-22T09:00:00+00:00",
    "window_end": "2026-11-22T11:00:00+00:00",
}


async def rows(database: Database, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    async with database.connection() as conn:
        return [tuple(row.values()) for row in await conn.fetch(sql, *args)]


DELIVERIES = (
    "SELECT n.person_id, d.channel, d.recipient, d.status FROM deliveries d"
    " JOIN notifications n ON n.id = d.notification_id ORDER BY d.id"
)


def test_the_same_event_tells_the_same_person_once_however_many_say_it_at_once(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        notice = Notice(Kind.JOB_WON, "job:1:won", ("pat", "pat", "nobody"), WON, job_id)

        async def tell() -> None:
            async with database.transaction() as conn:
                await notify(conn, SETTINGS, notice, now=NOON)

        await asyncio.gather(*(tell() for _ in range(8)))
        assert await rows(database, DELIVERIES) == [("pat", "sms", "+15550100", "queued")]
        assert await rows(database, "SELECT title, body FROM notifications") == [
            ("You got the job", "Mount a TV for Cleo Hart, 12 Castle Street, Sun 22 Nov, 09:00–11:00.")
        ]
        assert await rows(database, "SELECT effect FROM outbox ORDER BY id") == [
            ("ring_bell",),
            ("send_sms",),
        ]

    with_company(database_url, story)


def test_an_alert_rings_for_every_dispatcher_once(database_url: str) -> None:
    async def story(database: Database) -> None:
        for _ in range(2):
            async with database.transaction() as conn:
                await alert_dispatch(
                    conn, SETTINGS, event_key="dead:7", title="Look", body="Now", job_id=None, now=NIGHT
                )
        assert await rows(database, "SELECT person_id, kind, title, body FROM notifications") == [
            ("dee", "alert", "Look", "Now")
        ]

    with_company(database_url, story)


def test_a_message_without_its_facts_is_a_mistake_said_at_once(database_url: str) -> None:
    async def story(database: Database) -> None:
        facts = {"service": "x", "window_start": "", "window_end": ""}
        async with database.transaction() as conn:
            with pytest.raises(ValueError, match="needs address, customer"):
                await notify(conn, SETTINGS, Notice(Kind.JOB_WON, "k", ("pat",), facts), now=NOON)

    with_company(database_url, story)
