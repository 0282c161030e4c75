"""The customer's page when the work is done: receipt, photos, a tip that is given once, a review."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Request, Route

from tests.customer_page import MARKUP, House, open_house
from tests.running import wait_for
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
# The page asks by itself whenever it hears of news; here only a tap helps.
NO_RECEIPT_UNASKED = """
  const ask = window.fetch;
  const note = ({ target }) => { if (target.dataset.key === "again") sessionStorage.tapped = "yes"; };
  addEventListener("click", note, true);
  window.fetch = (address, how) => {
    const refused = !sessionStorage.tapped && String(address).endsWith("/receipt");
    return refused ? Promise.reject(new TypeError("refused")) : ask(address, how);
  };
"""


@pytest.fixture(scope="module")
def house(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[House]:
    with open_house(postgres, template_database, browser) as house:
        yield house


def test_from_the_last_stroke_of_work_to_receipt_photos_tip_and_review(house: House) -> None:
    job = house.held()
    house.add_photo(job, "before")
    house.add_photo(job, "after")
    link = house.own_link(job)
    with house.opens(link) as cleo:
        cleo.sees("#status", "Work is under way")
        house.move(job, "completed")
        cleo.sees("h1", "All done")
        cleo.sees("#receipt", "Paid. Thank you.")
        cleo.sees("#receipt", "Test mode: no money moves.")
        assert "$120.00" in cleo.text("#receipt .bill-total")
        pictures = cleo.page.locator("#photos img")
        cleo.until(
            lambda: pictures.evaluate_all("all => all.map((one) => one.naturalWidth > 0)") == [True, True],
            "both photos being shown",
        )
        cleo.page.locator(".choice", has_text="15%").click()
        cleo.page.locator("#tip button", has_text="Give $18.00").dblclick()
        cleo.sees("#tip", "Thank you")
        cleo.sees("#tip", "You gave $18.00")
        cleo.sees("#receipt .bill-total", "$138.00")
        assert cleo.page.locator("#tip form").count() == 0
        cleo.page.get_by_label("5 stars").check(force=True)
        cleo.page.fill("#comment", f"On time {MARKUP}")
        cleo.page.locator("#review button").dblclick()
        cleo.sees("#review", "Thank you for telling us")
        cleo.page.reload()
        cleo.sees("#review", "You gave 5 stars")
        cleo.sees("#tip", "You gave $18.00")
        assert cleo.page.locator("form").count() == 0
    tips = [one for one in house.money(job)["payments"] if one["purpose"] == "tip"]
    assert [(one["status"], one["captured_cents"]) for one in tips] == [("captured", 1_800)]
    reviews = house.dispatcher.get(f"/api/dispatch/jobs/{job}/reviews").json()["reviews"]
    assert [(one["rating"], one["comment"]) for one in reviews] == [(5, f"On time {MARKUP}")]


def test_an_amount_is_asked_for_and_a_tip_whose_answer_was_lost_is_given_once(house: House) -> None:
    job, link = house.finished(customer="zoe")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    with house.opens(link) as zoe:
        for typed, said in (
            ("", "Choose an amount"),
            ("0", "at most $1,000.00"),
            ("5000", "at most $1,000.00"),
        ):
            if typed:
                zoe.page.locator(".choice", has_text="Other").click()
                zoe.page.fill("#tip-other", typed)
            zoe.page.locator("#tip button").click()
            zoe.sees("#tip .said", said)
        zoe.page.fill("#tip-other", "7,50")
        zoe.page.route("**/tip", lose_the_answer)
        zoe.page.route("**/receipt", lambda route: route.abort())
        zoe.page.locator("#tip button", has_text="Give $7.50").click()
        zoe.sees("#tip .said", "Tap once more")
        zoe.page.unroute("**/tip")
        zoe.page.locator("#tip button", has_text="Give $7.50").click()
        zoe.sees("#tip", "Thank you! They will be glad.")
        zoe.page.unroute("**/receipt")
        zoe.page.reload()
        zoe.sees("#tip", "$7.50")
        assert zoe.page.locator("#tip form").count() == 0
    wait_for(lambda: house.money(job)["tip_cents"] == 750, "the tip being taken")
    assert [one["amount_cents"] for one in house.money(job)["payments"] if one["purpose"] == "tip"] == [750]


def test_a_tip_that_was_declined_is_not_taken_for_the_next_one_though_its_answer_was_lost(
    house: House,
) -> None:
    _, link = house.finished()
    keys: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/tip"):
            keys.append(json.loads(request.post_data or "")["key"])

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    def with_a_declined_one(route: Route) -> None:
        answer = route.fetch()
        first, *others = answer.json()["tips"]
        tips = [{**first, "status": "failed"}, *others]
        route.fulfill(response=answer, json={**answer.json(), "tips": tips})

    with house.opens(link) as cleo:
        cleo.page.on("request", note)
        give = cleo.page.locator("#tip button", has_text="Give $12.00")
        cleo.page.locator(".choice", has_text="10%").click()
        cleo.page.route("**/tip", lose_the_answer)
        cleo.page.route("**/receipt", with_a_declined_one)
        give.click()
        cleo.sees("#tip", "declined by your bank")
        cleo.page.unroute("**/tip")
        cleo.page.locator(".choice", has_text="10%").click()
        give.click()
        cleo.sees("#tip", "Thank you!")
        cleo.page.unroute_all(behavior="wait")
    assert len(set(keys)) == len(keys) == 2


def test_a_cancelled_visit_says_what_became_of_the_money(house: House) -> None:
    job = house.held()
    with house.opens(house.own_link(job)) as cleo:
        cleo.sees("#status", "Work is under way")
        house.move(job, "cancelled")
        cleo.sees("h1", "This visit was cancelled")
        cleo.sees("#receipt", "the amount that was reserved is free again")
        assert cleo.page.locator("form").count() == 0


def test_a_receipt_that_cannot_be_had_is_asked_for_again_and_later_known_without_a_network(
    house: House,
) -> None:
    _, link = house.finished(customer="zoe")
    with house.opens(link, script=NO_RECEIPT_UNASKED) as zoe:
        zoe.sees("#receipt", "Your receipt could not be shown")
        zoe.page.click("#receipt [data-key=again]")
        zoe.sees("#receipt", "Paid. Thank you.")
        kept = "async () => (await navigator.serviceWorker.ready).active?.state === 'activated'"
        zoe.until(lambda: bool(zoe.page.evaluate(kept)), "the service worker")
        zoe.context.set_offline(True)
        zoe.page.reload()
        zoe.sees("h1", "All done")
        zoe.sees("#receipt .bill-total", "$120.00")
        zoe.sees("#receipt", "You see what was known")
        zoe.context.set_offline(False)
        zoe.sees("#review", "How was it?")
