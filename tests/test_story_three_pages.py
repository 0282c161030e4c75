"""One job on all three pages at once, and what happens to them when the world does not go along.

Real processes, one Chromium, sandboxes for money and messages. The pro's phone is on a line that can be cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload

from db.pool import Database
from tests.company import DOOR
from tests.pages import RETURNS_WITHIN_S, Phone, Visitor
from tests.photos import photo
from tests.pro_phone import at, card, go_on_duty, next_step, sign
from tests.running import token, wait_for
from tests.three_pages import Stage, open_stage, pay_at_the_desk
from tests.unharmed import DEE, QUINN
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
PHOTO: FilePayload = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo(1600, 1200)}


@pytest.fixture(scope="module")
def stage(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Stage]:
    with open_stage(postgres, template_database, browser) as stage:
        yield stage


def photograph(phone: Visitor, job_id: str, shows: str) -> None:
    """Choose a photo for the job."""
    phone.page.set_input_files(f"[data-job='{job_id}'] [data-photo={shows}] input", [PHOTO])


# --- the good day ----------------------------------------------------------------------------------


def test_a_job_goes_from_its_order_to_its_payout_on_all_three_pages(stage: Stage) -> None:
    stage.order("WREN-1", "Hang a mirror", 12_000)
    with stage.desk() as dee, stage.phone() as pat:
        go_on_duty(pat)
        pay_at_the_desk(dee)
        pat.page.click("[data-tab=feed]")
        pat.page.locator("[data-offer]", has_text="Hang a mirror").locator("button").click()
        job = stage.job_called("Hang a mirror")
        card(pat, job).locator("text=Accepted").wait_for()
        dee.page.goto(f"{stage.office.server.url}/dispatch#job={job}")
        next_step(pat, job, "Set off")
        with stage.customer(stage.texted_link(job)) as cleo:
            the_customer_sees_the_pro_come(stage, dee, pat, cleo)
            the_work_is_shown_and_done(stage, job, pat, cleo)
            the_customer_has_a_receipt(cleo)
        the_pro_is_paid(stage, job, dee, pat)


def the_customer_sees_the_pro_come(stage: Stage, dee: Visitor, pat: Visitor, cleo: Visitor) -> None:
    cleo.sees("#status", "Pat Mason is on the way")
    for north in (0.0195, 0.0190):
        pat.page.wait_for_timeout(1_050)
        pat.context.set_geolocation(at(north))
        cleo.sees_dot_at(round(DOOR[0] + north, 4), DOOR[1])
    cleo.sees("#contact", "Live")
    cleo.sees("#eta", "min")


def the_work_is_shown_and_done(stage: Stage, job: str, pat: Visitor, cleo: Visitor) -> None:
    next_step(pat, job, "I have arrived")
    cleo.sees("#status", "Pat Mason is at your door")
    photograph(pat, job, "before")
    next_step(pat, job, "Start work")
    cleo.sees("#status", "Work is under way")
    photograph(pat, job, "after")
    pat.page.click(f"[data-key='{job}:sign']")
    sign(pat)
    wait_for(lambda: stage.evidence(job) == ["after", "before", "signature"], "the evidence")
    next_step(pat, job, "Finish the job")
    card(pat, job).wait_for(state="detached")


def the_customer_has_a_receipt(cleo: Visitor) -> None:
    cleo.sees("h1", "All done")
    cleo.sees("#receipt", "Paid. Thank you.", within_s=20)
    cleo.sees("#receipt .bill-total", "$120.00")
    cleo.sees("#photos", "After")
    cleo.page.check("#tip input[value='1800']", force=True)
    cleo.page.dblclick("#tip [data-key=give]")
    cleo.sees("#receipt .bill-total", "$138.00", within_s=20)
    cleo.page.get_by_label("5 stars").check(force=True)
    cleo.page.get_by_label("Anything").fill("It hangs straight")
    cleo.page.get_by_role("button", name="Send").click()
    cleo.sees("#review", "Thank you for telling us")


def the_pro_is_paid(stage: Stage, job: str, dee: Visitor, pat: Visitor) -> None:
    page = dee.page
    page.click("nav >> text=Payouts")
    dee.sees("[data-pro=pat]", "Hang a mirror")
    dee.until(lambda: dee.text("[data-heap=pending] .tile-value") == "$90.00", "share and tip being owed")
    page.check("#page-payouts [data-key=all]")
    page.click("[data-key=approve-many]")
    dee.sees("#page-payouts [role=status]", "Approved: 2 lines, $90.00")
    page.click("[data-key=run]")
    page.click("dialog.question button[type=submit]")
    dee.sees("dialog.question", "Pat Mason on its way")
    page.keyboard.press("Escape")
    wait_for(lambda: stage.status(job) == "paid", "the job being paid")
    pat.page.click("[data-tab=earnings]")
    pat.sees("#earnings .lines", "Paid out to you")
    pat.sees("#earnings .balance", "All settled")
    pat.page.click("[data-tab=me]")
    pat.sees("#reviews", "It hangs straight")


# --- two minutes without a network -----------------------------------------------------------------

PHONES_GPS = """
  const place = () => {
    const part = Math.min(1, Math.max(0, (Date.now() - %(began_ms)d) / 60000));
    const latitude = %(lat)f + 0.0117 * (1 - part);
    return { latitude, longitude: %(lng)f, accuracy: 9, heading: null, speed: null };
  };
  const read = (tell) => tell({ coords: place(), timestamp: Date.now() });
  navigator.geolocation.watchPosition = (tell) => setInterval(read, 1000, tell);
  navigator.geolocation.getCurrentPosition = read;
  navigator.geolocation.clearWatch = (id) => clearInterval(id);
