"""Money that pros are owed, posted straight into the ledger: for tests of the pages that pay it."""

from __future__ import annotations

from uuid import UUID, uuid4

from db.payouts import add_payout
from db.pool import Database
from tests.company import add_job, with_database
from tests.office import Office
from tests.unharmed import DEE
from tracker.money.ledger import Account, Entry, post


def owe(office: Office, pro: str, *amounts_cents: int, service: str | None = None) -> list[int]:
    """One line for a completed job of its own per amount; their ids. Made before a page is opened."""

    async def write(database: Database) -> None:
        for cents in amounts_cents:
            job_id = await add_job(database, "completed", pro=pro)
            if service is not None:
                async with database.transaction() as conn:
                    await conn.execute("UPDATE jobs SET service = $2 WHERE id = $1", job_id, service)
            await owe_for(database, job_id, pro, cents)

    with_database(office.server.env["DATABASE_URL"], write)
    lines = office.call(DEE, "GET", "/api/dispatch/payouts", params={"pro_id": pro, "status": "pending"})
    return [line["id"] for line in lines["payouts"]][: len(amounts_cents)][::-1]


async def owe_for(database: Database, job_id: UUID, pro: str, cents: int) -> None:
    """What a pro earned with a job: 60 percent of what the customer paid."""
    paid, key = cents * 10 // 6, f"test:{uuid4()}"
    entries = [
        Entry(Account.PROVIDER_BALANCE, paid),
        Entry(Account.PRO_PAYABLE, -cents, pro),
        Entry(Account.PLATFORM_REVENUE, cents - paid),
    ]
    async with database.transaction() as conn:
        await post(conn, key=key, kind="capture", entries=entries, job_id=job_id)
        await add_payout(conn, pro_id=pro, job_id=job_id, ledger_key=key, kind="job", amount_cents=cents)


def approve(office: Office, *numbers: int) -> None:
    """Dee approves these lines."""
    office.call(DEE, "POST", "/api/dispatch/payouts/approve", json={"ids": list(numbers)})
