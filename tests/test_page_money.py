"""A job's money and messages on the dispatch page, where things do not go as planned.

No provider has a key: the sandbox refuses the account `acct_restricted`, as a real one refuses a pro whose
papers are missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from db.pool import Database
from tests.company import with_database
from tests.office import Office, open_job, open_office, section
from tests.pages import Visitor
from tests.running import wait_for
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Office]:
    with open_office(postgres, template_database, browser) as office:
        yield office


def paid_for(office: Office, status: str) -> str:
    """A job whose price is held."""
    job_id = office.job(status)
    asked = office.call(DEE, "POST", f"/api/dispatch/jobs/{job_id}/checkout")["payment"]

    def checkout() -> str | None:
        money = office.call(DEE, "GET", f"/api/dispatch/jobs/{job_id}/money")
        return next((one["checkout_id"] for one in money["payments"] if one["id"] == asked["id"]), None)

    wait_for(lambda: checkout() is not None, "the payment page being made")
    office.call(DEE, "POST", f"/api/dispatch/sandbox/checkouts/{checkout()}/pay")
    return job_id


def test_money_is_held_on_the_saved_card_or_asked_for_with_a_payment_page(office: Office) -> None:
    held_id, asked_id = (office.job("accepted", pro="quinn", customer="zoe") for _ in range(2))
    with office.desk() as dee:
        open_job(dee, held_id)
        money = section(dee, "money")
        dee.page.click(f"{money} >> text=Hold on the saved card")
        dee.sees(f"{money} .digest", "Held")
        dee.sees(f"{money} .lines", "must be taken before")
        dee.page.locator(f"{money} [data-key=hold]").wait_for(state="detached")  # nothing is held twice
        open_job(dee, asked_id)
        dee.sees(f"{money} .digest", "Not asked for")
        section(dee, "money")
        dee.page.click(f"{money} >> text=Send a payment page")
        dee.page.click(f"{money} >> text=Pay as the customer")
        dee.sees(f"{money} .digest", "Held")


def test_a_payout_that_was_refused_is_sent_again_to_another_account(office: Office) -> None:
    job_id = paid_for(office, "in_progress")
    restricted = {"account": "acct_restricted"}
    office.call(DEE, "PUT", "/api/dispatch/people/pat/payout-account", json=restricted)
    with office.desk() as dee:
        page = dee.page
        open_job(dee, job_id)
        page.click("#panel [data-to='completed']")
        money = section(dee, "money")
        page.click(f"{money} >> text=Approve")
        page.click(f"{money} >> text=Pay out what is approved")
        page.click(f"{money} form button[type=submit]")
        dee.sees(f"{money} .lines", "failed SANDBOX")
        page.click(f"{money} >> text=Set the payout account")
        page.fill("#payout-account", "not an account")
        page.click(f"{money} form button[type=submit]")  # the browser itself says that it is none
        assert not page.locator("#payout-account").evaluate("(input) => input.checkValidity()")
        page.fill("#payout-account", "acct_pat")
        page.click(f"{money} form button[type=submit]")
        page.locator(f"{money} form").wait_for(state="detached")
        page.click(f"{money} >> text=Try again")
        dee.sees(f"{money} .lines", "paid SANDBOX")
        dee.sees("#panel .panel-head .tag", "Paid")
        dee.sees("#panel .steps-to", "This job is over: done and paid out.")


def test_a_payout_that_changed_since_it_was_seen_is_not_sent(office: Office) -> None:
    job_id, other_id = paid_for(office, "in_progress"), paid_for(office, "in_progress")
    with office.desk() as dee:
        page = dee.page
        open_job(dee, job_id)
        page.click("#panel [data-to='completed']")
        money = section(dee, "money")
        page.click(f"{money} >> text=Approve")
        page.click(f"{money} >> text=Pay out what is approved")
        dee.sees(f"{money} form", "Pat Mason gets $72.00 at once")
        _complete_and_approve(office, dee, other_id)
        page.click(f"{money} form button[type=submit]")
        dee.sees(f"{money} > .notice", "What Pat Mason is due has changed meanwhile")
        page.click(f"{money} >> text=Pay out what is approved")
        dee.sees(f"{money} form", "Pat Mason gets $144.00 at once")
        page.click(f"{money} form button[type=submit]")
        dee.sees(f"{money} .lines", "paid SANDBOX")


def _complete_and_approve(office: Office, dee: Visitor, job_id: str) -> None:
    office.call(DEE, "POST", f"/api/jobs/{job_id}/status", json={"status": "completed"})

    def lines() -> list[int]:
        payouts = office.call(DEE, "GET", f"/api/dispatch/payouts?job_id={job_id}")["payouts"]
        return [one["id"] for one in payouts]

    dee.until(lambda: lines() != [], "a payout line of the other job")
    office.call(DEE, "POST", "/api/dispatch/payouts/approve", json={"ids": lines()})


def test_a_message_that_failed_is_seen_as_such_and_sent_again(office: Office) -> None:
    job_id = office.job("accepted")
    office.call(DEE, "POST", f"/api/jobs/{job_id}/status", json={"status": "en_route"})
    with_database(office.server.env["DATABASE_URL"], lambda database: _fail_a_text(database, job_id))
    with office.desk() as dee:
        open_job(dee, job_id)
        messages = section(dee, "messages")
        dee.sees(f"{messages} .digest", "1 did not arrive")
        failed = dee.page.locator(f"{messages} [data-message]").filter(
            has_text="the number is not in service"
        )
        failed.get_by_role("button", name="Send again").click()
        dee.page.locator(f"{messages} [data-channel=sms]").filter(has_text="delivered").first.wait_for()
        dee.sees(section(dee, "timeline"), "Message sent again")


async def _fail_a_text(database: Database, job_id: str) -> None:
    """A text of the job's that was delivered turns out to have failed, as a carrier says later."""
    failed = 0
    while not failed:
        async with database.connection() as conn:
            status = await conn.execute(
                "UPDATE deliveries d SET status = 'failed', problem = 'the number is not in service'"
                " FROM notifications n WHERE n.id = d.notification_id AND n.job_id = $1"
                " AND d.channel = 'sms' AND d.status = 'delivered'",
                job_id,
            )
        failed = int(status.split()[-1])
