"""The pro's page without a network: what was done is kept, and goes out in order and once, with its times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser

from tests.company import DOOR
from tests.photos import photo
from tests.pro_phone import Depot, at, card, go_on_duty, next_step, open_depot, sign
from tests.running import wait_for
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
PHOTO = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo(3000, 2250)}

# The first answer to each of two requests never arrives, though the server did what was asked.
LOSES_ANSWERS = """
  const ask = window.fetch;
  const lost = new Set();
  window.fetch = async (address, how) => {
    const answer = await ask(address, how);
    const [kind] = /status$|evidence(?=[?])/.exec(String(address)) ?? [];
    if (how?.method !== "POST" || kind === undefined || lost.has(kind)) return answer;
    document.body.dataset.lost = lost.add(kind).size;
    throw new TypeError("the answer was lost");
  };
"""


@pytest.fixture(scope="module")
def depot(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Depot]:
    with open_depot(postgres, template_database, browser) as depot:
        yield depot


def test_a_whole_visit_without_a_network_arrives_in_order_and_once(depot: Depot) -> None:
    job = depot.job("en_route")
    with depot.phone() as pat:
        go_on_duty(pat)
        pat.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        pat.until(lambda: "controlled" in pat.page.evaluate(CONTROLLED), "the app being kept for offline")
        pat.context.set_offline(True)
        pat.context.set_geolocation(at(0.0195))
        # The browser's tools leave an open websocket alone: the position may still go, or wait with the rest.
        tapped_at = datetime.now(UTC)
        next_step(pat, job, "I have arrived")
        pat.sees("#waiting", "1 tap")
        pat.page.set_input_files(f"[data-job='{job}'] [data-photo=before] input", [PHOTO, PHOTO])
        pat.sees("#waiting", "2 photos and signatures")
        next_step(pat, job, "Start work")
        pat.page.click(f"[data-key='{job}:sign']")
        sign(pat)
        pat.sees("#waiting", "3 photos and signatures")

        pat.page.reload()  # the phone was in a pocket: the app opens without a network, nothing is lost
        pat.sees("#waiting", "2 taps, 3 photos and signatures")
        card(pat, job).locator("text=Finish the job").wait_for()
        pat.page.wait_for_timeout(1_500)  # so that the times that arrive are not those of the arrival
        pat.context.set_offline(False)
        wait_for(lambda: depot.status(job) == "in_progress", "the taps being counted")
        wait_for(lambda: len(depot.evidence(job)) == 3, "the photos and the signature being kept")
        assert depot.evidence(job) == ["before", "before", "signature"]
        pat.page.locator("#waiting").wait_for(state="hidden")
        wait_for(lambda: (at(0.0195)["latitude"], DOOR[1]) in depot.trail(job), "the position arriving")

        steps = depot.steps(job)[-2:]
        assert [step["to_status"] for step in steps] == ["arrived", "in_progress"]
        occurred = [datetime.fromisoformat(step["occurred_at"]) for step in steps]
        assert occurred[0] < occurred[1]
        assert abs(occurred[0] - tapped_at) < timedelta(seconds=1.3)
        kept = depot.office.call(DEE, "GET", f"/api/jobs/{job}/evidence")["evidence"]
        sizes = [(piece["width"], piece["height"]) for piece in kept if piece["kind"] == "before"]
        assert sizes == [(2560, 1920)] * 2  # made small on the phone


CONTROLLED = "() => navigator.serviceWorker.controller === null ? 'not yet' : 'controlled'"


def test_the_service_worker_keeps_the_app_and_no_answer_of_the_api(depot: Depot) -> None:
    depot.job("accepted", pro="quinn")
    with depot.phone("quinn") as quinn:
        quinn.sees("#jobs", "Set off")
        quinn.until(lambda: "controlled" in quinn.page.evaluate(CONTROLLED), "the app being kept")
        kept: list[str] = quinn.page.evaluate(
            """async () => {
              const names = await caches.keys();
              const all = names.map(async (name) => (await caches.open(name)).keys());
              return (await Promise.all(all)).flat().map((request) => new URL(request.url).pathname);
            }"""
        )
        assert "/pro" in kept
        assert len(kept) > 5
        assert [path for path in kept if path != "/pro" and not path.startswith("/assets/")] == []


def test_an_answer_that_was_lost_does_nothing_twice(depot: Depot) -> None:
    job = depot.job("en_route", pro="quinn")
    with depot.phone("quinn", script=LOSES_ANSWERS) as quinn:
        next_step(quinn, job, "I have arrived")
        quinn.page.set_input_files(f"[data-job='{job}'] [data-photo=before] input", [PHOTO])
        quinn.page.locator("body[data-lost='2']").wait_for()
        panel = quinn.page.locator("#sharing")
        quinn.until(lambda: panel.get_attribute("data-errands") == "0", "both being sent again")
        assert depot.evidence(job) == ["before"]
        assert [step["to_status"] for step in depot.steps(job)].count("arrived") == 1
        assert quinn.text("#news") == ""


def test_a_phone_whose_clock_is_wrong_sends_the_right_times_and_is_told(depot: Depot) -> None:
    job = depot.job("en_route", pro="quinn")
    ahead = "{ const now = Date.now.bind(Date); Date.now = () => now() + 3600e3; }"
    with depot.phone("quinn", script=ahead) as quinn:
        quinn.sees("#troubles", "clock is wrong")
        next_step(quinn, job, "I have arrived")
        wait_for(lambda: depot.status(job) == "arrived", "the tap being counted")
        occurred_at = datetime.fromisoformat(depot.steps(job)[-1]["occurred_at"])
        assert abs(occurred_at - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_phone_without_room_says_so_and_still_sends(depot: Depot) -> None:
    job = depot.job("in_progress", pro="quinn", customer="zoe")
    full = """
      IDBObjectStore.prototype.put = function () { throw new DOMException("full", "QuotaExceededError"); };
    """
    with depot.phone("quinn", script=full) as quinn:
        card(quinn, job).wait_for()
        quinn.context.set_offline(True)
        quinn.page.set_input_files(f"[data-job='{job}'] [data-photo=after] input", [PHOTO])
        quinn.sees("#troubles", "no room to save")
        quinn.context.set_offline(False)
        wait_for(lambda: depot.evidence(job) == ["after"], "the photo being kept")
        quinn.page.locator("#troubles [data-trouble=storage]").wait_for(state="detached")


# Made in the page: handing 16 MB over from here takes seconds.
CHOOSE_A_HUGE_FILE = """
  (input) => {
    const chosen = new DataTransfer();
    chosen.items.add(new File([new Uint8Array(16 << 20)], "huge.jpg", { type: "image/jpeg" }));
    input.files = chosen.files;
    input.dispatchEvent(new Event("change"));
  }
