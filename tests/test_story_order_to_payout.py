"""One job's whole life: ordered and paid at a checkout, done, reviewed, and paid out; every message and cent.

Real processes, real PostgreSQL and Valkey; Stripe, Twilio, SendGrid and the push service are the stand-ins,
which the real SDKs talk to.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import stripe

from tests.company import DOOR, found_company, with_database
from tests.running import ROOT, Process, serving, token, wait_for, working
from tests.stand_ins import with_stripe
from tracker.city.photos import photo, signature
from tracker.stand_ins import StandIns
from tracker.stand_ins.push import Browser

PRICE, TIP = 12_000, 1_500
SHARE, FEE = 7_200 + TIP, 4_800
ACCOUNT = "acct_pat"
ORDER = {
    "reference": "WREN-1",
    "customer": {"id": "cleo", "name": "Cleo Hart", "phone": "+15550102", "email": "cleo@example.com"},
    "skill": "junk_removal",
    "service": "Haul away a sofa",
    "lat": DOOR[0],
    "lng": DOOR[1],
    "address": "12 Castle Street, Apt 3, Liverpool",
    "price_cents": PRICE,
    "open": True,
}


@dataclass
class Day:
    """The running company, and the job that this is about."""

    web: Process
    worker: Process
    outside: StandIns
    dispatch: httpx.Client
    pat: httpx.Client
    cleo: httpx.Client
    browser: Browser
    job_id: str = ""

    def job(self) -> dict[str, Any]:
        """The job as dispatch sees it."""
        return answer(self.dispatch.get(f"/api/jobs/{self.job_id}"))

    def money(self) -> dict[str, Any]:
        """The job's money."""
        return answer(self.dispatch.get(f"/api/dispatch/jobs/{self.job_id}/money"))

    def move(self, status: str) -> None:
        """Pat taps the next status."""
        answer(self.pat.post(f"/api/jobs/{self.job_id}/status", json={"status": status}))

    def texts(self) -> list[tuple[str, str]]:
        """(to, body) of every text that Twilio took."""
        return [(text["to"], text["body"]) for text in self.outside.twilio.sent()]

    def pushes(self) -> list[str]:
        """What Cleo's browser showed, by title."""
        return [json.loads(one.payload)["title"] for one in self.browser.received]


def answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON of a good answer."""
    assert response.is_success, f"{response.request.url}: {response.status_code} {response.text}"
    found = response.json()
    assert isinstance(found, dict)
    return found


@contextmanager
def a_day(folder: Path, database_url: str, valkey_url: str, outside: StandIns) -> Iterator[Day]:
    """The company at work. Pat's account can be paid, and Cleo's browser wants pushes."""
    settings = {
        **outside.env(),
        "QUIET_HOURS": "off",
        "COMPANY_NAME": "Wrenford",
        "EVIDENCE_FOLDER": str(folder / "evidence"),
    }
    with_database(database_url, found_company)
    outside.stripe.add_account(ACCOUNT)
    with serving(folder, database_url, valkey_url, **settings) as web:
        outside.tell_tracker_at(web.url)
        dispatch, pat, cleo = (
            web.http(token(role, who))
            for role, who in (("dispatcher", "dee"), ("pro", "pat"), ("customer", "cleo"))
        )
        browser = outside.push.subscribe(outside.vapid_public_key)
        keys = {"p256dh": browser.p256dh, "auth": browser.auth}
        with (
            dispatch,
            pat,
            cleo,
            working(folder, database_url, valkey_url, PUBLIC_URL=web.url, **settings) as worker,
        ):
            answer(cleo.post("/api/push/subscriptions", json={"endpoint": browser.endpoint, "keys": keys}))
            answer(dispatch.put("/api/dispatch/people/pat/payout-account", json={"account": ACCOUNT}))
            yield Day(web, worker, outside, dispatch, pat, cleo, browser)


def test_one_job_from_a_paid_checkout_to_a_paid_payout(
    folder: Path, database_url: str, valkey_url: str, stand_ins: StandIns
) -> None:
    with a_day(folder, database_url, valkey_url, stand_ins) as day:
        a_paid_checkout_becomes_one_job_whose_money_is_held(day)
        pat_claims_it_and_both_are_told(day)
        an_appointment_is_made(day)
        pat_sets_out_and_cleo_gets_a_link_that_opens(day)
        pat_arrives_and_cleo_gets_a_push_and_no_text(day)
        the_work_is_shown_and_done(day)
        the_money_is_taken_once_and_shared_out(day)
        cleo_has_a_receipt_that_says_everything(day)
        the_home_is_worth_more_and_both_review_each_other(day)
        pat_is_paid_and_told(day)
        every_message_arrived_and_there_is_no_other(day)
        the_books_agree_with_the_provider(day)


def a_paid_checkout_becomes_one_job_whose_money_is_held(day: Day) -> None:
    answer(day.dispatch.post("/api/dispatch/orders", json=ORDER))

    async def open_session(client: stripe.StripeClient) -> str:
        line = {"price_data": {"currency": "usd", "unit_amount": PRICE, "product_data": {"name": "Sofa"}}}
        params: Any = {
            "mode": "payment",
            "line_items": [{**line, "quantity": 1}],
            "success_url": "https://shop.example/paid",
            "cancel_url": "https://shop.example/not-paid",
            "customer_creation": "always",
            "payment_intent_data": {"capture_method": "manual", "setup_future_usage": "off_session"},
            "metadata": {"order_reference": ORDER["reference"]},
        }
        return (await client.v1.checkout.sessions.create_async(params)).id

    session = with_stripe(day.outside, open_session)
    day.outside.stripe.pay_checkout(session)
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        found[:] = answer(day.dispatch.get("/api/dispatch/jobs"))["jobs"]
        return bool(found)

    wait_for(is_there, "the paid order becoming a job")
    for event in list(day.outside.stripe.show("events")):  # and all of Stripe's words again, thrice
        day.outside.stripe.webhooks.deliver(event, times=3)
    day.outside.stripe.webhooks.courier.settle()
    assert [(job["reference"], job["status"]) for job in found] == [("WREN-1", "open")]
    day.job_id = found[0]["id"]
    wait_for(lambda: day.money()["state"] == "held", "the money being held")
    (payment,) = day.money()["payments"]
    assert (payment["status"], payment["authorized_cents"], payment["provider"]) == (
        "authorized",
        PRICE,
        "stripe",
    )
    assert day.money()["ledger"] == []


def pat_claims_it_and_both_are_told(day: Day) -> None:
    answer(day.pat.post(f"/api/jobs/{day.job_id}/accept"))
    wait_for(lambda: len(day.texts()) == 1 and len(day.pushes()) == 1, "both being told who does it")
    assert day.texts() == [
        (
            "+15550100",
            "Wrenford: You got the job! Haul away a sofa for Cleo Hart, 12 Castle Street, Apt 3, Liverpool.",
        )
    ]
    assert day.pushes() == ["Pat Mason takes care of it"]


def an_appointment_is_made(day: Day) -> None:
    start = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    window = {"window_start": start.isoformat(), "window_end": (start + timedelta(hours=2)).isoformat()}
    answer(day.dispatch.post(f"/api/jobs/{day.job_id}/schedule", json=window))
    assert day.job()["status"] == "scheduled"
    mails = day.outside.sendgrid.mails
    wait_for(lambda: len(mails) == 1 and len(day.pushes()) == 2, "the customer being told the window")
    assert day.pushes()[-1] == mails[0].subject == "Your appointment"
    assert re.search(r"Haul away a sofa: \w{3} \d+ \w{3}, \d\d:\d\d–\d\d:\d\d\.", mails[0].text), mails[
        0
    ].text


def pat_sets_out_and_cleo_gets_a_link_that_opens(day: Day) -> None:
    day.move("en_route")
    wait_for(lambda: len(day.texts()) == 2, "the text with the link")
    to, body = day.texts()[-1]
    found = re.fullmatch(
        rf"Wrenford: Pat Mason is on the way\. Track here: {day.web.url}/track/([\w-]+)", body
    )
    assert to == "+15550102"
    assert found, body
    by_link = httpx.get(f"{day.web.url}/api/jobs/{day.job_id}", headers={"Authorization": f"Link {found[1]}"})
    assert answer(by_link)["status"] == "en_route"


def pat_arrives_and_cleo_gets_a_push_and_no_text(day: Day) -> None:
    day.move("arrived")
    wait_for(lambda: "Pat Mason has arrived" in day.pushes(), "the push at the door")
    assert len(day.texts()) == 2
    assert day.job()["arrived_at"]


def the_work_is_shown_and_done(day: Day) -> None:
    for done in (False, True):
        kind = "after" if done else "before"
        picture = photo(done=done, lat=DOOR[0], lng=DOOR[1], at=datetime.now(UTC), seed=1)
        kept = day.pat.post(
            f"/api/jobs/{day.job_id}/evidence",
            params={"kind": kind, "upload_key": kind},
            content=picture,
            headers={"Content-Type": "image/jpeg"},
        )
        assert answer(kept)["evidence"]["kind"] == kind
        if not done:
            day.move("in_progress")
    answer(
        day.pat.post(
            f"/api/jobs/{day.job_id}/evidence/signature", json={"upload_key": "signed", **signature(1)}
        )
    )
    answer(day.cleo.post(f"/api/jobs/{day.job_id}/tip", json={"amount_cents": TIP, "key": "thanks"}))
    day.move("completed")
    listed = answer(day.dispatch.get(f"/api/jobs/{day.job_id}/evidence"))["evidence"]
    assert [one["kind"] for one in listed] == ["before", "after", "signature"]
    assert all(one["doubts"] == [] for one in listed[:2]), listed


def the_money_is_taken_once_and_shared_out(day: Day) -> None:
    def taken() -> list[int]:
        return [one["captured_cents"] for one in day.money()["payments"]]

    wait_for(lambda: sum(taken()) == PRICE + TIP, "the money being taken")
    at_stripe = [intent["amount_received"] for intent in day.outside.stripe.show("intents")]
    assert at_stripe == taken() == [PRICE, TIP]  # the hold, and what it did not cover
    job, money = day.job(), day.money()
    assert (job["final_price_cents"], job["tip_cents"]) == (PRICE, TIP)
    assert job["finished_at"]
    lines = [(line["account"], line["amount_cents"], line["pro_id"]) for line in money["ledger"]]
    assert sum(cents for _, cents, _ in lines) == 0
    totals: dict[str, int] = {}
    for account, cents, _ in lines:
        totals[account] = totals.get(account, 0) + cents
    assert totals == {
        "provider_balance": PRICE + TIP,
        "pro_payable": -SHARE,
        "platform_revenue": -FEE,
    }


def cleo_has_a_receipt_that_says_everything(day: Day) -> None:
    mails = day.outside.sendgrid.mails
    wait_for(lambda: any("receipt" in mail.subject for mail in mails), "the receipt")
    (receipt,) = [mail for mail in mails if "receipt" in mail.subject]
    assert receipt.to == ("cleo@example.com",)
    for body in (receipt.text, receipt.html):
        for word in ("Haul away a sofa", "$120.00", "$15.00", "$135.00", "Pat Mason", "12 Castle Street"):
            assert word in body, word
        assert "sandbox" not in body.lower()
    assert "Before" in receipt.html
    assert "After" in receipt.html


def the_home_is_worth_more_and_both_review_each_other(day: Day) -> None:
    score = answer(day.cleo.get("/api/me/home-score"))
    assert score["score"] == 55
    assert [item["points"] for item in score["items"]] == [5]
    for who, stars in ((day.cleo, 5), (day.pat, 4)):
        review = {"jobId": day.job_id, "rating": stars, "comment": "Thank you"}
        answer(who.post("/api/reviews", json=review))
    assert answer(day.cleo.get(f"/api/jobs/{day.job_id}"))["pro"]["rating"] == 5


def pat_is_paid_and_told(day: Day) -> None:
    lines = answer(day.dispatch.get("/api/dispatch/payouts"))["payouts"]
    assert sum(line["amount_cents"] for line in lines) == SHARE
    answer(day.dispatch.post("/api/dispatch/payouts/approve", json={"ids": [line["id"] for line in lines]}))
    for _ in range(2):  # pressed twice
        answer(day.dispatch.post("/api/dispatch/payouts/run", json={"run_key": "friday"}))
    wait_for(lambda: day.job()["status"] == "paid", "the job being paid")
    (transfer,) = day.outside.stripe.show("transfers")
    assert (transfer["amount"], transfer["destination"]) == (SHARE, ACCOUNT)
    wait_for(lambda: told_of(day.pat, "payout_paid"), "Pat being told")
    statement = answer(day.pat.get("/api/me/statement"))
    assert (statement["opening_cents"], statement["closing_cents"]) == (0, 0)
    assert sum(line["amount_cents"] for line in statement["lines"]) == 0


def told_of(person: httpx.Client, kind: str) -> bool:
    """Whether somebody's bell has rung for this."""
    return any(one["kind"] == kind for one in answer(person.get("/api/notifications"))["notifications"])


