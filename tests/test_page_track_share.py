"""The customer passes the visit on, is told of it on their phone, and sees it without a network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.company import DOOR
from tests.customer_page import House, open_house
from tests.test_page_pro import MADE_UP_SUBSCRIPTION
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser

# What a phone has, and a Chromium without a window has not.
SHARE_SHEET = "navigator.share = async (what) => { document.body.dataset.shared = what.url; };"
SLOW_LIST = """
  const ask = window.fetch;
  window.fetch = async (address, how) => {
    const answer = await ask(address, how);
    if (how?.method === "GET" && String(address).endsWith("/shared-links")) {
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
    return answer;
  };
"""


@pytest.fixture(scope="module")
def house(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[House]:
    with open_house(postgres, template_database, browser) as house:
        yield house


def test_a_neighbour_sees_the_visit_and_nothing_else_until_it_is_taken_back(house: House) -> None:
    job = house.job("en_route")
    house.drive(0.020, 0.019)
    with house.opens(house.own_link(job), script=SHARE_SHEET) as cleo:
        cleo.page.locator("#share summary").click()
        cleo.page.locator("#share [data-key=make]").dblclick()
        cleo.page.click("#share [data-key=send]")
        shared = cleo.page.locator("body").get_attribute("data-shared") or ""
        assert shared == cleo.page.input_value("#shared-link")
        cleo.sees("#share .shared", "not opened yet")
        assert cleo.page.locator("#share .shared li").count() == 1  # a double tap makes one
        with house.opens(shared) as neighbour:
            neighbour.sees("#guest", "Somebody shared this visit with you")
            neighbour.sees("#status", "Pat Mason is on the way")
            neighbour.sees_dot_at(DOOR[0] + 0.019, DOOR[1])
            house.move(job, "arrived")
            neighbour.sees("#status", "Pat Mason is at the door")
            cleo.sees("#status", "Pat Mason is at your door")
            neighbour.page.wait_for_timeout(2_500)  # by then the customer's own page has more
            assert neighbour.text("#extras") == neighbour.text("#ready") == ""
            cleo.page.locator("#share summary").click()
            cleo.page.locator("#share summary").click()
            cleo.sees("#share .shared", "opened")
            cleo.page.locator("#share .shared button").dblclick()
            neighbour.sees("h1", "This tracking link is not active", within_s=3)
            cleo.sees("#share", "Stopped")
            assert cleo.page.locator("#share .shared li").count() == 0
        with house.opens(shared) as late:
            late.sees("h1", "This tracking link is not active")


def test_a_tap_while_the_list_is_still_being_read_makes_a_link_too(house: House) -> None:
    job = house.job("en_route", customer="zoe")
    with house.opens(house.own_link(job), script=SLOW_LIST) as zoe:
        zoe.page.locator("#share summary").click()
        zoe.page.locator("#share [aria-busy]").wait_for()
        zoe.page.locator("#share [data-key=make]").dblclick()
        zoe.sees("#share .shared", "not opened yet")
        assert zoe.page.locator("#share .shared li").count() == 1


def test_the_end_of_the_visit_is_all_a_neighbour_hears_of_it(house: House) -> None:
    job = house.held(customer="zoe")
    own = house.own_link(job)
    with house.opens(own) as zoe:
        zoe.page.locator("#share summary").click()
        zoe.page.locator("#share [data-key=make]").click()
        shared = zoe.page.input_value("#shared-link")
        zoe.context.grant_permissions(["clipboard-read", "clipboard-write"])
        zoe.page.click("#share [data-key=copy]")
        zoe.sees("#share", "Copied.")
        assert zoe.page.evaluate("() => navigator.clipboard.readText()") == shared
        with house.opens(shared) as neighbour:
            neighbour.sees("#status", "Work is under way")
            house.move(job, "completed")
            neighbour.sees("h1", "This visit is over")
            zoe.sees("#receipt", "$120.00")
            assert neighbour.page.locator("#receipt, #tip, #review, #photos").count() == 0
            neighbour.page.reload()
            neighbour.sees("h1", "This visit is over")


def test_the_phone_is_told_of_its_visit_and_of_no_other(house: House) -> None:
    job = house.job("en_route")
    options = {"script": MADE_UP_SUBSCRIPTION, "permissions": ["notifications"]}
    with house.opens(house.own_link(job), **options) as cleo:
        cleo.page.locator("#notify summary").click()
        cleo.page.click("#notify >> text=Notify me")
        cleo.sees("#notify", "This device tells you")
        scope = "async () => (await navigator.serviceWorker.ready).scope"
        assert cleo.page.evaluate(scope) == cleo.page.url
        cleo.page.click("#notify >> text=Do not notify me here")
        cleo.sees("#notify", "Be told when they set off")


def test_without_a_network_the_page_opens_with_what_was_known_and_says_how_old_that_is(house: House) -> None:
    job = house.job("en_route", customer="zoe")
    house.drive(0.020)
    link = house.own_link(job)
    with house.opens(link) as zoe:
        zoe.sees("#contact", "Live")
        kept = "async () => (await navigator.serviceWorker.ready).active?.state === 'activated'"
        zoe.until(lambda: bool(zoe.page.evaluate(kept)), "the service worker")
        zoe.context.set_offline(True)
        zoe.page.reload()
        zoe.sees("#status", "Pat Mason is on the way")
        zoe.sees("#own", "You are offline. What you see was known")
        zoe.sees("#contact", "Last seen")
        house.drive(0.018)
        zoe.context.set_offline(False)
        zoe.sees("#contact", "Live")
        assert zoe.text("#own") == ""
        house.dispatcher.delete(f"/api/jobs/{job}/tracking-link").raise_for_status()
        zoe.sees("h1", "This tracking link is not active")
        zoe.context.set_offline(True)
        zoe.page.reload()
        zoe.sees("#own", "Your visit appears here as soon as")  # nothing is kept of a link that opens nothing