"""
CONTROLLED = "() => navigator.serviceWorker.controller !== null"


def test_two_minutes_without_a_network_are_told_afterwards_in_order_and_once(stage: Stage) -> None:
    """The clocks are true, but for one: the phone's runs through the two minutes in seconds.

    They are the two minutes before now. The server last heard from the phone when they began, and the phone
    hears nothing until they are over: every time that anybody says is one that could have been.
    """
    job = stage.job("en_route", pro="quinn", began_ago_s=900)
    now = datetime.now(UTC)
    gone = now - timedelta(seconds=120)
    heard_before(stage, gone)
    script = PHONES_GPS % {"began_ms": gone.timestamp() * 1000, "lat": DOOR[0], "lng": DOOR[1]}
    with (
        stage.phone("quinn", script=script) as quinn,
        stage.customer(stage.link(job)) as cleo,
        stage.desk(f"&job={job}") as dee,
    ):
        card(quinn, job).wait_for()
        quinn.until(lambda: bool(quinn.page.evaluate(CONTROLLED)), "the app being kept for offline")
        cleo.sees("#contact", "Signal lost · last seen 2 min ago")
        with stage.line.gone():
            quinn.context.set_offline(True)
            quinn.page.clock.install(time=gone)
            quinn.page.reload()
            tapped = two_minutes_of_work(quinn, job)
            quinn.sees("#waiting", "2 taps, 3 photos and signatures")
            quinn.sees("#waiting", "from 2 min ago")
            positions = int(quinn.page.get_attribute("#sharing", "data-queued") or 0)
            assert positions > 50
            cleo.sees("#contact", "Signal lost")
        quinn.context.set_offline(False)
        everything_arrived_once(stage, job, quinn, positions, tapped)
        cleo.sees("#status", "Work is under way")
        dee.sees("#panel", "Working")
    finish(stage, job)


def heard_before(stage: Stage, gone: datetime) -> None:
    """The phone's last words before it was gone, and that the server has heard nothing for two minutes."""
    with stage.office.server.http(token(*QUINN)) as http:
        phone = Phone(http, DOOR, north=0.0122, recorded_at=gone - timedelta(seconds=3))
        phone.drive(0.0119)

    async def two_minutes_pass(database: Database) -> None:
        async with database.transaction() as conn:
            await conn.execute("UPDATE last_positions SET received_at = received_at - interval '2 minutes'")

    stage.write(two_minutes_pass)


def two_minutes_of_work(quinn: Visitor, job: str) -> list[datetime]:
    """Driving, arriving, photos, work, a signature; when the two steps were tapped."""
    clock = quinn.page.clock
    quinn.page.click("#sharing-switch")
    clock.run_for(62_000)
    tapped = [phones_time(quinn)]
    next_step(quinn, job, "I have arrived")
    photograph(quinn, job, "before")
    quinn.sees("#waiting", "1 photo")
    clock.run_for(25_000)
    tapped.append(phones_time(quinn))
    next_step(quinn, job, "Start work")
    clock.run_for(20_000)
    photograph(quinn, job, "after")
    quinn.sees("#waiting", "2 photos")
    quinn.page.click(f"[data-key='{job}:sign']")
    sign(quinn)
    quinn.sees("#waiting", "3 photos and signatures")
    left_ms = (datetime.now(UTC) - phones_time(quinn)).total_seconds() * 1000
    clock.run_for(max(0, int(left_ms)))
    return tapped


def phones_time(quinn: Visitor) -> datetime:
    """What the phone's clock says."""
    return datetime.fromtimestamp(quinn.page.evaluate("() => Date.now()") / 1000, UTC)


