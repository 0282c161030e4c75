"""An open job on the dispatch page: what is edited, who gets it, what is refused, with the page's buttons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.job_desk import DAN, PLANNED, TV, at_the_desk, detail, edits, open_company
from tests.office import Office, open_job, section
from tests.pages import PHONE
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def office(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Office]:
    with open_company(postgres, template_database, browser) as office:
        yield office


def test_what_nobody_knows_stands_out_and_is_filled_in(office: Office) -> None:
    job_id = office.job("accepted")
    with at_the_desk(office) as dee:
        open_job(dee, job_id)
        install = section(dee, "install")
        dee.sees(f"{install} .digest", "2 things unknown")
        dee.sees(f"{install} .tag", "Unknown: ask the customer")
        dee.page.click(f"{install} >> text=Edit")
        dee.page.select_option("#edit-wall_type", "BRICK")
        dee.page.select_option("#edit-wire_management_required", "CONCEAL_RACEWAY")
        dee.page.fill("#edit-mounting_surface_notes", MARKUP)
        dee.page.check(f"{install} input[value=PETS]")
        dee.page.click(f"{install} >> text=Add an item")
        dee.page.locator(install).get_by_role("textbox", name="Name").fill(f"Frame {MARKUP}")
        dee.page.get_by_role("spinbutton", name="Screen, inches").fill("65")
        dee.page.click(f"{install} >> text=Save")
        dee.sees(f"{install} dl", f"1 × Frame {MARKUP}")
        dee.sees(f"{install} .tag", "mount unknown")
        dee.sees(f"{install} .digest", "1 thing unknown")
        dee.page.locator(f"{install} form").wait_for(state="detached")
        timeline = section(dee, "timeline")
        dee.sees(timeline, "Wall: Unknown → Brick")
        dee.sees(timeline, "by Dee Novak")
    metadata = detail(office, job_id)["metadata"]
    assert (metadata["wall_type"], metadata["special_constraints"]) == ("BRICK", ["PETS"])
    assert metadata["items"] == [
        {**TV, "name": f"Frame {MARKUP}", "mount_type": None, "tv_size_in": 65, "customer_provides": False}
    ]


def test_the_order_is_planned_placed_and_set_back_with_a_reason(office: Office) -> None:
    job_id = office.job("accepted")
    edits(office, job_id, DEE, items=[TV], wire_management_required="FULL_INWALL")
    with at_the_desk(office) as dee:
        page = dee.page
        open_job(dee, job_id)
        equipment = section(dee, "equipment")
        dee.sees(f"{equipment} .digest", "ours · To be decided")
        page.click(f"{equipment} >> text=Plan the order")
        page.click(f"{equipment} form button[type=submit]")
        dee.sees(f"{equipment} > .notice", "1 × Frame: the mount is not known")
        page.click(f"{equipment} > .notice >> text=Fill it in")
        install = "#panel [data-section='install']"
        page.get_by_role("spinbutton", name="Screen, inches").fill("65")
        page.get_by_role("combobox", name="Mount").select_option("tilt")
        page.click(f"{install} >> text=Save")
        page.locator(f"{install} form").wait_for(state="detached")
        page.fill("#edit-vendor", "Acme")
        page.click(f"{equipment} form button[type=submit]")
        dee.sees(f"{equipment} .plan", "Premium TV kit · Acme")
        dee.sees(f"{equipment} .plan tfoot", "$95.00")
        page.click(f"{equipment} >> text=Mark as: Ordered")
        dee.sees(f"{equipment} [aria-current=step]", "Ordered")
        page.click(f"{equipment} >> text=Change who brings them")
        page.select_option("#edit-equipment_lane", "BYO")
        page.click(f"{equipment} form button[type=submit]")
        dee.sees(f"{equipment} > .notice", "already at the stage “Ordered”")
        page.click(f"{equipment} [data-key=set-back]")
        page.click(f"{equipment} form button[type=submit]")  # the browser itself asks for the reason
        assert not page.locator("#stage-reason").evaluate("(area) => area.checkValidity()")
        page.fill("#stage-reason", "Out of stock")
        page.click(f"{equipment} form button[type=submit]")
        dee.sees(f"{equipment} [aria-current=step]", "Ready to order")
        edits(office, job_id, DAN, items=[PLANNED, PLANNED])
        dee.sees(f"{equipment} [data-plan=outdated]", "Plan it anew")


def test_who_gets_a_job_is_chosen_among_the_nearest_and_taking_it_away_is_asked(office: Office) -> None:
    job_id = office.job("open")
    with at_the_desk(office) as dee:
        page = dee.page
        open_job(dee, job_id)
        page.click("#panel [data-to='accepted']")
        assign = section(dee, "assign")
        dee.sees(f"{assign} [data-candidate]", "0.7 mi away")
        names = page.locator(f"{assign} [data-candidate] strong").all_inner_texts()
        assert names == ["Pat Mason", "Quinn Reyes"]
        assert page.locator("#map .candidate-dot").count() == 2
        page.click(f"{assign} [data-candidate='quinn'] button")
        dee.sees("#panel .panel-head .tag", "Accepted")
        dee.sees(f"{assign} [data-candidate='quinn']", "has the job")
        page.click(f"{assign} [data-candidate='pat'] button")
        dee.sees(f"{assign} form", "Quinn Reyes has this job. Give it to Pat Mason instead?")
        assert detail(office, job_id)["job"]["pro"]["id"] == "quinn"
        page.click(f"{assign} form button[type=submit]")
        dee.sees(f"{assign} .digest", "Pat Mason")
        page.locator(f"{assign} form").wait_for(state="detached")
        page.click("#panel [data-to='en_route']")
        dee.sees(assign, "Turn the job back")
        page.locator("#map .candidate-dot").first.wait_for(state="detached")
        dee.sees(section(dee, "timeline"), "Taken from Quinn Reyes")


def test_a_refused_step_says_why_before_it_is_tried_and_its_override_is_in_the_record(office: Office) -> None:
    job_id = office.job("arrived")
    edits(office, job_id, DEE, items=[PLANNED])
    with at_the_desk(office) as dee:
        page = dee.page
        open_job(dee, job_id)
        dee.sees("[data-refused='in_progress']", "The ordered equipment has not been delivered.")
        page.click("[data-refused='in_progress'] >> text=Look at the equipment")
        dee.sees("[data-section='equipment'] [data-stage]", "To be decided")
        page.click("#panel [data-to='in_progress']")
        assert page.locator("#reason").evaluate("(area) => area === document.activeElement")
        page.fill("#reason", f"The customer has one {MARKUP}")
        page.click("text=Override: Working")
        dee.sees("#panel .panel-head .tag", "Working")
        record = f"{section(dee, 'timeline')} [data-override='true']"
        dee.sees(record, f"Went ahead all the same: The customer has one {MARKUP}")
        dee.sees(record, "Refused before: The ordered equipment has not been delivered.")
        assert page.locator("#panel img[src=x]").count() == 0


def test_a_time_is_agreed_on_and_the_servers_refusal_of_one_is_said(office: Office) -> None:
    job_id = office.job("accepted", pro="quinn", customer="zoe")
    with at_the_desk(office) as dee:
        page = dee.page
        open_job(dee, job_id)
        page.click("#panel [data-to='scheduled']")
        day = page.input_value("#edit-window_start")[:10]
        page.fill("#edit-window_start", f"{int(day[:4]) + 2}-06-01T10:00")
        page.fill("#edit-window_end", f"{int(day[:4]) + 2}-06-01T12:00")
        page.click("#panel .steps-to form button[type=submit]")
        dee.sees("#panel .steps-to [role=alert]", "more than a year away")
        page.fill("#edit-window_start", f"{int(day[:4]) + 1}-06-01T10:00")
        page.fill("#edit-window_end", f"{int(day[:4]) + 1}-06-01T12:00")
        page.click("#panel .steps-to form button[type=submit]")
        dee.sees("#panel .panel-head .tag", "Scheduled")
        dee.sees("#panel .job-facts", "10:00 AM–12:00 PM")
        page.locator("#panel .steps-to form").wait_for(state="detached")
        page.click("#panel >> text=Set the appointment")
        page.fill("#edit-window_end", f"{int(day[:4]) + 1}-06-01T13:00")
        page.click("#panel .steps-to form button[type=submit]")
        dee.sees("#panel .job-facts", "10:00 AM–1:00 PM")
        dee.sees(section(dee, "timeline"), "Appointment changed")


def test_a_job_is_opened_read_and_left_by_keyboard_and_its_address_can_be_passed_on(office: Office) -> None:
    job_id = office.job("accepted")
    with at_the_desk(office) as dee:
        page = dee.page
        card = page.locator(f"[data-job='{job_id}']").first
        card.focus()
        page.keyboard.press("Enter")
        dee.sees("#panel .job-facts", "Cleo Hart")
        assert page.evaluate("document.activeElement.id") == "panel-title"
        assert f"job={job_id}" in page.url
        titles = page.locator("#panel :is(h2, h3)").all_inner_texts()
        assert titles[0] == "Mount a 55-inch TV"
        assert {"Flags", "Assignment", "Installation Details", "Equipment & Ordering", "Money"} < set(titles)
        page.click("#panel [data-to='cancelled']")
        page.keyboard.press("Escape")  # leaves the question, not the job
        page.locator("#cancel-notes").wait_for(state="detached")
        assert page.locator("#panel .steps-to").evaluate("(steps) => steps.contains(document.activeElement)")
        page.locator("#panel [data-to='en_route']").press("Enter")
        dee.sees("#panel .panel-head .tag", "On the way")
        dee.until(
            lambda: bool(
                page.evaluate("document.querySelector('.steps-to').contains(document.activeElement)")
            ),
            "the keyboard staying at the steps",
        )
        page.keyboard.press("Escape")
        page.locator("#panel").wait_for(state="hidden")
        assert card.evaluate("(card) => card === document.activeElement")
        page.goto(f"{office.server.url}/dispatch#job={job_id}")
        page.reload()
        dee.sees("#panel .job-facts", "Cleo Hart")


def test_on_a_phone_the_job_covers_the_page_and_is_folded_away_to_see_the_map(office: Office) -> None:
    job_id = office.job("accepted")
    with at_the_desk(office, viewport=PHONE, has_touch=True) as dee:
        open_job(dee, job_id)
        dee.sees("#panel .job-facts", "Cleo Hart")
        box = dee.page.locator("#panel").bounding_box()
        assert box == {"x": 0, "y": 0, **PHONE}
        assert dee.page.locator("#jobs").evaluate("(list) => list.closest('[inert]') !== null")
        dee.page.tap("#panel >> text=Map")
        dee.sees("#panel h2", "Mount a 55-inch TV")
        folded = dee.page.locator("#panel").bounding_box()
        assert folded is not None
        assert folded["height"] < PHONE["height"] / 2
        dee.page.locator("#map .pin").wait_for()
        dee.page.tap("#panel [aria-label=Close]")
        dee.page.locator("#panel").wait_for(state="hidden")
        assert dee.page.locator("[inert]").count() == 0
