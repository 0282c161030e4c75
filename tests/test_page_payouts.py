"""The payouts page: lines are approved together, paid after a question, sent again, and read in a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, Route

from db.pool import Database
from tests.company import with_database
from tests.office import Office, open_office
from tests.owing import approve, owe
from tests.pages import PHONE, Visitor
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer
from tracker.stand_ins import running_stand_ins
from tracker.stand_ins.stripe.control import Stripe

pytestmark = pytest.mark.browser
MARKUP = "<img src=x onerror=alert(1)>"
PAGE = "&page=payouts"


@pytest.fixture(scope="module")
def stripe() -> Iterator[Stripe]:
    with running_stand_ins() as stand_ins:
        stand_ins.stripe.fund(1_000_000)
        yield stand_ins.stripe


@pytest.fixture(scope="module")
def office(
    postgres: PostgresServer, template_database: str, browser: Browser, stripe: Stripe
) -> Iterator[Office]:
    keys = {
        "STRIPE_SECRET_KEY": stripe.secret_key,
        "STRIPE_WEBHOOK_SECRET": stripe.webhooks.secret,
        "STRIPE_API_URL": stripe.url,
    }
    with open_office(postgres, template_database, browser, **keys) as office:
        yield office


@pytest.fixture(autouse=True)
def nobody_is_owed(office: Office) -> None:
    """Every test begins without lines and transfers; what was posted stays posted."""

    async def forget(database: Database) -> None:
        async with database.transaction() as conn:
            await conn.execute("DELETE FROM payouts")
            await conn.execute("DELETE FROM transfers")

    with_database(office.server.env["DATABASE_URL"], forget)


def account(office: Office, pro: str, number: str | None) -> None:
    """Where a pro's money goes."""
    office.call(DEE, "PUT", f"/api/dispatch/people/{pro}/payout-account", json={"account": number})


def sent(office: Office, pro: str) -> list[tuple[int, str]]:
    """Amount and state of every transfer to a pro, the newest first."""
    found = office.call(DEE, "GET", f"/api/dispatch/transfers?pro_id={pro}")["transfers"]
    return [(one["amount_cents"], one["status"]) for one in found]


def heap(visitor: Visitor, name: str) -> str:
    """What a tile says is owed."""
    return visitor.text(f"[data-heap={name}] .tile-value")


def test_selected_lines_are_approved_and_paid_once_after_a_question_that_names_everyone(
    office: Office, stripe: Stripe
) -> None:
    for pro in ("pat", "quinn"):
        account(office, pro, stripe.add_account())
    owe(office, "pat", 7200, 500, service=f"Hang a mirror {MARKUP}")
    owe(office, "quinn", 4300)
    with office.desk(PAGE) as dee:
        page = dee.page
        dee.until(lambda: heap(dee, "pending") == "$120.00", "what is to be approved")
        dee.sees("[data-pro=pat]", f"Hang a mirror {MARKUP}")
        page.check("[data-key=all]")
        page.uncheck("[data-pro=quinn] input[type=checkbox]")
        dee.sees("#page-payouts .bulk", "2 lines selected, $77.00")
        page.dblclick("[data-key=approve-many]")
        dee.sees("#page-payouts [role=status]", "Approved: 2 lines, $77.00")
        page.click("[data-pro=quinn] button:text-is('Approve')")
        dee.until(lambda: heap(dee, "due") == "$120.00", "what is ready to be paid")
        page.click("[data-key=run]")
        assert page.locator("#run-gets li").all_inner_texts() == [
            "Pat Mason 2 lines\n$77.00",
            "Quinn Reyes 1 line\n$43.00",
        ]
        page.dblclick("dialog.question button[type=submit]")
        dee.sees("dialog.question", "Pat Mason on its way")
        page.keyboard.press("Escape")
        dee.sees("#page-payouts", "Nothing here.")
        page.click("#page-payouts label:has-text('Transfers')")
        dee.sees("#transfers [data-transfer] .tag", "Paid")
        assert page.locator("img[src=x]").count() == 0
    assert sent(office, "pat") == [(7700, "paid")]
    assert sent(office, "quinn") == [(4300, "paid")]


