"""How a text fares: callbacks late, twice and in any order; STOP and START; what it cost."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from db.pool import Database
from rooms.principal import Role
from tests.company import add_job, with_company
from tests.messaging import PUBLIC_URL, one_try, rows, state, tell_won, tools_with
from tests.running import serving, token, wait_for
from tests.test_messages_sms import MADE
from tracker.effects.handle_twilio_event import handle_twilio_event
from tracker.effects.task import Postpone, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.messages import sending
from tracker.messages.twilio_events import PRICE_PATIENCE, receive_callback
from tracker.messages.twilio_signature import verified_form
from tracker.stand_ins import Kind as Fault
from tracker.stand_ins import StandIns

CALLBACK = f"{PUBLIC_URL}/webhooks/twilio"


async def call_back(tools: Tools, stand_ins: StandIns, params: dict[str, str], delivery: int | None) -> None:
    """Take in a callback that Twilio signed for our address, and act on what is queued."""
    url = CALLBACK if delivery is None else f"{CALLBACK}?delivery={delivery}"
    body, headers = stand_ins.twilio.signed(url, params)
    form = verified_form(body, [headers["X-Twilio-Signature"]], url, stand_ins.twilio.auth_token)
    await receive_callback(tools.database, form, delivery)


async def act(tools: Tools) -> list[str]:
    """Act on every kept callback once; what is to be tried again."""
    later = []
    for (subject,) in await rows(
        tools.database, "SELECT subject FROM outbox WHERE effect = 'handle_twilio_event' ORDER BY id"
    ):
        task = Task(Effect.HANDLE_TWILIO_EVENT, None, None, subject, 1, datetime.now(UTC))
        try:
            await handle_twilio_event(tools, task)
        except Postpone as error:
            later.append(str(error))
    return later


async def sent_text(tools: Tools, stand_ins: StandIns, key: str = "won") -> tuple[int, Any]:
    """A delivery that Twilio has, and Twilio's message."""
    number = await tell_won(tools, key)
    assert await one_try(tools, "sms", number) == "done"
    return number, list(stand_ins.twilio.messages.by_sid.values())[-1]


def params_of(stand_ins: StandIns, message: Any, status: str, error: int | None = None) -> dict[str, str]:
    told = {**stand_ins.twilio.status_params(message), "MessageStatus": status, "SmsStatus": status}
    told.pop("ErrorCode", None)
    return told if error is None else {**told, "ErrorCode": str(error)}


