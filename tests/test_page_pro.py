"""The pro's page with a network: duty and location, open jobs, the next step, earnings, what others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Route

from db.pool import Database
from tests.company import DOOR
from tests.pages import visiting
from tests.photos import photo
from tests.pro_phone import MARKUP, Depot, at, card, go_on_duty, next_step, open_depot
from tests.running import token, wait_for
from tests.unharmed import CLEO, DEE, PAT, QUINN
from tracker.local_postgres import PostgresServer
from tracker.money.ledger import Account, Entry, post

pytestmark = pytest.mark.browser

PHOTO = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo(800, 600)}

# Chromium without Google's services has no push service of its own.
MADE_UP_SUBSCRIPTION = """
  const made = {
    toJSON: () => ({
      endpoint: "https://fcm.googleapis.com/fcm/send/x",
      expirationTime: null,
      keys: {
        auth: "AAAAAAAAAAAAAAAAAAAAAA",
        p256dh: "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
      },
    }),
    unsubscribe: async () => { window.subscription = null; },
  };
  PushManager.prototype.getSubscription = async () => window.subscription ?? null;
  PushManager.prototype.subscribe = async () => (window.subscription = made);
"""


@pytest.fixture(scope="module")
def depot(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Depot]:
    with open_depot(postgres, template_database, browser) as depot:
        yield depot


def test_on_duty_the_phones_places_reach_the_trail_and_off_duty_they_do_not(depot: Depot) -> None:
    job = depot.job("en_route")
    with depot.phone() as pat:
        go_on_duty(pat)
        wait_for(lambda: len(depot.trail(job)) == 1, "the first position being kept")
        pat.page.wait_for_timeout(1_100)
        pat.context.set_geolocation(at(0.0195))
        wait_for(lambda: len(depot.trail(job)) == 2, "the second position being kept")
        assert depot.trail(job) == [(at(north)["latitude"], DOOR[1]) for north in (0.02, 0.0195)]
        pat.page.once("dialog", lambda dialog: dialog.accept())  # a customer is waiting: are you sure?
        pat.page.click("#sharing-switch")
        pat.sees("#sharing", "Off duty")
        wait_for(lambda: not depot.office.call(PAT, "GET", "/api/me")["on_duty"], "the server being told")
        pat.page.wait_for_timeout(1_100)
        pat.context.set_geolocation(at(0.019))
        pat.page.click("#sharing-switch")
        wait_for(lambda: depot.office.call(PAT, "GET", "/api/me")["on_duty"], "the server being told again")
        wait_for(lambda: len(depot.trail(job)) == 3, "the third position being kept")


def test_a_refused_permission_is_said_in_plain_words(depot: Depot) -> None:
    with depot.phone(permissions=[]) as pat:
        pat.page.click("#sharing-again")
        pat.sees("#sharing", "Location is blocked")
        pat.sees("#sharing", "site settings")


def test_the_big_button_walks_through_the_job_and_a_double_tap_walks_once(depot: Depot) -> None:
    job = depot.job("scheduled", pro="quinn")
    with depot.phone("quinn") as quinn:
        card(quinn, job).locator("text=Set off").dblclick()
        wait_for(lambda: depot.status(job) == "en_route", "the job being on its way")
        quinn.page.wait_for_timeout(300)
        assert [step["to_status"] for step in depot.steps(job)].count("en_route") == 1
        for words, status in (
            ("I have arrived", "arrived"),
            ("Start work", "in_progress"),
            ("Finish the job", "completed"),
        ):
            next_step(quinn, job, words)
            wait_for(lambda wanted=status: depot.status(job) == wanted, f"the job being {status}")
        card(quinn, job).wait_for(state="detached")
        # Who sets off is seen, without another tap; from then on the phone knows where a step was taken.
        places = [step["data"].get("lat") for step in depot.steps(job)][-4:]
        assert (places[0], places[-1]) == (None, at(0.02)["latitude"])


def test_a_step_that_is_refused_is_said_until_it_is_read_and_the_job_stands_where_it_stood(
    depot: Depot,
) -> None:
    job = depot.job("in_progress", pro="quinn", customer="zoe")
    flag = {"type": "SCOPE_MISMATCH", "severity": "CRITICAL", "note": "The wall is glass", "version": 6}
    depot.office.call(DEE, "POST", f"/api/dispatch/jobs/{job}/pain-flags", json=flag)
    with depot.phone("quinn") as quinn:
        next_step(quinn, job, "Finish the job")
        quinn.sees("#news", "“Finish the job” for Mount a 55-inch TV did not count")
        quinn.sees("#news", "something important is still open. Call dispatch.")
        card(quinn, job).locator("text=Finish the job").wait_for()
        quinn.page.reload()
        quinn.sees("#news", "did not count")
        quinn.page.click("#news >> text=OK")
        quinn.page.locator("#news li").wait_for(state="detached")


def test_a_job_that_two_want_is_one_pros_and_the_other_is_told_kindly(depot: Depot) -> None:
    job, race = depot.job("open", customer="zoe"), depot.job("open", customer="zoe")
    offer = f"[data-offer='{job}']"
    with depot.phone() as winner, depot.phone("quinn") as other:
        for phone in (winner, other):
            phone.page.click("[data-tab=feed]")
            phone.page.locator(offer).wait_for()
        other.page.click("#feed-as-map")
        other.until(lambda: other.page.get_attribute("#feed-map", "data-offers") == "2", "both on the map")
        winner.page.click(f"{offer} button")
        winner.sees("#news", "You got the job")
        card(winner, job).locator("text=Accepted").wait_for()
        other.page.locator(offer).wait_for(state="detached")
        other.until(lambda: other.page.get_attribute("#feed-map", "data-offers") == "1", "one on the map")

        def too_late(route: Route) -> None:
            depot.office.call(PAT, "POST", f"/api/jobs/{race}/accept")
            route.continue_()

        other.page.route("**/api/jobs/*/accept", too_late)
        other.page.click(f"[data-offer='{race}'] button")
        other.sees("#news", "Someone was a moment quicker")
        other.page.locator(f"[data-offer='{race}']").wait_for(state="detached")


def test_what_people_wrote_is_text_everywhere_and_what_is_new_appears_by_itself(depot: Depot) -> None:
    job = {
        "customer_id": "cleo",
        "skill": "junk_removal",
        "service": f"Take away a sofa {MARKUP}",
        "lat": DOOR[0],
        "lng": DOOR[1],
        "address": f"3 Castle Street {MARKUP}",
        "notes": f"The dog bites {MARKUP}",
        "price_cents": 9_900,
        "open": True,
    }
    done = depot.job("completed")
    review = {"job_id": done, "rating": 4, "comment": f"Friendly {MARKUP}"}
    with depot.phone() as pat:
        pat.page.click("[data-tab=feed]")
        made = depot.office.call(DEE, "POST", "/api/jobs", json=job)["id"]
        offer = pat.page.locator(f"[data-offer='{made}']", has_text=f"sofa {MARKUP}")
        offer.locator("button").click()
        card(pat, made).locator("summary").click()
        pat.sees(f"[data-job='{made}'] dl", f"The dog bites {MARKUP}")
        pat.until(lambda: "unread" in (pat.page.get_attribute("#bell", "aria-label") or ""), "the bell")
        pat.page.click("#bell")
        pat.sees("#messages", MARKUP)
        pat.page.click("#messages >> text=I have read them")
        pat.page.locator("#messages [data-unread=true]").first.wait_for(state="detached")
        pat.page.keyboard.press("Escape")
        depot.office.call(CLEO, "POST", "/api/reviews", json=review)
        pat.page.click("[data-tab=me]")
        pat.sees("#reviews", f"Friendly {MARKUP}")
        pat.sees("#me", "Pat Mason")
        pat.sees("#me", "4.0 out of 5 · 1 review")
        assert pat.page.locator("img[src=x]").count() == 0


def test_earnings_show_what_is_owed_and_each_posting(depot: Depot) -> None:
    job = depot.job("completed", pro="quinn")

    async def earn(database: Database) -> None:
        entries = [
            Entry(Account.PROVIDER_BALANCE, 12_007),
            Entry(Account.PRO_PAYABLE, -7_207, "quinn"),
            Entry(Account.PLATFORM_REVENUE, -4_800),
        ]
        async with database.transaction() as conn:
            await post(conn, key=f"test:{job}", kind="capture", entries=entries, job_id=UUID(job))

    depot.write(earn)
    with depot.phone("quinn", locale="en-US") as quinn:
        quinn.page.click("[data-tab=earnings]")
        quinn.page.locator("#earnings [data-cents='7207']", has_text="$72.07").wait_for()
        owed = depot.office.call(QUINN, "GET", "/api/me/statement")["closing_cents"]
        quinn.sees("#earnings .balance", f"${owed / 100:.2f}")
        quinn.sees("#earnings .lines", "Job paid by the customer")
        quinn.page.select_option("#period", "366")
        quinn.sees("#earnings .lines", "Mount a 55-inch TV")


def test_push_is_offered_in_the_app_and_what_is_pushed_is_shown(depot: Depot) -> None:
    with depot.phone(script=MADE_UP_SUBSCRIPTION, permissions=["notifications"]) as pat:
        pat.page.click("[data-tab=me]")
        pat.page.click("#push >> text=Notify me")
        pat.sees("#push", "This device tells you")
        pat.page.click("#push >> text=Do not notify me here")
        pat.sees("#push", "Be told of jobs")
        # The push itself comes from the browser's own tools.
        devtools = pat.context.new_cdp_session(pat.page)
        active: list[str] = []
        devtools.on(
            "ServiceWorker.workerVersionUpdated",
            lambda event: active.extend(
                one["registrationId"] for one in event["versions"] if one["status"] == "activated"
            ),
        )
        devtools.send("ServiceWorker.enable")
        pat.until(lambda: bool(active), "the service worker being at work")
        data = '{"title": "You got the job", "body": "Mount a TV", "url": "", "tag": "n-1"}'
        shown = (
            "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => n.title)"
        )

        def pushed() -> list[str]:
            """What is on the screen a moment after one more push."""
            push = {"origin": depot.office.server.url, "registrationId": active[-1], "data": data}
            devtools.send("ServiceWorker.deliverPushMessage", push)
            pat.page.wait_for_timeout(200)
            return list(pat.page.evaluate(shown))

        pat.until(lambda: pushed() == ["You got the job"], "the notification")
        assert pushed() == ["You got the job"]  # the same twice is one on the screen


def test_the_page_speaks_the_browsers_language(depot: Depot) -> None:
    depot.job("accepted", pro="quinn")
    with depot.phone("quinn", locale="es-MX") as quinn:
        quinn.sees("#jobs", "Salir")
        assert quinn.page.get_attribute("html", "lang") == "es"
        quinn.page.click("[data-tab=feed]")
        quinn.sees("h2", "Trabajos libres cerca de ti")


def test_a_sign_in_ends_for_all_tabs_when_it_is_revoked_and_a_pasted_link_begins_it_anew(
    depot: Depot,
) -> None:
    url = depot.office.server.url
    with visiting(depot.browser, f"{url}/pro") as nobody:
        nobody.sees("h1", "Please sign in again")
    with depot.phone("quinn") as quinn:
        quinn.sees("#tabs", "Today")
        assert "token" not in quinn.page.url
        again = quinn.context.new_page()  # as from the home screen: no link, another tab
        again.goto(f"{url}/pro")
        again.locator("#sharing-switch").wait_for()
        with depot.office.server.http(token("pro", "quinn")) as http:
            assert http.post("/api/me/sign-out").is_success
        for page in (quinn.page, again):
            page.locator("h1", has_text="Please sign in again").wait_for()
        quinn.page.wait_for_timeout(1_100)  # tokens have whole seconds; one of this second is revoked, too
        quinn.page.fill("#link", f"{url}/pro#token={token('pro', 'quinn')}")
        quinn.page.click("text=Sign in >> nth=-1")
        quinn.page.locator("#sharing-switch").wait_for()


def test_a_pro_gives_customers_a_picture_and_takes_it_away(depot: Depot) -> None:
    with depot.phone() as pat:
        pat.page.click("[data-tab=me]")
        pat.sees("#portrait", "Add your picture")
        pat.page.set_input_files("#portrait input", [{**PHOTO, "mimeType": "image/heic", "buffer": b"no"}])
        pat.sees("#portrait", "cannot be read as a photo")
        pat.page.set_input_files("#portrait input", [PHOTO])
        pat.sees("#portrait", "Your customers see this picture now.")
        address = depot.office.call(PAT, "GET", "/api/me")["photo"]
        assert pat.page.locator("#portrait img").get_attribute("src").endswith(address)
        pat.page.click("[data-key=no-portrait]")
        pat.sees("#portrait", "Your customers see your initials now.")
        assert depot.office.call(PAT, "GET", "/api/me")["photo"] is None
