"""The dispatch page without any provider's keys: an order becomes a job, is done, is paid and paid out.

Everything that would have gone out to the world is on the screen, labelled. What people wrote is text.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.office import Office, open_job, open_office, section
from tests.pages import Visitor
from tests.unharmed import CLEO, DEE, PAT
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def office(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Office]:
    with open_office(postgres, template_database, browser) as office:
        yield office


def order(visitor: Visitor) -> None:
    """Order something as the company's shop would, and pay for it as the customer."""
    page = visitor.page
    page.click("#sandbox")
    page.click("#order")
    page.fill("#order-service", f"Hang a mirror {MARKUP}")
    page.select_option("#order-skill", "tv_mounting")
    page.fill("#order-name", f"Robin {MARKUP}")
    page.click("#drawer-sandbox button[type=submit]")
    checkout = "#drawer-sandbox [data-sandbox='checkout']"
    visitor.sees(checkout, "SANDBOX")
    visitor.sees(checkout, "$120.00 · open")
    page.click(f"{checkout} >> text=Pay as the customer")
    visitor.sees("#drawer-sandbox [data-sandbox='payment_intent']", "$120.00 · held")
    page.keyboard.press("Escape")


def told(visitor: Visitor, title: str, to: str, *, within_s: float = 10.0) -> None:
    """Wait until the job's messages show this one as delivered by the sandbox."""
    entry = visitor.page.locator("#panel [data-message]", has_text=title).filter(has_text=to).first
    entry.filter(has_text="delivered").filter(has_text="SANDBOX").wait_for(
        state="visible", timeout=within_s * 1000
    )


def test_a_job_is_walked_from_its_order_to_its_payout_on_the_screen(office: Office) -> None:
    with office.desk() as dee:
        page = dee.page
        order(dee)
        page.reload()
        page.click("#jobs button:has-text('Hang a mirror')")
        dee.sees("#panel h2", f"Hang a mirror {MARKUP}")
        dee.sees("#panel", f"Robin {MARKUP}")
        money, _ = section(dee, "money"), section(dee, "messages")
        dee.sees(f"{money} .digest", "Held")
        dee.sees(f"{money} .lines", "held SANDBOX")

        page.click("#panel [data-to='accepted']")
        page.click("#panel [data-candidate='pat'] button")
        told(dee, "You got the job", "Text to Pat Mason")
        page.click("#panel [data-to='en_route']")
        told(dee, "Pat Mason is on the way", f"Text to Robin {MARKUP}")
        page.click("#panel [data-to='arrived']")
        told(dee, "Pat Mason has arrived", f"Text to Robin {MARKUP}")
        page.click("#panel [data-to='in_progress']")
        page.click("#panel [data-to='completed']")
        dee.sees(f"{money} .digest", "Taken · $120.00")
        dee.sees(f"{money} .lines", "taken SANDBOX")
        told(dee, "Your receipt", f"Mail to Robin {MARKUP}", within_s=25)  # it may look again after 15 s

        assert ledger_of(dee) == {
            "Taken At the payment provider": "$120.00",
            "Taken Owed to Pat Mason": "-$72.00",
            "Taken Our fee": "-$48.00",
            "Sum": "$0.00",
        }
        page.click(f"{money} >> text=Approve")
        page.click(f"{money} >> text=Pay out what is approved")
        dee.sees(f"{money} form", "Pat Mason gets $72.00 at once")
        page.click(f"{money} form >> text=Pay $72.00")
        dee.sees(f"{money} .lines", "paid SANDBOX")
        dee.sees("#panel .tag", "Paid")
        timeline = section(dee, "timeline")
        for event in ("Ordered", "Money held", "Accepted", "Completed", "Money taken", "Paid"):
            dee.sees(f"{timeline} strong", event)

        page.click("#sandbox")
        dee.sees("#drawer-sandbox [data-sandbox='transfer']", "$72.00")
        dee.sees("#drawer-sandbox [data-sandbox='email']", "This is a sandbox: no money was moved.")
        labels = page.locator("#drawer-sandbox li .sandbox-label").count()
        assert labels == page.locator("#drawer-sandbox li[data-sandbox]").count() >= 8
        assert page.locator("main img[src=x], dialog img[src=x]").count() == 0  # markup is text


def ledger_of(visitor: Visitor) -> dict[str, str]:
    """The ledger's lines as they stand on the page."""
    rows = visitor.page.locator("#panel .ledger tr").all()
    cells = [row.locator("td, th").all_inner_texts() for row in rows]
    return {" ".join(row[:-1]): row[-1] for row in cells}


def test_a_payment_page_of_the_sandbox_is_paid_where_its_address_leads(office: Office) -> None:
    job_id = office.job("open")
    office.call(DEE, "POST", f"/api/dispatch/jobs/{job_id}/checkout")
    with office.desk("&sandbox=cs_sandbox_any") as dee:
        dee.sees("#drawer-sandbox [data-sandbox='checkout']", "open")
        dee.page.click("#drawer-sandbox [data-sandbox='checkout'] >> text=Open the job")
        money = section(dee, "money")
        dee.sees(f"{money} .lines", "asked for SANDBOX")
        dee.page.click(f"{money} >> text=Pay as the customer")
        dee.sees(f"{money} .digest", "Held")


