"""A job's money over HTTP: what is wrong is refused with a code, what is asked twice is done once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import Process
from tests.unharmed import CLEO, DEE, PAT, QUINN, ROOT, ZOE, abused, asked, call, job_in, unharmed
from tracker.local_postgres import PostgresServer

NOWHERE = "00000000-0000-0000-0000-000000000000"
PRICE = {"final_price_cents": 9_000, "version": 1, "reason": "smaller than ordered"}
REFUND = {"amount_cents": 100, "reason": "a scratch", "request_key": "r1"}
TIP = {"amount_cents": 500, "key": "t1"}


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def code_of(answer: tuple[int, dict[str, object]]) -> tuple[int, object]:
    status, body = answer
    return status, body.get("code")


def test_amounts_keys_and_reasons_of_the_wrong_kind_are_refused(web: Process) -> None:
    job_id = job_in(web, "completed")
    wrong_amounts: list[object] = [0, -1, 1.5, "100", None, True, 10**12, 2**63]
    wrong_keys: list[object] = ["", " ", "a b", "k" * 65, "é", "k\n", 7, None]
    for amount in wrong_amounts:
        for path, body in (
            (f"/api/dispatch/jobs/{job_id}/refunds", REFUND),
            (f"/api/jobs/{job_id}/tip", TIP),
        ):
            who = DEE if "dispatch" in path else CLEO
            assert code_of(call(web, who, "POST", path, {**body, "amount_cents": amount})) == (422, "invalid")
    for key in wrong_keys:
        refund, tip = {**REFUND, "request_key": key}, {**TIP, "key": key}
        assert call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/refunds", refund)[0] == 422
        assert call(web, CLEO, "POST", f"/api/jobs/{job_id}/tip", tip)[0] == 422
    for reason in ("", "ab", "x" * 401, None, 7):
        refund, price = {**REFUND, "reason": reason}, {**PRICE, "reason": reason}
        assert call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/refunds", refund)[0] == 422
        assert call(web, DEE, "PUT", f"/api/dispatch/jobs/{job_id}/price", price)[0] == 422
    for method in ("", "pm 1", "p" * 129, 7):
        hold = {"payment_method": method}
        assert call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/hold", hold)[0] == 422
    unknown = {**TIP, "pro_id": "pat"}
    assert call(web, CLEO, "POST", f"/api/jobs/{job_id}/tip", unknown)[0] == 422
    assert call(web, CLEO, "POST", f"/api/jobs/{job_id}/tip", {**TIP, "amount_cents": 100_001})[0] == 422


def test_nobody_but_staff_touches_money_and_only_the_customer_tips(web: Process) -> None:
    job_id = job_in(web, "accepted")
    staffs = [
        ("GET", "money", None),
        ("POST", "hold", {}),
        ("POST", "checkout", None),
        ("PUT", "price", PRICE),
        ("POST", "refunds", REFUND),
    ]
    for method, what, body in staffs:
        path = f"/api/dispatch/jobs/{job_id}/{what}"
        for stranger in (PAT, QUINN, CLEO, ZOE):
            assert code_of(call(web, stranger, method, path, body)) == (403, "forbidden")
        nowhere = f"/api/dispatch/jobs/{NOWHERE}/{what}"
        assert code_of(call(web, DEE, method, nowhere, body)) == (404, "not_found")
    for stranger in (PAT, QUINN, DEE, ROOT):
        assert code_of(call(web, stranger, "POST", f"/api/jobs/{job_id}/tip", TIP)) == (403, "forbidden")
    for who, job in ((ZOE, job_id), (CLEO, NOWHERE)):
        assert code_of(call(web, who, "POST", f"/api/jobs/{job}/tip", TIP)) == (404, "not_found")
    for person in (PAT, CLEO):
        assert code_of(call(web, person, "GET", "/api/dispatch/sandbox")) == (403, "forbidden")
        pay = "/api/dispatch/sandbox/checkouts/cs_1/pay"
        assert code_of(call(web, person, "POST", pay)) == (403, "forbidden")


def test_what_the_job_does_not_allow_is_a_conflict_with_its_code(web: Process) -> None:
    pending, done, gone = job_in(web, "pending"), job_in(web, "completed"), job_in(web, "cancelled")
    jobs = "/api/dispatch/jobs"
    assert code_of(call(web, DEE, "POST", f"{jobs}/{gone}/hold", {})) == (409, "nothing_to_pay")
    assert code_of(call(web, DEE, "POST", f"{jobs}/{gone}/checkout")) == (409, "nothing_to_pay")
    assert call(web, DEE, "POST", f"{jobs}/{pending}/hold", {})[0] == 202
    assert code_of(call(web, DEE, "POST", f"{jobs}/{pending}/hold", {})) == (409, "hold_exists")
    assert code_of(call(web, DEE, "POST", f"{jobs}/{pending}/checkout")) == (409, "hold_exists")
    status, refused = call(web, DEE, "POST", f"{jobs}/{done}/refunds", REFUND)
    assert (status, refused["code"], refused["available_cents"]) == (409, "refund_too_large", 0)
    for over in (done, gone):
        assert code_of(call(web, DEE, "PUT", f"{jobs}/{over}/price", PRICE)) == (409, "price_is_final")
    assert code_of(call(web, CLEO, "POST", f"/api/jobs/{pending}/tip", TIP)) == (409, "tip_refused")
    assert code_of(call(web, CLEO, "POST", f"/api/jobs/{gone}/tip", TIP)) == (409, "tip_refused")
    nobodys = job_in(web, "accepted")  # an appointment may be agreed on before somebody has it
    asked(web, "UPDATE jobs SET status = 'scheduled', pro_id = NULL WHERE id = $1 RETURNING 1", nobodys)
    assert code_of(call(web, CLEO, "POST", f"/api/jobs/{nobodys}/tip", TIP)) == (409, "tip_refused")


def test_a_price_decided_on_an_old_version_is_refused_with_the_current_one(web: Process) -> None:
    job_id = job_in(web, "accepted")
    path = f"/api/dispatch/jobs/{job_id}/price"
    version = call(web, DEE, "GET", f"/api/jobs/{job_id}")[1]["version"]
    status, answer = call(web, DEE, "PUT", path, {**PRICE, "version": version})
    assert (status, answer["final_price_cents"], answer["version"]) == (200, 9_000, version + 1)
    status, stale = call(web, DEE, "PUT", path, {**PRICE, "version": version, "final_price_cents": 1})
    assert (status, stale["code"], stale["current"]) == (409, "stale_version", version + 1)
    assert call(web, DEE, "GET", f"/api/jobs/{job_id}")[1]["final_price_cents"] == 9_000


def test_a_tip_is_given_once_per_key_and_a_key_means_one_amount(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    path = f"/api/jobs/{job_id}/tip"
    first = call(web, CLEO, "POST", path, TIP)
    assert first[0] == 200
    assert call(web, CLEO, "POST", path, TIP) == first
    other = call(web, CLEO, "POST", path, {**TIP, "amount_cents": 501})
    assert code_of(other) == (409, "request_key_reused")
    for number in (2, 3):
        assert call(web, CLEO, "POST", path, {**TIP, "key": f"t{number}"})[0] == 200
    assert code_of(call(web, CLEO, "POST", path, {**TIP, "key": "t4"})) == (409, "tip_refused")
    assert call(web, CLEO, "GET", f"/api/jobs/{job_id}")[1]["tip_cents"] == 1_500


def test_pages_of_the_sandbox_that_are_none_or_make_no_job_are_refused(web: Process) -> None:
    checkouts = "/api/dispatch/sandbox/checkouts"
    for nothing in ("cs_nothing", "pi_1", "%00", "x" * 300, "..%2f"):
        assert code_of(call(web, DEE, "POST", f"{checkouts}/{nothing}/pay")) == (404, "not_found")
    page = {"amount_cents": 5_000, "metadata": {"order_reference": "none such"}, "request_key": "k1"}
    status, opened = call(web, DEE, "POST", checkouts, page)
    assert (status, opened["status"]) == (200, "open")
    assert call(web, DEE, "POST", checkouts, page) == (200, opened)
    assert code_of(call(web, DEE, "POST", checkouts, {**page, "amount_cents": 1})) == (422, "invalid")
    paid = call(web, DEE, "POST", f"{checkouts}/{opened['id']}/pay")
    assert code_of(paid) == (409, "unusable_order")
    for wrong in (
        {"amount_cents": 0},
        {"metadata": {"": "x"}},
        {"metadata": {"a": 1}},
        {"customer_email": "x"},
    ):
        assert call(web, DEE, "POST", checkouts, {**page, **wrong})[0] == 422
    for cursor in ("x", "====", "MjAyNi0xMS0yMVQwMDowMDowMFp8AA==", "a" * 201):
        assert call(web, DEE, "GET", f"/api/dispatch/sandbox?cursor={cursor}")[0] == 422


def test_the_books_of_a_job_are_shown_whole(web: Process) -> None:
    job_id = job_in(web, "accepted")
    assert call(web, DEE, "POST", f"/api/dispatch/jobs/{job_id}/checkout")[0] == 202
    status, money = call(web, DEE, "GET", f"/api/dispatch/jobs/{job_id}/money")
    assert (status, money["state"], money["provider"]) == (200, "waiting", "sandbox")
    (payment,) = money["payments"]
    assert (payment["purpose"], payment["status"], payment["amount_cents"]) == ("hold", "asked", 12_000)
    assert money["refunds"] == money["ledger"] == money["payouts"] == []
