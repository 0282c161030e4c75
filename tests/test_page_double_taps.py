"""Whoever taps twice, because the first tap seemed to do nothing, does one thing.

Buttons that send something are tapped twice in a real browser whose network is bad: the second tap comes
while the first is on its way. What counts is what the server was asked, and what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Request, Route

from tests.office import section
from tests.pages import Visitor
from tests.pro_phone import card, scrawl
from tests.three_pages import Stage, open_stage
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
SLOW_MS = 350  # a bad network
MOVES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def stage(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Stage]:
    with open_stage(postgres, template_database, browser) as stage:
        yield stage


@contextmanager
def asked_by(visitor: Visitor) -> Iterator[list[str]]:
    """What the page asks the server to change meanwhile, each answered late: "POST /api/…"."""
    asked: list[str] = []

    def slowly(route: Route, request: Request) -> None:
        if request.method in MOVES:
            path = request.url.partition("/api/")[2].partition("?")[0]
            asked.append(f"{request.method} {path}")
            visitor.page.wait_for_timeout(SLOW_MS)
        route.continue_()

    visitor.page.route("**/api/**", slowly)
    yield asked
    visitor.page.unroute("**/api/**")


def twice(visitor: Visitor, selector: str) -> None:
    """Tap twice as fast as a hand can, in the same place, whatever the first tap does to the page."""
    visitor.page.locator(selector).first.click()
    visitor.page.wait_for_timeout(90)
    visitor.page.mouse.down()
    visitor.page.mouse.up()


def test_a_pro_who_taps_twice_claims_moves_photographs_and_signs_once(stage: Stage) -> None:
    offer, job = stage.job("open", customer="zoe"), stage.job("accepted")
    with stage.phone() as pat:
        pat.page.click("[data-tab=feed]")
        pat.page.locator(f"[data-offer='{offer}'] button").wait_for()
        with asked_by(pat) as asked:
            twice(pat, f"[data-offer='{offer}'] button")
            card(pat, offer).wait_for()
            assert asked.count(f"POST jobs/{offer}/accept") == 1
            twice(pat, f"[data-key='{job}:next']")
            pat.until(lambda: stage.status(job) == "en_route", "the job being on its way")
            pat.page.wait_for_timeout(1_300)
            twice(pat, f"[data-key='{job}:next']")
            pat.until(lambda: stage.status(job) == "arrived", "the job having arrived")
            pat.page.wait_for_timeout(1_300)
            twice(pat, f"[data-key='{job}:next']")
            pat.until(lambda: stage.status(job) == "in_progress", "the work having begun")
            pat.page.wait_for_timeout(400)
            assert asked.count(f"POST jobs/{job}/status") == 3
            pat.page.click(f"[data-key='{job}:sign']")
            scrawl(pat)
            twice(pat, "#signature .button-main")
            pat.until(lambda: stage.evidence(job) == ["signature"], "the signature being kept")
            pat.page.wait_for_timeout(400)
            assert asked.count(f"POST jobs/{job}/evidence/signature") == 1
    stage.office.call(DEE, "POST", f"/api/jobs/{job}/status", json={"status": "cancelled"})


def test_a_step_of_dispatch_is_taken_once_however_quick_the_server_is(stage: Stage) -> None:
    """The button of the next step stands where the first one stood: the second tap is not meant for it."""
    job = stage.job("accepted", pro="quinn", customer="zoe")
    with stage.desk(f"&job={job}") as dee:
        for pause_ms in (60, 120, 240):
            before = len(stage.steps(job))
            dee.page.locator("#panel .step-list .button-main:not([disabled])").click()
            dee.page.wait_for_timeout(pause_ms)
            dee.page.mouse.down()
            dee.page.mouse.up()
            dee.page.wait_for_timeout(1_500)
            assert len(stage.steps(job)) == before + 1
        assert stage.status(job) == "in_progress"


def test_a_dispatcher_who_taps_twice_flags_assigns_holds_and_saves_once(stage: Stage) -> None:
    job = stage.job("open", customer="zoe")
    with stage.desk(f"&job={job}") as dee, asked_by(dee) as asked:
        page = dee.page
        give_it_to_quinn(dee, job, asked)
        flags = section(dee, "flags")
        page.click(f"{flags} [data-key=flag-add]")
        twice(dee, f"{flags} form button[type=submit]")
        page.locator(f"{flags} form").wait_for(state="detached")
        # It may be asked again after somebody else's change; what counts is that there is one.
        kept = stage.office.call(DEE, "GET", f"/api/dispatch/jobs/{job}")["pain_flags"]
        assert len([flag for flag in kept if not flag["by_rule"]]) == 1
        page.click(f"{flags} [data-key='flag-{kept[-1]['id']}']")
        page.fill("#flag-notes", "Asked them")
        twice(dee, f"{flags} form button[type=submit]")
        page.locator(f"{flags} form").wait_for(state="detached")
        once(asked, f"POST dispatch/jobs/{job}/pain-flags/{kept[-1]['id']}/resolve")
        money = section(dee, "money")
        twice(dee, f"{money} [data-key=hold]")
        dee.sees(f"{money} .digest", "Held")
        once(asked, f"POST dispatch/jobs/{job}/hold")
        save_a_view(dee, asked)


def test_an_order_is_made_and_paid_once(stage: Stage) -> None:
    with stage.desk() as dee, asked_by(dee) as asked:
        page = dee.page
        page.click("#sandbox")
        page.click("#order")
        page.fill("#order-service", "Hang a lamp")
        twice(dee, "#drawer-sandbox form button[type=submit]")
        pay = "#drawer-sandbox [data-sandbox='checkout'] >> text=Pay as the customer"
        page.locator(pay).wait_for()
        once(asked, "POST dispatch/orders")
        once(asked, "POST dispatch/sandbox/checkouts")
        twice(dee, pay)
        dee.sees("#drawer-sandbox [data-sandbox='payment_intent']", "held")
        assert len([one for one in asked if one.endswith("/pay")]) == 1
        page.keyboard.press("Escape")


def give_it_to_quinn(dee: Visitor, job: str, asked: list[str]) -> None:
    assign = section(dee, "assign")
    twice(dee, f"{assign} [data-candidate=quinn] button")
    sure = f"{assign} form button[type=submit]"  # what speaks against it is asked first
    if dee.page.locator(sure).count():
        twice(dee, sure)
    dee.sees("#panel", "Quinn Reyes")
    once(asked, f"POST dispatch/jobs/{job}/assign")


def save_a_view(dee: Visitor, asked: list[str]) -> None:
    dee.page.click("#filters")
    dee.page.click("#view-save")
    dee.page.fill("#view-form input:not([type=checkbox])", "Mine")
    twice(dee, "#view-form button[type=submit]")
    dee.page.locator("#view-form").wait_for(state="hidden")
    once(asked, "POST dispatch/views")


def once(asked: list[str], request: str) -> None:
    """That this was asked one time."""
    assert asked.count(request) == 1, asked