def test_a_press_that_got_no_answer_is_pressed_again_and_pays_nobody_twice(
    office: Office, stripe: Stripe
) -> None:
    account(office, "pat", stripe.add_account())
    approve(office, *owe(office, "pat", 3100))
    keys: list[str] = []

    def lose_the_answer(route: Route, request: Request) -> None:
        keys.append(json.loads(request.post_data or "{}")["run_key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    with office.desk(PAGE) as dee:
        dee.page.route("**/api/dispatch/payouts/run", lose_the_answer)
        dee.page.click("[data-key=run]")
        dee.page.click("dialog.question button[type=submit]")
        dee.sees("dialog.question [role=alert]", "did not answer")
        dee.page.click("dialog.question button[type=submit]")
        dee.sees("dialog.question", "Pat Mason was paid meanwhile")
    assert len(set(keys)) == 1
    assert [cents for cents, _ in sent(office, "pat")] == [3100]


def test_a_sum_that_changed_since_it_was_agreed_to_is_not_paid(office: Office, stripe: Stripe) -> None:
    account(office, "quinn", stripe.add_account())
    first, second = owe(office, "quinn", 2000, 900)
    approve(office, first)
    with office.desk(PAGE) as dee:
        dee.page.click("[data-key=run]")
        dee.sees("#run-gets", "$20.00")
        approve(office, second)  # somebody else, meanwhile
        dee.page.click("dialog.question button[type=submit]")
        dee.sees("dialog.question", "not paid: another sum is due by now")
        assert sent(office, "quinn") == []
        dee.page.click("dialog.question >> text=Close")
        dee.until(lambda: heap(dee, "due") == "$29.00", "the new sum")
        dee.page.click("[data-key=run]")
        dee.page.click("dialog.question button[type=submit]")
        dee.sees("dialog.question", "Quinn Reyes on its way")
    assert [cents for cents, _ in sent(office, "quinn")] == [2900]


def test_a_refused_transfer_rings_the_bell_which_leads_to_its_reason_and_it_is_sent_again(
    office: Office, stripe: Stripe
) -> None:
    number = stripe.add_account()
    account(office, "pat", number)
    stripe.restrict_account(number)
    approve(office, *owe(office, "pat", 1500, 700))
    office.call(DEE, "POST", "/api/dispatch/payouts/run", json={"run_key": "refused"})
    with office.desk() as dee:
        page = dee.page
        dee.sees("#bell", "(")
        page.click("#bell")
        dee.sees("#drawer-bell", "Payout to pat: refused")
        page.click("#drawer-bell li:has-text('Payout to pat: refused') >> text=Open payouts")
        dee.sees("[data-pro=pat] .problem", "The transfer was refused")
        assert page.locator("[data-pro=pat] [data-state=failed]").count() == 2
        again = page.locator("[data-pro=pat] button:text-is('Try again')")
        assert again.count() == 1  # it sends both
        assert heap(dee, "failed") == "$22.00"
        stripe.restrict_account(number, restricted=False)
        again.dblclick()
        dee.sees("#page-payouts [role=status]", "$22.00 is on its way again")
        page.locator("[data-pro=pat]").wait_for(state="detached")
    assert sent(office, "pat") == [(2200, "paid"), (2200, "failed")]


def test_a_pro_without_an_account_is_explained_and_given_one(office: Office, stripe: Stripe) -> None:
    account(office, "quinn", None)
    approve(office, *owe(office, "quinn", 6100))
    with office.desk(PAGE) as dee:
        page = dee.page
        dee.sees("[data-homeless=quinn]", "Quinn Reyes has no payout account")
        assert page.locator("[data-key=run]").is_disabled()
        page.click("[data-homeless=quinn] button")
        page.fill("#payout-account", "acct")
        page.click("dialog.question button[type=submit]")
        assert not page.locator("#payout-account").evaluate("(input) => input.checkValidity()")
        page.fill("#payout-account", stripe.add_account())
        page.keyboard.press("Enter")
        dee.sees("#page-payouts [role=status]", "The account of Quinn Reyes is set")
        page.locator("[data-homeless=quinn]").wait_for(state="detached")
        assert heap(dee, "due") == "$61.00"


def test_a_statement_adds_up_on_the_page_and_in_its_file(office: Office, tmp_path: Path) -> None:
    owe(office, "pat", 1234, service=f"=cmd {MARKUP}")
    answer = office.call(DEE, "GET", "/api/dispatch/pros/pat/statement")
    owed = f"${answer['closing_cents'] / 100:.2f}"
    with office.desk(PAGE) as dee:
        page = dee.page
        page.click("[data-key=statement-pat]")
        dee.sees("#page-statement h2", "Statement of Pat Mason")
        dee.sees("#closing", owed)
        dee.sees("#page-statement tbody", f"Work that was paid for · =cmd {MARKUP}")
        with page.expect_download() as downloading:
            page.click("#page-statement [data-key=csv]")
        downloading.value.save_as(tmp_path / "statement.csv")
        rows = list(csv.DictReader(io.StringIO((tmp_path / "statement.csv").read_text("utf-8"))))
        cents = [int(row["amount_cents"] or 0) for row in rows[1:-1]]
        assert int(rows[0]["balance_cents"]) + sum(cents) == answer["closing_cents"]
        page.reload()  # the address knows whose it is
        dee.sees("#page-statement h2", "Statement of Pat Mason")
        page.select_option("#statement-period", "other")
        page.fill("#statement-from", "2026-11-02")
        page.fill("#statement-until", "2026-11-01")
        page.click("#page-statement form button")
        assert not page.locator("#statement-until").evaluate("(input) => input.checkValidity()")
        page.go_back()
        dee.sees("#page-payouts h1", "Payouts")
        page.go_forward()
        dee.sees("#page-statement h2", "Statement of Pat Mason")
        page.click("[data-page=payouts]")
        dee.sees("#page-payouts h1", "Payouts")


def test_lines_are_filtered_and_an_empty_list_says_how_to_see_everything_again(
    office: Office, tmp_path: Path
) -> None:
    owe(office, "pat", 800)
    owe(office, "quinn", 900)
    with office.desk(PAGE) as dee:
        page = dee.page
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        page.locator("[data-pro=quinn]").wait_for()
        page.select_option("#payout-pro", "pat")
        page.locator("[data-pro=quinn]").wait_for(state="detached")
        with page.expect_download() as downloading:
            page.click("#page-payouts [data-key=csv]")
        downloading.value.save_as(tmp_path / "payouts.csv")
        assert len(list(csv.reader(io.StringIO((tmp_path / "payouts.csv").read_text("utf-8"))))) == 2
        page.fill("#payout-until", "2020-01-01")
        dee.sees("#page-payouts", "No lines fit these filters")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.click("text=Show everything that is not paid yet")
        page.locator("[data-pro=quinn]").wait_for()
        page.route("**/api/dispatch/payouts?*", lambda route: route.abort())
        page.select_option("#payout-status", "paid")
        dee.sees("#page-payouts [role=alert]", "The server did not answer")
        page.unroute("**/api/dispatch/payouts?*")
        page.click("[data-key=read-again]")
        page.locator("#page-payouts [role=alert]").wait_for(state="hidden")
        dee.sees("#page-payouts .list", "No lines fit these filters")
