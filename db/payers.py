"""Who pays: a customer's standing with the payment provider, and the two amounts of a job that people set."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer as the provider knows them; both None before they have paid once."""

    person_id: str
    name: str
    email: str | None
    payment_customer: str | None
    payment_method: str | None


@dataclass(frozen=True, slots=True)
class Tip:
    """A tip that a customer gave, from the job's events. `payment_id`: it was a charge of its own."""

    key: str
    amount_cents: int
    payment_id: int | None
    failed: bool
    version: int


async def payer_of(conn: Connection, person_id: str) -> Payer | None:
    """One customer, or None."""
    row = await conn.fetchrow(
        "SELECT id AS person_id, name, email, payment_customer, payment_method FROM people WHERE id = $1",
        person_id,
    )
    return Payer(**dict(row.items())) if row else None


async def save_payer(conn: Connection, person_id: str, *, customer: str, method: str | None) -> None:
    """Remember the provider's customer, and the method they paid with for tips and what a hold lacks."""
    await conn.execute(
        "UPDATE people SET payment_customer = $2,"
        " payment_method = CASE WHEN payment_customer = $2 THEN coalesce($3, payment_method) ELSE $3 END"
        " WHERE id = $1",
        person_id,
        customer,
        method,
    )


async def write_final_price(conn: Connection, job_id: UUID, final_price_cents: int) -> None:
    """What a job will cost, whatever was agreed when it was booked. The job must be locked."""
    await conn.execute("UPDATE jobs SET final_price_cents = $2 WHERE id = $1", job_id, final_price_cents)


async def add_to_tip(conn: Connection, job_id: UUID, amount_cents: int) -> None:
    """One more tip. The job must be locked."""
    await conn.execute("UPDATE jobs SET tip_cents = tip_cents + $2 WHERE id = $1", job_id, amount_cents)


async def tips_of_job(conn: Connection, job_id: UUID) -> list[Tip]:
    """The tips of a job, oldest first. Stable while the job is locked."""
    rows = await conn.fetch(
        """
        SELECT e.data->>'key' AS key, (e.data->>'amount_cents')::bigint AS amount_cents,
               p.id AS payment_id, coalesce(p.status = 'failed', false) AS failed, e.version
        FROM job_events e LEFT JOIN payments p ON p.id = (e.data->>'payment')::bigint
        WHERE e.job_id = $1 AND e.kind = 'tip_given' ORDER BY e.version
        """,
        job_id,
    )
    return [Tip(**dict(row.items())) for row in rows]