def test_in_whatever_order_callbacks_come_and_however_often_the_text_is_delivered(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        for number, order in enumerate(permutations(("queued", "sent", "delivered"))):
            delivery, message = await sent_text(tools, stand_ins, f"won {number}")
            for status in (*order, *order):
                await call_back(tools, stand_ins, params_of(stand_ins, message, status), delivery)
                await act(tools)
            assert await state(tools, delivery) == ("delivered", None), order
        assert await rows(database, "SELECT DISTINCT cost_micros, segments FROM deliveries") == [(7900, 1)]
        assert await rows(database, "SELECT count(*) FROM external_events") == [(18,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_text_that_did_not_arrive_says_why_and_a_late_sent_changes_nothing(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        delivery, message = await sent_text(tools, stand_ins)
        for status, error in (("undelivered", 30003), ("sent", None), ("delivered", None)):
            await call_back(tools, stand_ins, params_of(stand_ins, message, status, error), delivery)
            await act(tools)
        assert await state(tools, delivery) == ("failed", "Twilio: undelivered (30003)")
        stopped, message = await sent_text(tools, stand_ins, "stopped")
        await call_back(tools, stand_ins, params_of(stand_ins, message, "failed", 21610), stopped)
        await act(tools)
        assert await rows(database, "SELECT phone FROM phone_opt_outs") == [("+15550100",)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_callback_tells_of_a_text_whose_answer_was_lost(
    database_url: str, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending.Calls, "settle_s", lambda _calls, _delivery: 0.0)
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan(MADE, Fault.SILENT_AFTER, delay_s=0.05)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        number = await tell_won(tools)
        await one_try(tools, "sms", number)
        (message,) = stand_ins.twilio.messages.by_sid.values()
        await call_back(tools, stand_ins, params_of(stand_ins, message, "delivered"), number)
        await act(tools)
        assert await state(tools, number) == ("delivered", None)
        assert await one_try(tools, "sms", number) == "done"
        assert len(stand_ins.twilio.sent()) == 1
        await tools.providers.aclose()

    with_company(database_url, story)


def test_stop_and_start_are_for_the_number_and_what_else_was_written_is_not_kept(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        base = {"AccountSid": stand_ins.twilio.account_sid, "From": "+15550100", "To": "+15005550006"}
        stopped = []
        for number, words in enumerate(
            ("where are you?", " Stop. ", "START", "please stop", "Unsubscribe", "yes", "ALTO")
        ):
            told = {**base, "MessageSid": f"SM{number:032d}", "SmsStatus": "received", "Body": words}
            await call_back(tools, stand_ins, told, None)
            await act(tools)
            stopped.append(await rows(database, "SELECT count(*) FROM phone_opt_outs"))
        assert [count for ((count,),) in stopped] == [0, 1, 0, 0, 1, 0, 1]
        kept = await rows(database, "SELECT body->>'word' FROM external_events ORDER BY received_at")
        assert [word for (word,) in kept] == ["", "stop", "start", "", "unsubscribe", "yes", "alto"]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_start_that_is_handled_late_does_not_undo_a_later_stop(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        base = {"AccountSid": stand_ins.twilio.account_sid, "From": "+15550100", "To": "+15005550006"}
        for number, words in enumerate(("START", "STOP")):
            told = {**base, "MessageSid": f"SM{number:032d}", "SmsStatus": "received", "Body": words}
            await call_back(tools, stand_ins, told, None)
        subjects = await rows(database, "SELECT subject FROM outbox ORDER BY id DESC")
        for (subject,) in subjects:  # the STOP first
            task = Task(Effect.HANDLE_TWILIO_EVENT, None, None, subject, 1, datetime.now(UTC))
            await handle_twilio_event(tools, task)
        assert await rows(database, "SELECT phone FROM phone_opt_outs") == [("+15550100",)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_price_that_is_not_known_yet_is_asked_for_again_for_half_an_hour(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()
    stand_ins.twilio.faults.plan("GET /2010-04-01/Accounts/*/Messages/*", Fault.ERROR_BEFORE, times=2)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        delivery, message = await sent_text(tools, stand_ins)
        await call_back(tools, stand_ins, params_of(stand_ins, message, "delivered"), delivery)
        assert await act(tools) == ["Twilio cannot be asked: status 500"]
        await rows(database, "UPDATE deliveries SET sent_at = sent_at - $1::interval", PRICE_PATIENCE)
        assert await act(tools) == []  # too old to wait for it any longer
        assert await act(tools) == []
        assert await rows(database, "SELECT cost_micros FROM deliveries") == [(7900,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_from_the_claim_to_the_callback_dispatch_sees_how_a_text_fares(
    database_url: str, folder: Path, stand_ins: StandIns
) -> None:
    job_id = str(with_company(database_url, lambda database: add_job(database, "open")))
    settings = {name: value for name, value in stand_ins.env().items() if name.startswith("TWILIO")}
    with serving(folder, database_url, QUIET_HOURS="off", **settings) as web:
        pat, dee = web.http(token(Role.PRO, "pat")), web.http(token(Role.DISPATCHER, "dee"))
        with pat, dee:
            assert pat.post(f"/api/jobs/{job_id}/accept").status_code == 200
            path = f"/api/dispatch/messages?job_id={job_id}&status=delivered"
            wait_for(lambda: len(dee.get(path).json()["messages"]) == 2, "both texts being delivered")
            stand_ins.twilio.callbacks.settle()
            wait_for(lambda: all(one["cost_micros"] for one in dee.get(path).json()["messages"]), "prices")
            newest = dee.get(path).json()["messages"]
    assert {(one["kind"], one["recipient"], one["sandbox"], one["cost_micros"]) for one in newest} == {
        ("who_comes", "+15550102", False, 7900),
        ("job_won", "+15550100", False, 7900),
    }
    assert {delivery.status for delivery in stand_ins.twilio.callbacks.deliveries} == {204}
