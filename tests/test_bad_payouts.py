"""Payouts, transfers and statements as strangers and the impatient use them: a 4xx, nobody paid twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.running import Process, token, wait_for
from tests.unharmed import CLEO, DEE, PAT, QUINN, abused, asked, call, job_in, unharmed
from tracker.local_postgres import PostgresServer

PAYOUTS = "/api/dispatch/payouts"
STAFF_ONLY = [
    ("GET", PAYOUTS, None),
    ("GET", f"{PAYOUTS}/due", None),
    ("POST", f"{PAYOUTS}/approve", {"ids": [1]}),
    ("POST", f"{PAYOUTS}/run", {"run_key": "mine"}),
    ("POST", f"{PAYOUTS}/1/retry", None),
    ("GET", "/api/dispatch/transfers", None),
    ("POST", "/api/dispatch/transfers/1/reverse", {"reason": "it is mine"}),
    ("PUT", "/api/dispatch/people/pat/payout-account", {"account": "acct_mine"}),
    ("GET", "/api/dispatch/pros/pat/statement", None),
]


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def owed(web: Process, amount_cents: int, pro: str = "pat", key: str = "") -> int:
    """A line that a pro is owed, with its posting; its number."""
    job_id = job_in(web, "completed", pro=pro)
    key = key or f"test:{job_id}"
    return int(
        asked(
            web,
            "WITH t AS (INSERT INTO ledger_transactions (key, kind, job_id) VALUES ($1, 'capture', $2)"
            " RETURNING id), e AS (INSERT INTO ledger_entries (transaction_id, account, pro_id, amount_cents)"
            " SELECT id, 'pro_payable', $3, -$4::bigint FROM t UNION ALL"
            " SELECT id, 'provider_balance', NULL, $4::bigint FROM t)"
            " INSERT INTO payouts (pro_id, job_id, ledger_key, kind, amount_cents)"
            " SELECT $3, $2, $1, 'job', $4 FROM t RETURNING id",
            key,
            job_id,
            pro,
            amount_cents,
        )
    )


def line(web: Process, number: int) -> str:
    """A line's status and transfer."""
    return str(
        asked(web, "SELECT status || ' ' || coalesce(transfer_no, 0) FROM payouts WHERE id = $1", number)
    )


def test_money_is_dispatchs_and_nobody_elses(web: Process) -> None:
    number = owed(web, 700)
    for method, path, body in STAFF_ONLY:
        for who in (PAT, QUINN, CLEO):
            assert call(web, who, method, path, body)[0] == 403, (who, path)
        assert call(web, None, method, path, body)[0] == 401, path
    assert call(web, CLEO, "GET", "/api/me/statement")[0] == 403
    assert call(web, DEE, "GET", "/api/me/statement")[0] == 403
    assert line(web, number) == "pending 0"
    assert asked(web, "SELECT payout_account FROM people WHERE id = 'pat'") is None


def test_an_approval_of_the_wrong_shape_approves_nothing(web: Process) -> None:
    number = owed(web, 700)
    bad: list[Any] = [
        [],
        None,
        number,
        str(number),
        [str(number)],
        [0],
        [-1],
        [2**63],
        [1.5],
        [None],
        [[number]],
    ]
    for ids in [*bad, [number] * 501]:
        assert call(web, DEE, "POST", f"{PAYOUTS}/approve", {"ids": ids})[0] == 422, ids
    for body in ({}, {"ids": [number], "status": "paid"}, {"ids": [number], "all": True}):
        assert call(web, DEE, "POST", f"{PAYOUTS}/approve", body)[0] == 422
    assert line(web, number) == "pending 0"


def test_each_line_of_an_approval_is_answered_by_itself(web: Process) -> None:
    number = owed(web, 700)
    body = {"ids": [number, 2**62, number]}
    for outcome in ("approved", "was_approved"):
        status, answer = call(web, DEE, "POST", f"{PAYOUTS}/approve", body)
        assert status == 200
        assert answer["payouts"] == [{"id": number, "outcome": outcome}, {"id": 2**62, "outcome": "unknown"}]


