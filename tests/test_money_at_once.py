"""`completed` twenty times at once over HTTP, with two workers: one capture, one payout line."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from uuid import UUID

from bench.raw_http import RawAnswer, RawHttp
from db.payers import save_payer
from db.pool import Database
from tests.company import add_job, with_company
from tests.running import serving, token, wait_for, working
from tracker.stand_ins import StandIns

PRICE = 12_000


async def a_job_of_somebody_with_a_card(database: Database, stand_ins: StandIns) -> UUID:
    customer, method = stand_ins.stripe.add_customer()
    async with database.transaction() as conn:
        await save_payer(conn, "cleo", customer=customer, method=method)
    return await add_job(database, "in_progress")


async def complete_at_once(port: int, job_id: UUID) -> list[RawAnswer]:
    """Twenty requests, each on a connection of its own."""
    headers = {
        "Authorization": f"Bearer {token('dispatcher', 'dee')}",
        "Content-Type": "application/json",
    }
    body = json.dumps({"status": "completed"}).encode()

    async def one() -> RawAnswer:
        async with RawHttp(port) as http:
            return await http.ask("POST", f"/api/jobs/{job_id}/status", headers, body)

    return list(await asyncio.gather(*(one() for _ in range(20))))


def test_twenty_completions_and_two_workers_capture_once(
    folder: Path, database_url: str, stand_ins: StandIns
) -> None:
    job_id = with_company(database_url, lambda database: a_job_of_somebody_with_a_card(database, stand_ins))
    settings = stand_ins.env()
    with (
        serving(folder, database_url, **settings) as web,
        working(folder, database_url, "memory://", **settings),
        working(folder, database_url, "memory://", **settings),
        web.http(token("dispatcher", "dee")) as http,
    ):

        def money() -> dict[str, object]:
            return dict(http.get(f"/api/dispatch/jobs/{job_id}/money").json())

        assert http.post(f"/api/dispatch/jobs/{job_id}/hold", json={}).status_code == 202
        wait_for(lambda: money()["state"] == "held", "the hold")
        answers = asyncio.run(complete_at_once(web.port or 0, job_id))
        assert Counter(answer.status for answer in answers) == {200: 20}
        wait_for(lambda: money()["state"] == "captured", "the capture")
        books = money()
    assert (books["captured_cents"], books["provider"]) == (PRICE, "stripe")
    payouts, ledger = books["payouts"], books["ledger"]
    assert isinstance(payouts, list)
    assert isinstance(ledger, list)
    assert [(one["kind"], one["amount_cents"]) for one in payouts] == [("job", 7_200)]
    assert [one["kind"] for one in ledger] == ["capture"] * 3
    assert [one["amount_received"] for one in stand_ins.stripe.state.intents.values()] == [PRICE]
    assert sum(line.endswith("/capture") for line in stand_ins.stripe.service.requests) == 1
