"""Web push to browsers that really decrypt it: who hears, what is shown, and which ones are forgotten."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import carry_out_due
from tests.messaging import WON, one_try, rows, run, state, tell, tools_with
from tests.test_messages_of_a_job import step
from tracker.effects.task import Tools
from tracker.identity.links import Links
from tracker.jobs.lifecycle import Status
from tracker.messages.kinds import Kind
from tracker.messages.notify import Notice
from tracker.messages.subscribing import subscribe, unsubscribe
from tracker.messages.vapid import new_private_key, public_key_of
from tracker.stand_ins import Kind as Fault
from tracker.stand_ins import StandIns
from tracker.stand_ins.push import Browser

CLEO = Principal("cleo", Role.CUSTOMER)
PAT = Principal("pat", Role.PRO)
ARRIVED = Notice(Kind.ARRIVED, "arrived", ("cleo",), {"pro": "Pat Mason", "service": "Mount a TV"})


async def subscribed(tools: Tools, stand_ins: StandIns, who: Principal = CLEO) -> Browser:
    """A browser of this person that may be pushed to."""
    browser = stand_ins.push.subscribe(stand_ins.vapid_public_key)
    keys = {"p256dh": browser.p256dh, "auth": browser.auth}
    await subscribe(tools.database, tools.settings, who, endpoint=browser.endpoint, **keys)
    return browser


def shown(browser: Browser) -> list[dict[str, Any]]:
    """What the browser's service worker got."""
    return [json.loads(one.payload) for one in browser.received]


def test_every_browser_of_a_person_gets_a_push_that_only_it_can_read(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        phone, laptop = await subscribed(tools, stand_ins, PAT), await subscribed(tools, stand_ins, PAT)
        other = await subscribed(tools, stand_ins)
        number = (await tell(tools, Notice(Kind.JOB_WON, "won", ("pat",), WON)))["push"]
        assert await one_try(tools, "push", number) == "done"
        assert await state(tools, number) == ("sent", None)
        for browser in (phone, laptop):
            (told,) = shown(browser)
            assert told["title"] == "You got the job"
            assert told["body"] == "Mount a TV for Cleo Hart, 12 Castle Street."
            assert told["url"] == f"{tools.settings.public_url}/pro"
            (received,) = browser.received
            assert received.urgency == "high"
            assert 12 * 3600 - 60 < received.ttl_s <= 12 * 3600
            assert received.subject == "mailto:ops@company.example"
        assert shown(other) == []
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_push_sent_twice_replaces_itself(database_url: str, stand_ins: StandIns) -> None:
    stand_ins.push.faults.plan("POST /push/*", Fault.SILENT_AFTER, delay_s=0.05)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        browser = await subscribed(tools, stand_ins)
        number = (await tell(tools, ARRIVED))["push"]
        assert "did not answer" in await one_try(tools, "push", number)
        assert await one_try(tools, "push", number) == "done"
        assert len(browser.received) == 2
        assert len({one.topic for one in browser.received}) == 1
        assert len({one["tag"] for one in shown(browser)}) == 1
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_browser_that_is_gone_is_forgotten_and_a_text_takes_its_place(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        for _ in range(2):
            (await subscribed(tools, stand_ins)).gone = True
        numbers = await tell(tools, ARRIVED)
        assert list(numbers) == ["push"]
        assert await one_try(tools, "push", numbers["push"]) == "done"
        assert await state(tools, numbers["push"]) == (
            "failed",
            "no browser of theirs is subscribed any more",
        )
        assert await rows(database, "SELECT count(*) FROM push_subscriptions") == [(0,)]
        await carry_out_due(tools)
        assert [(one["to"], one["body"]) for one in stand_ins.twilio.sent()] == [
            ("+15550102", "Wrenford Home Services: Pat Mason has arrived.")
        ]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_one_living_browser_is_enough_and_trouble_is_tried_again(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        (await subscribed(tools, stand_ins)).gone = True
        alive = await subscribed(tools, stand_ins)
        stand_ins.push.faults.plan("POST /push/*", Fault.ERROR_BEFORE, status=503, times=2)
        number = (await tell(tools, ARRIVED))["push"]
        again = await one_try(tools, "push", number)
        while again != "done":
            assert "the push service answered 503" in again
            again = await one_try(tools, "push", number)
        assert await state(tools, number) == ("sent", None)
        assert len(alive.received) == 1
        assert await rows(database, "SELECT count(*) FROM push_subscriptions") == [(1,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_tracking_links_browser_hears_of_its_job_while_the_link_lives(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        links, job_id = Links(database), await add_job(database, "en_route")
        other = await add_job(database, "en_route")
        holder = await links.resolve(await links.make(job_id, created_by="dee"))
        browser = await subscribed(tools, stand_ins, holder)
        await step(database, other, Status.ARRIVED)
        await carry_out_due(tools)
        assert shown(browser) == []
        await step(database, job_id, Status.ARRIVED)
        await carry_out_due(tools)
        assert [one["title"] for one in shown(browser)] == ["Pat Mason has arrived"]
        await links.revoke(job_id)
        await step(database, job_id, Status.IN_PROGRESS)
        await step(database, job_id, Status.CANCELLED, Principal("dee", Role.DISPATCHER))
        await carry_out_due(tools)
        assert len(shown(browser)) == 1
        channels = (
            "SELECT n.kind, d.channel FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        )
        assert ("arrived", "sms") in await rows(database, f"{channels} WHERE n.job_id = $1", other)
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_browser_that_subscribes_again_is_one_and_the_owners_stays_the_owners(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        links, job_id = Links(database), await add_job(database, "en_route")
        holder = await links.resolve(await links.make(job_id, created_by="dee"))
        browser = stand_ins.push.subscribe()
        keys = {"endpoint": browser.endpoint, "p256dh": browser.p256dh, "auth": browser.auth}
        numbers = await asyncio.gather(*(subscribe(database, tools.settings, CLEO, **keys) for _ in range(4)))
        numbers.append(await subscribe(database, tools.settings, holder, **keys))
        assert len(set(numbers)) == 1
        kept = "SELECT person_id, link_id FROM push_subscriptions"
        assert await rows(database, kept) == [("cleo", None)]
        await subscribe(database, tools.settings, PAT, **keys)  # somebody else signed in there
        assert await rows(database, kept) == [("pat", None)]
        await unsubscribe(database, PAT, numbers[0])
        assert await rows(database, kept) == []
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_push_for_on_the_way_opens_the_tracking_page_and_expires_with_its_news(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        browser, job_id = await subscribed(tools, stand_ins), await add_job(database, "accepted")
        await step(database, job_id, Status.EN_ROUTE)
        await carry_out_due(tools)
        (told,) = shown(browser)
        secret = told["url"].removeprefix(f"{tools.settings.public_url}/track/")
        assert (await Links(database).resolve(secret)).job_id == str(job_id)
        assert secret in stand_ins.twilio.sent()[-1]["body"]
        assert 3500 < browser.received[0].ttl_s <= 3600
        await run(
            database, "UPDATE deliveries SET status = 'queued', first_tried_at = NULL WHERE channel = 'push'"
        )
        ((number, expires),) = await rows(
            database, "SELECT id, expires_at FROM deliveries WHERE channel = 'push'"
        )
        assert await one_try(tools, "push", number, expires + timedelta(seconds=1)) == "done"
        assert (await state(tools, number))[0] == "expired"
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_new_key_is_a_key_and_no_other_key_is() -> None:
    one, other = new_private_key(), new_private_key()
    assert one != other
    assert len(public_key_of(one)) == 87
    assert public_key_of(one) != public_key_of(other)