def test_twenty_impatient_presses_pay_once(web: Process) -> None:
    numbers = [owed(web, 700, "quinn") for _ in range(3)]
    call(web, DEE, "POST", f"{PAYOUTS}/approve", {"ids": numbers})

    def press(key: int) -> int:
        return call(web, DEE, "POST", f"{PAYOUTS}/run", {"run_key": f"press-{key % 2}"})[0]

    with ThreadPoolExecutor(8) as presses:
        assert set(presses.map(press, range(20))) == {200}
    sums = "SELECT sum(amount_cents)::bigint FROM transfers WHERE pro_id = 'quinn'"
    assert asked(web, sums) == 2_100
    wait_for(lambda: all(line(web, n).startswith("paid") for n in numbers), "the sandbox paying")
    assert call(web, DEE, "POST", f"{PAYOUTS}/run", {"run_key": "press-0"}) == (
        200,
        {"success": True, "pros": []},
    )
    assert asked(web, sums) == 2_100


def test_a_run_key_that_is_none_is_refused(web: Process) -> None:
    for key in ("", " ", "a b", "é", "x" * 81, "\n", "k\n", None, 7, ["k"]):
        assert call(web, DEE, "POST", f"{PAYOUTS}/run", {"run_key": key})[0] == 422, key
    assert call(web, DEE, "POST", f"{PAYOUTS}/run", {"run_key": "2031-W01"})[0] == 200
    week = "SELECT count(*) FROM transfers WHERE run_key = '2031-W01'"
    assert asked(web, week) == 0  # a week's run is never taken by a button


def test_an_agreement_that_is_none_pays_nobody(web: Process) -> None:
    number = owed(web, 4000)
    call(web, DEE, "POST", f"{PAYOUTS}/approve", {"ids": [number]})
    pat: dict[str, Any] = {"pro_id": "pat", "amount_cents": 4000}
    for agreed in (
        {"pat": 4000},
        [4000],
        ["pat"],
        [{"pro_id": "pat"}],
        [{**pat, "amount_cents": "4000"}],
        [{**pat, "amount_cents": 4000.5}],
        [{**pat, "amount_cents": 2**60}],
        [{**pat, "pro_id": ""}],
        [{**pat, "pro_id": "x" * 129}],
        [{**pat, "account": "acct_mine"}],
        [pat] * 2001,
    ):
        body = {"run_key": "agreed", "agreed": agreed}
        assert call(web, DEE, "POST", f"{PAYOUTS}/run", body)[0] == 422, str(agreed)[:80]
    for agreed in ([], [{**pat, "amount_cents": -4000}], [{**pat, "pro_id": "nobody"}]):
        status, answer = call(web, DEE, "POST", f"{PAYOUTS}/run", {"run_key": "agreed", "agreed": agreed})
        assert (status, [one for one in answer["pros"] if one["outcome"] == "transfer"]) == (200, [])
    assert line(web, number) == "approved 0"


def test_what_does_not_exist_or_cannot_be_is_told_by_name(web: Process) -> None:
    pending = owed(web, 700)
    for path in (f"{PAYOUTS}/{2**62}/retry", f"{PAYOUTS}/0/retry", f"{PAYOUTS}/x/retry"):
        assert call(web, DEE, "POST", path)[0] == 404
    status, problem = call(web, DEE, "POST", f"{PAYOUTS}/{pending}/retry")
    assert (status, problem["code"]) == (409, "not_failed")
    reverse = "/api/dispatch/transfers/{}/reverse"
    assert call(web, DEE, "POST", reverse.format(2**62), {"reason": "a mistake"})[0] == 404
    for reason in ("", "no", "x" * 301, None, 7):
        assert call(web, DEE, "POST", reverse.format(1), {"reason": reason})[0] == 422
    asked(
        web,
        "INSERT INTO transfers (id, pro_id, provider, amount_cents, currency, run_key)"
        " OVERRIDING SYSTEM VALUE VALUES (990, 'pat', 'sandbox', 5, 'usd', 'never sent') RETURNING id",
    )
    status, problem = call(web, DEE, "POST", reverse.format(990), {"reason": "a mistake"})
    assert (status, problem["code"]) == (409, "not_paid")