def test_money_is_given_back_with_a_reason_and_never_more_than_was_taken(office: Office) -> None:
    job_id = office.job("in_progress")
    office.call(DEE, "POST", f"/api/dispatch/jobs/{job_id}/checkout")
    with office.desk() as dee:
        page = dee.page
        open_job(dee, job_id)
        money = section(dee, "money")
        page.click(f"{money} >> text=Pay as the customer")
        dee.sees(f"{money} .digest", "Held")
        page.click("#panel [data-to='completed']")
        dee.sees(f"{money} .digest", "Taken · $120.00")
        page.click(f"{money} >> text=Give money back")
        page.fill("#refund-amount", "200")
        page.fill("#refund-reason", "The wall was scratched")
        page.click(f"{money} form button[type=submit]")  # the browser itself says that this is too much
        assert not page.locator("#refund-amount").evaluate("(input) => input.checkValidity()")
        page.fill("#refund-amount", "20.50")
        page.click(f"{money} form button[type=submit]")
        dee.sees(f"{money} .digest", "Partly given back · $99.50")
        dee.sees(money, "The wall was scratched")
        page.locator("#refund-amount").wait_for(state="detached")


def test_a_critical_flag_stands_in_the_way_until_it_is_resolved(office: Office) -> None:
    job_id = office.job("in_progress", pro="quinn", customer="zoe")
    with office.desk() as dee:
        page = dee.page
        open_job(dee, job_id)
        flags = section(dee, "flags")
        page.click(f"{flags} >> text=Add a flag")
        page.select_option("#flag-type", "SCOPE_MISMATCH")
        page.select_option("#flag-severity", "CRITICAL")
        page.fill("#flag-note", f"The wall is glass {MARKUP}")
        page.click(f"{flags} form button[type=submit]")
        dee.sees(f"{flags} .digest", "critical")
        dee.sees(flags, f"The wall is glass {MARKUP}")
        page.click("#panel [data-to='completed']")
        dee.sees("#panel [role=alert]", "Critical and not resolved: “Scope does not fit”")
        page.click("#panel .steps-to form >> text=Back")
        page.click(f"{flags} [data-flag='SCOPE_MISMATCH'] >> text=Resolve")
        page.fill("#flag-notes", "Another wall")
        page.click(f"{flags} form button[type=submit]")
        dee.sees(flags, "Scope does not fit: resolved by Dee Novak")
        page.click("#panel [data-to='completed']")
        dee.sees("#panel .tag", "Completed")


def test_what_is_being_typed_survives_what_happens_meanwhile(office: Office) -> None:
    job_id = office.job("in_progress")
    with office.desk() as dee:
        open_job(dee, job_id)
        flags = section(dee, "flags")
        dee.page.click(f"{flags} >> text=Add a flag")
        dee.page.type("#flag-note", "The ceiling ")
        picture = io.BytesIO()
        Image.new("RGB", (640, 480), "teal").save(picture, "JPEG")
        address = f"/api/jobs/{job_id}/evidence?kind=before&upload_key=first"
        headers = {"Content-Type": "image/jpeg"}
        office.call(PAT, "POST", address, content=picture.getvalue(), headers=headers)
        dee.sees("#panel [data-section='evidence'] .digest", "1, 1 to look at")
        dee.page.keyboard.type("is low")
        assert dee.page.input_value("#flag-note") == "The ceiling is low"
        evidence = section(dee, "evidence")
        dee.sees(evidence, "No place in it")
        thumb = dee.page.locator(f"{evidence} img")
        dee.until(lambda: bool(thumb.evaluate("(img) => img.naturalWidth > 0")), "the picture on the page")


def test_a_bad_review_rings_the_bell_and_is_hidden_with_a_reason(office: Office) -> None:
    job_id = office.job("completed")
    with office.desk() as dee:
        page = dee.page
        dee.sees("#bell", "Alerts")
        comment = f"Late and rude {MARKUP}"
        office.call(CLEO, "POST", "/api/reviews", json={"job_id": job_id, "rating": 1, "comment": comment})
        dee.sees("#bell", "Alerts (")
        page.click("#bell")
        alert = "#drawer-bell li:has-text('Pat Mason is rated 1.00')"
        page.click(f"{alert} >> text=Open the job")
        reviews = section(dee, "reviews")
        dee.sees(reviews, comment)
        page.click(f"{reviews} >> text=Hide")
        page.fill("#review-reason", "Insulting")
        page.click(f"{reviews} form button[type=submit]")
        dee.sees(reviews, "hidden, does not count")
        page.click("#bell")
        page.click("#drawer-bell >> text=I have read them")
        dee.until(lambda: dee.text("#bell") == "Alerts", "an empty bell")
        about = office.call(PAT, "GET", "/api/me/reviews")
        assert (about["count"], about["reviews"]) == (0, [])


def test_customers_come_back_from_a_payment_page_to_a_plain_sentence(office: Office) -> None:
    with office.visit("paid") as customer:
        customer.sees("h1", "Thank you")
        customer.page.goto(f"{office.server.url}/not-paid")
        customer.sees("h1", "Nothing was paid")