def every_message_arrived_and_there_is_no_other(day: Day) -> None:
    def messages() -> list[dict[str, Any]]:
        found = answer(
            day.dispatch.get("/api/dispatch/messages", params={"job_id": day.job_id, "limit": 200})
        )
        return list(found["messages"])

    def settled() -> bool:
        return all(one["status"] in ("sent", "delivered") for one in messages())

    wait_for(settled, "every message having arrived")
    sent = sorted((one["kind"], one["person_id"], one["channel"]) for one in messages())
    assert sent == [
        ("appointment", "cleo", "email"),
        ("appointment", "cleo", "push"),
        ("arrived", "cleo", "push"),
        ("job_won", "pat", "sms"),
        ("on_the_way", "cleo", "push"),
        ("on_the_way", "cleo", "sms"),
        ("receipt", "cleo", "email"),
        ("review_request", "cleo", "push"),
        ("review_request", "pat", "email"),
        ("who_comes", "cleo", "push"),
    ]
    counted = {channel: [one[2] for one in sent].count(channel) for channel in ("sms", "email", "push")}
    assert (len(day.texts()), len(day.outside.sendgrid.mails), len(day.pushes())) == tuple(counted.values())


def the_books_agree_with_the_provider(day: Day) -> None:
    verified = subprocess.run(
        [sys.executable, "-m", "tracker.cli", "verify"],
        cwd=ROOT,
        env=day.web.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    outbox = answer(day.dispatch.get("/api/dispatch/outbox"))
    assert (outbox["waiting"], outbox["dead"]) == (0, 0)
    for process in (day.web, day.worker):
        assert "Traceback" not in process.words()
        assert "+15550102" not in process.words()  # logs carry ids, never numbers