def test_an_account_that_is_none_is_refused_and_a_change_is_told(web: Process) -> None:
    path = "/api/dispatch/people/{}/payout-account"
    for account in ("", "acct_", "x", "acct_" + "x" * 101, "acct_1\n", "acct_é", "acct_1; --", 7, []):
        assert call(web, DEE, "PUT", path.format("pat"), {"account": account})[0] == 422, account
    assert call(web, DEE, "PUT", path.format("pat"), {})[0] == 422
    for nobody in ("nobody", "cleo", "dee"):
        assert call(web, DEE, "PUT", path.format(nobody), {"account": "acct_1"})[0] == 404
    for account in ("acct_1", "acct_1", None):
        assert call(web, DEE, "PUT", path.format("pat"), {"account": account})[0] == 200
    told = "SELECT count(*) FROM notifications WHERE person_id = 'dee' AND body LIKE 'dee changed%'"
    assert asked(web, told) == 2


def test_filters_and_cursors_that_nobody_gave_are_refused(web: Process) -> None:
    for _ in range(3):
        owed(web, 700)
    for query in (
        "status=gone",
        "cursor=x",
        "cursor=MjAyNnwtMQ==",
        "limit=0",
        "limit=201",
        "job_id=1",
        "x=1",
    ):
        assert call(web, DEE, "GET", f"{PAYOUTS}?{query}")[0] == 422, query
    seen, cursor = [], ""
    while True:
        _, page = call(web, DEE, "GET", f"{PAYOUTS}?limit=2{cursor}")
        seen += [one["id"] for one in page["payouts"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == asked(web, "SELECT count(*) FROM payouts")


def test_a_statement_adds_up_and_its_ranges_are_checked(web: Process) -> None:
    asked(web, "INSERT INTO people (id, role, name) VALUES ('vera', 'pro', 'Vera') RETURNING id")
    for cents in (700, 801, 1):
        owed(web, cents, "vera")
    path = "/api/dispatch/pros/vera/statement"
    status, answer = call(web, DEE, "GET", path)
    assert (status, answer["opening_cents"], answer["closing_cents"]) == (200, 0, 1_502)
    assert [one["balance_cents"] for one in answer["lines"]] == [700, 1_501, 1_502]
    for query in (
        "from=2026-01-01",
        "from=x",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "to=0001-01-01T00:00:00Z",
        "format=xml",
        "start=2026-01-01T00:00:00Z",
    ):
        assert call(web, DEE, "GET", f"{path}?{query}")[0] == 422, query
    for nobody in ("nobody", "cleo"):
        assert call(web, DEE, "GET", f"/api/dispatch/pros/{nobody}/statement")[0] == 404
    early = call(web, DEE, "GET", f"{path}?from=1970-01-01T00:00:00Z&to=1970-06-01T00:00:00Z")[1]
    assert (early["opening_cents"], early["closing_cents"], early["lines"]) == (0, 0, [])


def test_no_cell_of_a_csv_is_a_formula(web: Process) -> None:
    asked(web, "INSERT INTO people (id, role, name) VALUES ('walt', 'pro', 'Walt') RETURNING id")
    for service in ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", 'a "quoted", one\nmore'):
        owed(web, 5, "walt")
        newest = "(SELECT job_id FROM payouts ORDER BY id DESC LIMIT 1)"
        asked(web, f"UPDATE jobs SET service = $1 WHERE id = {newest} RETURNING id", service)
    headers = {"Authorization": f"Bearer {token('pro', 'walt')}", "Accept": "text/csv"}
    answer = httpx.get(f"{web.url}/api/me/statement", headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["x-content-type-options"] == "nosniff"
    lines = answer.text.splitlines()
    assert lines[0].startswith("posted_at,kind,job_id")
    assert lines[-1].endswith(",closing_balance,,,,,,30")
    for cell in ("'=HYPERLINK(1)", "'+1", "'-1", "'@SUM(A1)", "'\tx", '"a ""quoted"", one'):
        assert f",{cell}" in answer.text
    as_json = httpx.get(f"{web.url}/api/me/statement?format=json", headers=headers).json()
    assert as_json["closing_cents"] == 30
