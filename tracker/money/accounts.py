"""Where a pro's money goes. A change is told to all of dispatch, because thieves make it too."""

from __future__ import annotations

from datetime import datetime

from db.errors import NotFound
from db.pool import Connection, Database
from db.statements import is_pro
from db.transfers import lock_payee, set_payout_account
from tracker.messages.kinds import AlertPage
from tracker.messages.notify import alert_dispatch
from tracker.settings import Settings


async def give_account(
    database: Database, settings: Settings, pro_id: str, account: str | None, *, by: str, now: datetime
) -> None:
    """Set a pro's account; transfers that are asked for already go where they were to go. Raises NotFound."""

    async def work(conn: Connection) -> None:
        if not await is_pro(conn, pro_id):
            raise NotFound("There is no such pro.")
        before = await lock_payee(conn, pro_id)
        if before == account:
            return
        await set_payout_account(conn, pro_id, account)
        await alert_dispatch(
            conn,
            settings,
            event_key=f"payout_account:{now.timestamp()}:{pro_id}"[:200],
            title="A payout account was changed",
            body=f"{by} changed where the money of {pro_id} goes, from {before} to {account}.",
            job_id=None,
            now=now,
            page=AlertPage.PAYOUTS,
        )

    await database.in_transaction(work)