def everything_arrived_once(
    stage: Stage, job: str, quinn: Visitor, positions: int, tapped: list[datetime]
) -> None:
    quinn.until(lambda: nothing_waits(quinn), "the phone being rid of everything", within_s=20)
    assert stage.evidence(job) == ["after", "before", "signature"]
    steps = [step for step in stage.steps(job) if step["to_status"] in ("arrived", "in_progress")]
    assert [step["to_status"] for step in steps] == ["arrived", "in_progress"]
    for step, when in zip(steps, tapped, strict=True):
        assert abs(datetime.fromisoformat(step["occurred_at"]) - when) < timedelta(seconds=3)
    signed = next(one for one in kept(stage, job) if one["kind"] == "signature")
    assert tapped[1] < datetime.fromisoformat(signed["taken_at"]) < datetime.now(UTC) - timedelta(seconds=3)
    trail = stage.office.call(DEE, "GET", f"/api/jobs/{job}/trail?all=true")["points"][
        1:
    ]  # from when it was gone
    times = [datetime.fromisoformat(point["recorded_at"]) for point in trail]
    assert times == sorted(set(times))
    assert len(times) >= positions
    assert {point["verdict"] for point in trail} == {"good"}
    assert times[-1] - times[0] > timedelta(seconds=110)
    assert max(after - before for before, after in pairwise(times)) < timedelta(seconds=10)


def kept(stage: Stage, job: str) -> list[dict[str, Any]]:
    """The job's evidence as dispatch has it."""
    return list(stage.office.call(DEE, "GET", f"/api/jobs/{job}/evidence")["evidence"])


# --- the server is killed --------------------------------------------------------------------------


def test_a_server_that_is_killed_in_the_middle_is_a_pause_on_all_three_pages(stage: Stage) -> None:
    job = stage.job("en_route", began_ago_s=900)
    with stage.phone() as pat, stage.customer(stage.link(job)) as cleo, stage.desk(f"&job={job}") as dee:
        go_on_duty(pat)
        cleo.sees("#contact", "Live")
        dee.sees("#panel", "On the way")
        stage.office.server.kill()
        cleo.sees("#own", "Reconnecting")
        dee.page.locator("#own").wait_for(state="visible")
        pat.context.set_geolocation(at(0.0197))
        next_step(pat, job, "I have arrived")
        photograph(pat, job, "before")
        card(pat, job).locator("text=Tapped at").wait_for()
        stage.office.server.start()
        cleo.sees("#status", "Pat Mason is at your door", within_s=RETURNS_WITHIN_S)
        dee.sees("#panel", "Arrived", within_s=RETURNS_WITHIN_S)
        pat.until(lambda: nothing_waits(pat), "the phone being rid of everything", within_s=RETURNS_WITHIN_S)
        for visitor in (cleo, dee):
            visitor.page.locator("#own").wait_for(state="hidden")
        assert [step["to_status"] for step in stage.steps(job)].count("arrived") == 1
        assert stage.evidence(job) == ["before"]
        wait_for(
            lambda: stage.trail(job)[-1:] == [(round(DOOR[0] + 0.0197, 4), DOOR[1])], "the newest position"
        )
    finish(stage, job)


# --- rights end ------------------------------------------------------------------------------------


def test_rights_that_end_in_the_middle_end_the_pages_and_their_streams_politely(stage: Stage) -> None:
    job = stage.job("en_route", began_ago_s=900)
    with stage.phone() as pat, stage.customer(stage.link(job)) as cleo, stage.desk(f"&job={job}") as dee:
        go_on_duty(pat)
        cleo.sees("#contact", "Live")
        dee.sees("#panel", "On the way")
        stage.office.call(DEE, "DELETE", f"/api/jobs/{job}/tracking-link")
        cleo.sees("h1", "This tracking link is not active", within_s=3)
        stage.office.call(DEE, "POST", "/api/dispatch/people/pat/suspend")
        try:
            pat.sees("h1", "Please sign in again", within_s=3)
            seen = stage.trail(job)
            for north in (0.0190, 0.0180):
                pat.page.wait_for_timeout(1_050)
                pat.context.set_geolocation(at(north))
            assert cleo.page.locator("#map").count() == 0
            assert stage.trail(job) == seen
            dee.sees("#panel", "Pat Mason")  # the desk's own stream goes on
            pat.page.reload()
            pat.sees("h1", "Please sign in again")
            assert "Castle Street" not in pat.page.locator("body").inner_text()
        finally:
            stage.office.call(DEE, "POST", "/api/dispatch/people/pat/reinstate")
    finish(stage, job)


def nothing_waits(pat: Visitor) -> bool:
    """Whether everything that the phone kept is out."""
    panel = pat.page.locator("#sharing")
    return [panel.get_attribute(name) for name in ("data-errands", "data-queued")] == ["0", "0"]


def finish(stage: Stage, job: str) -> None:
    """Take the job off everybody's list, for the story after this one."""
    stage.office.call(DEE, "POST", f"/api/jobs/{job}/status", json={"status": "cancelled"})
