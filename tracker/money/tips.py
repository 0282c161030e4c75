"""Tips: before a job is completed they join its capture; afterwards each is a charge of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.errors import Conflict
from db.jobs import Job
from db.need_job import NoSuchJob, lock_needed_job
from db.outbox import add_task
from db.payers import Tip, add_to_tip, tips_of_job
from db.payments import add_payment
from db.pool import Connection, Database
from rooms.principal import Principal
from tracker.identity.links import customer_behind
from tracker.jobs.consequences import Effect
from tracker.jobs.facts import Actor, record_fact
from tracker.jobs.lifecycle import Party, Status, party_of
from tracker.jobs.transition import facts_of
from tracker.money.books import DONE
from tracker.money.calls import freeze
from tracker.money.payer import NoSavedMethod, ask_params, saved_method
from tracker.money.refunds import RequestKeyReused
from tracker.money.terms import Purpose
from tracker.settings import Settings

MAX_TIP_CENTS = 100_000
MAX_TIPS = 3  # per job, declined ones not counted
NO_TIPS = (Status.PENDING, Status.PENDING_SCHEDULING, Status.OPEN, Status.CANCELLED)  # nobody to give it to


class TipRefused(Conflict):
    """This job takes no tip now."""

    code = "tip_refused"


@dataclass(frozen=True, slots=True)
class GivenTip:
    """A tip. `charged_now`: it is a charge of its own; else it is taken when the job is completed."""

    amount_cents: int
    charged_now: bool
    version: int


async def give_tip(
    database: Database,
    settings: Settings,
    provider_name: str,
    principal: Principal,
    job_id: UUID,
    *,
    amount_cents: int,
    key: str,
    now: datetime,
) -> GivenTip:
    """Give a tip once per key; asking again is answered as before.

    The customer's own link to the job may give it; the job's record says that it was a link.
    Raises NotFound (also for a stranger), TipRefused, NoSavedMethod, RequestKeyReused, Unavailable.
    """

    async def work(conn: Connection) -> GivenTip:
        job = await lock_needed_job(conn, job_id)
        giver = await customer_behind(conn, job, principal)
        if party_of(giver, facts_of(job)) is not Party.OWN_CUSTOMER:
            raise NoSuchJob
        tips = await tips_of_job(conn, job_id)
        before = next((tip for tip in tips if tip.key == key), None)
        if before is not None:
            return _as_before(before, amount_cents)
        _check_takes_tip(job, tips)
        data: dict[str, object] = {"key": key, "amount_cents": amount_cents}
        if job.status in DONE:
            method = await saved_method(conn, provider_name, job.customer_id)
            if method is None:
                raise NoSavedMethod("There is no saved payment method to charge the tip to.")
            payment = await add_payment(
                conn,
                job_id=job_id,
                purpose=Purpose.TIP.value,
                provider=provider_name,
                currency=settings.currency,
                amount_cents=amount_cents,
            )
            assert payment is not None  # a job may have several
            params = ask_params(settings, job, payment, method)
            await freeze(conn, f"payment:{payment.id}:charge", "charge", params)
            await add_task(conn, Effect.CHARGE_SAVED.value, str(payment.id))
            data["payment"] = payment.id
        else:
            await add_to_tip(conn, job_id, amount_cents)
        actor = Actor.of(principal)
        version = await record_fact(conn, job_id, kind="tip_given", data=data, actor=actor, now=now)
        return GivenTip(amount_cents, "payment" in data, version)

    return await database.in_transaction(work)


async def takes_tip(conn: Connection, provider_name: str, job: Job, tips: Sequence[Tip]) -> bool:
    """Whether the customer can give a tip now, and it could be charged; `tips` are those of before."""
    try:
        _check_takes_tip(job, tips)
    except TipRefused:
        return False
    return job.status not in DONE or await saved_method(conn, provider_name, job.customer_id) is not None


def _check_takes_tip(job: Job, tips: Sequence[Tip]) -> None:
    """Raises TipRefused."""
    if job.pro_id is None or Status(job.status) in NO_TIPS:
        raise TipRefused("A tip is for a pro who has the job.")
    if sum(not tip.failed for tip in tips) >= MAX_TIPS:
        raise TipRefused(f"A job takes {MAX_TIPS} tips.")


def _as_before(tip: Tip, amount_cents: int) -> GivenTip:
    if tip.amount_cents != amount_cents:
        raise RequestKeyReused("This key was used for another tip.")
    return GivenTip(amount_cents, tip.payment_id is not None, tip.version)
