"""News that something newer has overtaken while it waited: nobody is told what does not hold any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import carry_out_due
from tests.messaging import one_try, rows, state, tell, tools_with
from tests.test_messages_of_a_job import step
from tests.test_messages_sms import MADE
from tracker.effects.task import Tools
from tracker.identity.links import Links, on_the_way_link
from tracker.jobs.assign import reassign_job
from tracker.jobs.lifecycle import Status
from tracker.messages import sending
from tracker.messages.kinds import Kind
from tracker.messages.link_in import CLOSED
from tracker.messages.notify import Notice
from tracker.messages.resend import resend
from tracker.stand_ins import Kind as Fault
from tracker.stand_ins import StandIns

DEE = Principal("dee", Role.DISPATCHER)
NEWER = "newer news was told before it was sent"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider is asked at once what became of a silent try."""
    monkeypatch.setattr(sending.Calls, "settle_s", lambda _calls, _delivery: 0.0)


async def on_the_way(tools: Tools, job_id: UUID) -> int:
    """The job's pro sets out and the customer is told; the number of the text that waits to be sent."""
    await step(tools.database, job_id, Status.EN_ROUTE)
    await carry_out_due(tools)
    ((number,),) = await rows(
        tools.database,
        "SELECT d.id FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        " WHERE n.kind = 'on_the_way' AND d.channel = 'sms'",
    )
    return int(number)


def appointment(job_id: UUID, key: str, day: int) -> Notice:
    begin = datetime(2026, 12, day, 9, tzinfo=UTC)
    facts = {
        "service": "Mount a TV",
        "window_start": begin.isoformat(),
        "window_end": (begin + timedelta(hours=2)).isoformat(),
    }
    return Notice(Kind.APPOINTMENT, key, ("cleo",), facts, job_id)


def test_of_two_appointments_made_in_one_night_the_morning_tells_the_newer(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, QUIET_HOURS="21:00-08:00")
        job_id = await add_job(database, "scheduled")
        night = datetime(2026, 11, 30, 23, tzinfo=UTC)
        old = (await tell(tools, appointment(job_id, "first", 1), night))["sms"]
        new = (await tell(tools, appointment(job_id, "second", 2), night + timedelta(hours=1)))["sms"]
        morning = datetime(2026, 12, 1, 8, tzinfo=UTC)
        assert [await one_try(tools, "sms", number, morning) for number in (old, new)] == ["done", "done"]
        assert await state(tools, old) == ("expired", NEWER)
        assert await state(tools, new) == ("delivered", None)

    with_company(database_url, story)


def test_the_morning_names_only_the_pro_who_comes(database_url: str) -> None:
    async def story(database: Database) -> None:
        now = datetime.now(UTC)
        quiet = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
        tools = tools_with(database, QUIET_HOURS=quiet)
        job_id = await add_job(database, "open")
        await step(database, job_id, Status.ACCEPTED, DEE, pro_id="pat")
        await carry_out_due(tools)
        await reassign_job(database, DEE, job_id, "quinn", now=datetime.now(UTC))
        await carry_out_due(tools)
        waiting = await rows(
            database,
            "SELECT d.id, n.title FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
            " WHERE n.kind = 'who_comes' ORDER BY d.id",
        )
        assert [title for _, title in waiting] == [
            "Pat Mason takes care of it",
            "Quinn Reyes takes care of it",
        ]
        day = tools_with(database)
        for number, _ in waiting:
            assert await one_try(day, "sms", number) == "done"
        assert await state(tools, waiting[0][0]) == ("expired", NEWER)
        assert await state(tools, waiting[1][0]) == ("delivered", None)

    with_company(database_url, story)


def test_a_silent_try_is_not_followed_by_a_resend_of_what_does_not_hold_any_more(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.SILENT_BEFORE, delay_s=0.05)

    async def story(database: Database) -> None:
        tools, job_id = tools_with(database, stand_ins), await add_job(database, "accepted")
        number = await on_the_way(tools, job_id)
        assert (await state(tools, number))[0] == "sending"
        await step(database, job_id, Status.CANCELLED, DEE)
        assert await one_try(tools, "sms", number) == "done"
        assert await state(tools, number) == ("expired", "the job was cancelled before it was sent")
        assert stand_ins.twilio.sent() == []
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_silent_try_that_did_arrive_is_found_also_when_it_does_not_hold_any_more(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.SILENT_AFTER, delay_s=0.05)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        job_id = await add_job(database, "accepted")
        facts = {"service": "Mount a TV", "customer": "Cleo", "address": "1 A St"}
        won = Notice(Kind.JOB_WON, "won", ("pat",), {**facts, "window_start": "", "window_end": ""}, job_id)
        number = (await tell(tools, won))["sms"]
        await one_try(tools, "sms", number)
        await step(database, job_id, Status.CANCELLED, DEE)
        assert await one_try(tools, "sms", number) == "done"
        assert (await state(tools, number))[0] in ("sent", "delivered")
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_link_that_was_replaced_before_the_text_was_out_is_followed_by_a_living_one(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.ERROR_BEFORE, status=429)

    async def story(database: Database) -> None:
        tools, job_id = tools_with(database, stand_ins), await add_job(database, "accepted")
        number = await on_the_way(tools, job_id)
        assert (await state(tools, number))[0] == "queued"
        links = Links(database)
        await links.rotate(job_id, created_by="dee")
        assert await one_try(tools, "sms", number) == "done"
        secret = stand_ins.twilio.sent()[-1]["body"].rpartition("/")[2]
        ((version,),) = await rows(database, "SELECT version FROM jobs")
        assert secret != on_the_way_link(tools.settings.need_secret(), job_id, version)
        assert (await links.resolve(secret)).job_id == str(job_id)
        assert await rows(database, "SELECT count(*) FROM tracking_links WHERE revoked_at IS NULL") == [(2,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_where_dispatch_closed_the_page_no_text_is_sent_until_somebody_presses_resend(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.ERROR_BEFORE, status=429)

    async def story(database: Database) -> None:
        tools, job_id = tools_with(database, stand_ins), await add_job(database, "accepted")
        number, links = await on_the_way(tools, job_id), Links(database)
        await links.revoke(job_id)
        assert await one_try(tools, "sms", number) == "done"
        assert await state(tools, number) == ("expired", CLOSED)
        assert stand_ins.twilio.sent() == []
        await resend(database, DEE, number, now=datetime.now(UTC))
        await carry_out_due(tools)
        secret = stand_ins.twilio.sent()[-1]["body"].rpartition("/")[2]
        assert (await links.resolve(secret)).job_id == str(job_id)
        await tools.providers.aclose()

    with_company(database_url, story)
