"""Texts through Twilio's own client: one text each, whatever the provider does or does not say."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db.pool import Database
from tests.company import with_company
from tests.messaging import one_try, rows, run, settings_with, state, tell, tell_won, tools_with
from tracker.effects.task import Tools
from tracker.messages import sending
from tracker.messages.kinds import Kind
from tracker.messages.notify import Notice
from tracker.providers import Providers
from tracker.stand_ins import Kind as Fault
from tracker.stand_ins import StandIns

MESSAGES = "* /2010-04-01/Accounts/*/Messages.json"
MADE = "POST /2010-04-01/Accounts/*/Messages.json"
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider is asked at once what became of a silent try."""
    monkeypatch.setattr(sending.Calls, "settle_s", lambda _calls, _delivery: 0.0)


def test_a_text_is_sent_with_its_words_and_an_address_to_tell_how_it_fares(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        number = await tell_won(tools)
        assert await one_try(tools, "sms", number) == "done"
        assert await state(tools, number) == ("sent", None)
        (sent,) = stand_ins.twilio.messages.by_sid.values()
        assert (sent.to, sent.sender) == ("+15550100", stand_ins.twilio.messages.service_number)
        assert sent.body == (
            "Wrenford Home Services: You got the job! Mount a TV for Cleo Hart, 12 Castle Street."
        )
        assert sent.callback == f"{tools.settings.public_url}/webhooks/twilio?delivery={number}"
        assert await one_try(tools, "sms", number) == "done"  # again: nothing more
        assert len(stand_ins.twilio.sent()) == 1
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    for number, lost in enumerate((Fault.SILENT_AFTER, Fault.CUT, Fault.ERROR_AFTER)):
        stand_ins.twilio.faults.plan(MADE, lost, nth=1 + number, delay_s=0.05)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        for number, pro in enumerate(("pat", "quinn", "pat")):
            delivery = await tell_won(tools, f"won {number}", pro)
            assert "did not say" in await one_try(tools, "sms", delivery)
            assert (await state(tools, delivery))[0] == "sending"
            assert await one_try(tools, "sms", delivery) == "done"
            assert await state(tools, delivery) == ("delivered", None)
        assert [one["to"] for one in stand_ins.twilio.sent()] == ["+15550100", "+15550101", "+15550100"]
        assert await rows(database, "SELECT count(DISTINCT provider_id) FROM deliveries") == [(3,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_text_that_was_never_made_is_sent_once_more_and_then_never_again(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.SILENT_BEFORE, delay_s=0.05)
    stand_ins.twilio.faults.plan(MADE, Fault.ERROR_BEFORE, nth=3, times=0)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        lucky = await tell_won(tools, "lucky")
        await one_try(tools, "sms", lucky)
        assert await one_try(tools, "sms", lucky) == "done"
        assert await state(tools, lucky) == ("sent", None)
        unlucky = await tell_won(tools, "unlucky", "quinn")
        tries = [await one_try(tools, "sms", unlucky) for _ in range(4)]
        assert tries[2:] == ["done", "done"]
        status, problem = await state(tools, unlucky)
        assert (status, problem) == (
            "failed",
            "the provider did not say whether it was sent, and was asked twice",
        )
        assert (
            stand_ins.twilio.service.requests.count(
                f"POST /2010-04-01/Accounts/{stand_ins.twilio.account_sid}/Messages.json"
            )
            == 4
        )
        assert await rows(database, "SELECT person_id, title FROM notifications WHERE kind = 'alert'") == [
            ("dee", "Quinn Reyes may not have got a message")
        ]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_two_workers_with_the_same_text_send_one(database_url: str, stand_ins: StandIns) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.SLOW_BEFORE, delay_s=0.2)

    async def story(database: Database) -> None:
        one, other = tools_with(database, stand_ins), tools_with(database, stand_ins)
        number = await tell_won(one)

        async def tries(tools: Tools) -> None:
            await one_try(tools, "sms", number)

        await asyncio.gather(*(tries(tools) for tools in (one, other, one, other)))
        assert len(stand_ins.twilio.sent()) == 1
        await asyncio.gather(one.providers.aclose(), other.providers.aclose())

    with_company(database_url, story)


def test_a_try_under_way_elsewhere_is_left_time_before_anybody_looks(
    database_url: str, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    stand_ins.twilio.faults.plan(MADE, Fault.SILENT_BEFORE, delay_s=0.05)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        number = await tell_won(tools)
        await one_try(tools, "sms", number)
        assert await one_try(tools, "sms", number) == "the outcome of the last try is not known yet"
        assert [one for one in stand_ins.twilio.service.requests if one.startswith("GET")] == []
        assert await one_try(tools, "sms", number, datetime.now(UTC) + timedelta(seconds=16)) == "done"
        assert len(stand_ins.twilio.sent()) == 1
        await tools.providers.aclose()

    with_company(database_url, story)


def test_who_said_stop_gets_nothing_more_by_any_way(database_url: str, stand_ins: StandIns) -> None:
    stand_ins.twilio.opt_out("+15550100")

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        number = await tell_won(tools)
        assert await one_try(tools, "sms", number) == "done"
        assert await state(tools, number) == ("suppressed", "the number said STOP (Twilio 21610)")
        again = await tell_won(tools, "another")
        assert await state(tools, again) == ("suppressed", "the number said STOP")
        assert await rows(database, "SELECT count(*) FROM outbox WHERE subject = $1", str(again)) == [(1,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_number_that_is_none_fails_with_its_reason_and_is_not_tried_again(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        for phone, reason in (
            ("+15005550001", "Twilio 21211: "),
            ("+15005550009", "Twilio 21614: "),
            ("555 0100", "the phone number on record has no country code or is none"),
        ):
            await run(database, "UPDATE people SET phone = $1 WHERE id = 'pat'", phone)
            number = await tell_won(tools, phone)
            assert await one_try(tools, "sms", number) == "done"
            status, problem = await state(tools, number)
            assert (status, (problem or "").startswith(reason)) == ("failed", True), problem
        assert await rows(database, "SELECT count(*) FROM outbox WHERE effect = 'send_sms'") == [(2,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_too_many_requests_and_nobody_there_are_tried_again_as_if_for_the_first_time(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.ERROR_BEFORE, status=429, times=3)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        number = await tell_won(tools)
        for _ in range(3):
            assert "429" in await one_try(tools, "sms", number)
        assert await state(tools, number) == ("queued", "Twilio takes no more just now (429)")
        away = settings_with(database, stand_ins, TWILIO_API_URL="http://127.0.0.1:9")
        nobody = Tools(away, database, tools.say, Providers.open(away, database))
        assert "cannot be reached" in await one_try(nobody, "sms", number)
        assert await one_try(tools, "sms", number) == "done"
        assert await state(tools, number) == ("sent", None)
        assert len(stand_ins.twilio.sent()) == 1
        await asyncio.gather(tools.providers.aclose(), nobody.providers.aclose())

    with_company(database_url, story)


def test_wrong_credentials_are_said_and_the_text_waits_for_better_ones(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins, TWILIO_AUTH_TOKEN="not-the-right-one")
        number = await tell_won(tools)
        assert await one_try(tools, "sms", number) == "Twilio refuses our credentials"
        assert await state(tools, number) == ("queued", "Twilio refuses our credentials")
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_provider_that_is_down_too_long_makes_it_expire_and_nobody_is_told_too_late(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.faults.plan(MESSAGES, Fault.ERROR_BEFORE, times=0)

    async def story(database: Database) -> None:
        tools, now = tools_with(database, stand_ins), datetime.now(UTC)
        facts = {"pro": "Pat Mason", "service": "Mount a TV"}
        number = (await tell(tools, Notice(Kind.ARRIVED, "arrived", ("cleo",), facts), now))["sms"]
        for minutes in range(0, 30, 5):
            assert await one_try(tools, "sms", number, now + timedelta(minutes=minutes)) != "done"
        stand_ins.twilio.faults.clear()
        assert await one_try(tools, "sms", number, now + timedelta(minutes=30)) == "done"
        assert await state(tools, number) == (
            "expired",
            "the provider did not say whether it was sent, and now it is too late",
        )
        assert stand_ins.twilio.sent() == []
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_message_that_the_day_did_not_see_off_wakes_nobody_at_night(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.ERROR_BEFORE, status=429)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins, QUIET_HOURS="21:00-08:00", TIME_ZONE="America/New_York")
        evening = datetime(2026, 11, 21, 20, 58, tzinfo=NEW_YORK).astimezone(UTC)
        facts = {"pro": "Pat Mason", "service": "Mount a TV", "window_start": "", "window_end": ""}
        number = (await tell(tools, Notice(Kind.WHO_COMES, "who", ("cleo",), facts), evening))["sms"]
        assert "429" in await one_try(tools, "sms", number, evening)
        assert await one_try(tools, "sms", number, evening + timedelta(minutes=3)) == "quiet hours"
        assert await one_try(tools, "sms", number, evening + timedelta(hours=11, minutes=3)) == "done"
        assert await state(tools, number) == ("sent", None)
        late = evening + timedelta(minutes=5)
        held = (await tell(tools, Notice(Kind.WHO_COMES, "held", ("zoe",), facts), late))["sms"]
        ((due,),) = await rows(
            database, "SELECT available_at FROM outbox WHERE effect = 'send_sms' AND subject = $1", str(held)
        )
        assert due == datetime(2026, 11, 22, 8, 0, tzinfo=NEW_YORK)
        await tools.providers.aclose()

    with_company(database_url, story)
