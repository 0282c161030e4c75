"""Transfers over HTTP: listing them, taking one back, and where a pro's money goes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.cursors import Cursor, one_page, read_cursor, row_number, write_cursor
from api.jobs import STAFF
from api.payout_view import TransferEntry, TransferPage, listed_transfer, transfer_entry
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, PersonId
from db.errors import Invalid, NotFound
from db.people import names_of
from db.transfers import list_transfers
from tracker.money.accounts import give_account
from tracker.money.reversals import NotPaid, ask_back


class TransfersQuery(Input):
    """Whose, and which page."""

    pro_id: PersonId | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class ReverseBody(Input):
    """Why the money is taken back; it is kept with the transfer."""

    reason: Annotated[str, Meta(min_length=3, max_length=300)]


class AccountBody(Input):
    """A connected account at Stripe, or null for none."""

    account: Annotated[str, Meta(pattern=r"^acct_[A-Za-z0-9_]{1,100}(?!\n)$")] | None


class AccountAnswer(Answer):
    """It is so."""

    success: bool
    id: str
    account: str | None


@endpoint(
    "GET",
    "/api/dispatch/transfers",
    summary="Transfers to pros, newest first.",
    roles=STAFF,
    query=TransfersQuery,
    answer=TransferPage,
    problems=[Invalid],
)
async def dispatch_transfers(request: Request[Services, None, TransfersQuery]) -> TransferPage:
    query = request.query
    before = read_cursor(query.cursor, row_number)
    async with request.services.database.connection() as conn:
        found = await list_transfers(
            conn, pro_id=query.pro_id, before=before and before[1], limit=query.limit + 1
        )
        page, more = one_page(found, query.limit, lambda one: write_cursor(one.created_at, one.id))
        names = await names_of(conn, {sent.pro_id for sent in page})
    return TransferPage(transfers=[listed_transfer(sent, names[sent.pro_id]) for sent in page], next=more)


@endpoint(
    "POST",
    "/api/dispatch/transfers/{number:int}/reverse",
    summary="Take a transfer back; the worker does it, and its lines then need approval anew.",
    roles=STAFF,
    body=ReverseBody,
    answer=TransferEntry,
    problems=[NotFound, NotPaid, Invalid],
    status=202,
)
async def reverse_transfer(request: Request[Services, ReverseBody, None]) -> TransferEntry:
    sent = await ask_back(
        request.services.database,
        int(request.path["number"]),
        reason=request.body.reason,
        by=request.principal.id,
        now=request.now,
    )
    return transfer_entry(sent)


@endpoint(
    "PUT",
    "/api/dispatch/people/{person:str}/payout-account",
    summary="Where a pro's money goes.",
    roles=STAFF,
    body=AccountBody,
    answer=AccountAnswer,
    problems=[NotFound, Invalid],
)
async def put_payout_account(request: Request[Services, AccountBody, None]) -> AccountAnswer:
    person_id, account = str(request.path["person"]), request.body.account
    services = request.services
    await give_account(
        services.database,
        services.settings,
        person_id,
        account,
        by=request.principal.id,
        now=request.now,
    )
    return AccountAnswer(success=True, id=person_id, account=account)