"""


def test_a_file_that_is_no_photo_is_said_and_nothing_waits(depot: Depot) -> None:
    job = depot.job("in_progress", pro="quinn", customer="zoe")
    with depot.phone("quinn") as quinn:
        camera = f"[data-job='{job}'] [data-photo=after] input"
        strange = {"name": "a.heic", "mimeType": "image/heic", "buffer": b"not a picture"}
        quinn.page.set_input_files(camera, [strange])
        quinn.sees("#news", "cannot be read as a photo")
        # What calls itself a JPEG goes to the server, whose word counts.
        quinn.page.set_input_files(camera, [{**strange, "mimeType": "image/jpeg"}])
        quinn.sees("#news", "the file is no photo that can be read. Take it again.")
        # What the browser cannot make small is not even sent when it is larger than the server takes.
        quinn.page.locator(camera).evaluate(CHOOSE_A_HUGE_FILE)
        quinn.sees("#news", "This photo is too large. Take it with a lower resolution.")
        assert depot.evidence(job) == []
        assert quinn.page.get_attribute("#sharing", "data-errands") == "0"


def test_a_job_that_dispatch_took_away_meanwhile_is_said_when_the_network_is_back(depot: Depot) -> None:
    job = depot.job("accepted", pro="quinn")
    with depot.phone("quinn") as quinn:
        card(quinn, job).wait_for()
        quinn.context.set_offline(True)
        next_step(quinn, job, "Set off")
        depot.office.call(DEE, "POST", f"/api/jobs/{job}/status", json={"status": "cancelled"})
        next_step(quinn, job, "I have arrived")
        quinn.context.set_offline(False)
        quinn.sees("#news", "“Set off” for Mount a 55-inch TV did not count")
        quinn.sees("#news", "What you tapped after it did not count either (1).")
        card(quinn, job).wait_for(state="detached")
