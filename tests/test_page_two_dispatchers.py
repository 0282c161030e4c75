"""Two dispatchers at one job: each sees what the other did, and nothing that anybody typed is lost.

Dee works with the page's buttons; what Dan does meanwhile comes over the API.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route

from tests.job_desk import DAN, PLANNED, at_the_desk, detail, edits, open_company
from tests.office import Office, open_job, section
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Office]:
    with open_company(postgres, template_database, browser) as office:
        yield office


def test_two_who_edit_at_once_see_each_other_and_nothing_is_lost(office: Office) -> None:
    job_id = office.job("accepted")
    with at_the_desk(office) as dee:
        open_job(dee, job_id)
        install = section(dee, "install")
        dee.page.click(f"{install} >> text=Edit")
        dee.page.select_option("#edit-wall_type", "BRICK")
        dee.page.fill("#edit-customer_priority_notes", "Mind the cat")
        edits(office, job_id, DAN, wall_type="TILE", wire_management_required="NONE")
        dee.sees(f"{install} [role=status]", "Changed by Dan Ortiz just now")
        assert dee.page.input_value("#edit-wire_management_required") == "NONE"  # not touched: theirs
        assert dee.page.input_value("#edit-wall_type") == "BRICK"  # touched: still mine
        dee.sees(f"{install} [data-field=wall_type] .clash", "Dan Ortiz changed this to: Tile")
        dee.page.click(f"{install} >> text=Save")
        dee.sees(f"{install} > .notice", "Choose yours or theirs")
        assert detail(office, job_id)["metadata"]["wall_type"] == "TILE"  # nothing was sent
        dee.page.click(f"{install} [data-field=wall_type] >> text=Keep mine")
        dee.page.click(f"{install} >> text=Save")
        dee.page.locator(f"{install} form").wait_for(state="detached")
    metadata = detail(office, job_id)["metadata"]
    kept = (metadata["wall_type"], metadata["wire_management_required"], metadata["customer_priority_notes"])
    assert kept == ("BRICK", "NONE", "Mind the cat")


def test_an_edit_that_crosses_another_on_the_wire_is_asked_about_too(office: Office) -> None:
    job_id = office.job("accepted")
    with at_the_desk(office) as dee:
        open_job(dee, job_id)
        money = section(dee, "money")
        dee.page.click(f"{money} >> text=Set the final price")
        dee.page.fill("#edit-final_price_cents", "150.00")
        dee.page.fill("#price-reason", "A second wall")
        dee.page.context.set_offline(True)  # what Dan does is not heard
        dee.page.wait_for_timeout(300)
        body = {
            "version": detail(office, job_id)["version"],
            "final_price_cents": 14_000,
            "reason": "less wire",
        }
        office.call(DAN, "PUT", f"/api/dispatch/jobs/{job_id}/price", json=body)
        dee.page.context.set_offline(False)
        dee.page.click(f"{money} form button[type=submit]")
        dee.sees(f"{money} .clash", "Dan Ortiz changed this to: $140.00")
        dee.page.click(f"{money} >> text=Take theirs")
        assert dee.page.input_value("#edit-final_price_cents") == "140.00"
        dee.page.click(f"{money} form button[type=submit]")
        dee.sees(f"{money} > .notice", "Nothing has been changed")
        dee.page.fill("#edit-final_price_cents", "160.00")
        dee.page.click(f"{money} form button[type=submit]")
        dee.sees(f"{money} .totals", "$160.00")
    assert detail(office, job_id)["job"]["final_price_cents"] == 16_000


def test_one_tap_does_not_undo_what_somebody_else_did_a_moment_before(office: Office) -> None:
    job_id = office.job("accepted")
    edits(office, job_id, DEE, items=[PLANNED])
    with at_the_desk(office) as dee:
        open_job(dee, job_id)
        equipment = section(dee, "equipment")
        dee.page.route("**/order-stage", lambda route: _shipped_first(office, job_id, route))
        dee.page.click(f"{equipment} >> text=Mark as: Ready to order")
        dee.sees(f"{equipment} > .notice", "Dan Ortiz changed this job just now, so nothing was sent")
        dee.sees(f"{equipment} [aria-current=step]", "Shipped")
    assert detail(office, job_id)["metadata"]["order_stage"] == "SHIPPED"


def _shipped_first(office: Office, job_id: str, route: Route) -> None:
    seen = detail(office, job_id)
    if seen["metadata"]["order_stage"] == "PENDING_REVIEW":
        body = {"version": seen["version"], "order_stage": "SHIPPED"}
        office.call(DAN, "PUT", f"/api/dispatch/jobs/{job_id}/order-stage", json=body)
    route.continue_()


def test_a_job_that_another_dispatcher_gave_away_is_not_taken_by_surprise(office: Office) -> None:
    job_id = office.job("open")
    with at_the_desk(office) as dee:
        open_job(dee, job_id)
        assign = section(dee, "assign")
        dee.page.locator(f"{assign} [data-candidate='pat'] button").wait_for()
        dee.page.route("**/assign", lambda route: _gives_it_away_first(office, job_id, route))
        dee.page.click(f"{assign} [data-candidate='pat'] button")
        dee.sees(f"{assign} > .notice", "Quinn Reyes got this job just now, so nothing was changed")
        dee.sees(f"{assign} .digest", "Quinn Reyes")
    assert detail(office, job_id)["job"]["pro"]["id"] == "quinn"


def _gives_it_away_first(office: Office, job_id: str, route: Route) -> None:
    if detail(office, job_id)["job"]["pro"] is None:
        office.call(DAN, "POST", f"/api/dispatch/jobs/{job_id}/assign", json={"pro_id": "quinn"})
    route.continue_()
