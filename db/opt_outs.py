"""What people do not want: a kind of message on a channel, a whole channel, or anything to a number."""

from __future__ import annotations

from datetime import datetime

from db.pool import Connection


async def opted_out_phones(conn: Connection, phones: list[str]) -> set[str]:
    """Those of these numbers (E.164) that said STOP."""
    rows = await conn.fetch("SELECT phone FROM phone_opt_outs WHERE phone = ANY($1::text[])", phones)
    return {row["phone"] for row in rows}


async def stop_phone(conn: Connection, phone: str, *, said_at: datetime | None = None) -> None:
    """A number (E.164) wants no more texts, whoever uses it; since now, or since it said so."""
    await conn.execute(
        "INSERT INTO phone_opt_outs AS o (phone, since) VALUES ($1, coalesce($2, clock_timestamp()))"
        " ON CONFLICT (phone) DO UPDATE SET since = greatest(o.since, EXCLUDED.since)",
        phone,
        said_at,
    )


async def start_phone(conn: Connection, phone: str, *, said_at: datetime) -> None:
    """A number wants texts again; a STOP that came after that stays."""
    await conn.execute("DELETE FROM phone_opt_outs WHERE phone = $1 AND since <= $2", phone, said_at)


async def opt_outs_of(conn: Connection, person_id: str) -> list[tuple[str, str]]:
    """(kind or '*', channel) pairs that a person does not want."""
    rows = await conn.fetch(
        "SELECT kind, channel FROM message_opt_outs WHERE person_id = $1 ORDER BY kind, channel", person_id
    )
    return [(row["kind"], row["channel"]) for row in rows]


async def replace_opt_outs(conn: Connection, person_id: str, pairs: list[tuple[str, str]]) -> None:
    """From now on a person refuses exactly these. Needs a transaction."""
    kinds, channels = [kind for kind, _ in pairs], [channel for _, channel in pairs]
    await conn.execute(
        "DELETE FROM message_opt_outs WHERE person_id = $1 AND (kind, channel) NOT IN"
        " (SELECT * FROM unnest($2::text[], $3::text[]))",
        person_id,
        kinds,
        channels,
    )
    await conn.execute(
        "INSERT INTO message_opt_outs (person_id, kind, channel)"
        " SELECT $1, kind, channel FROM unnest($2::text[], $3::text[]) AS wanted (kind, channel)"
        " ON CONFLICT DO NOTHING",
        person_id,
        kinds,
        channels,
    )
