"""A finished, paid and photographed job, and the turn of its receipt."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from uuid import UUID

from PIL import Image

from db.pool import Database
from tests.company import add_job
from tests.messaging import one_try, rows, run
from tracker.effects.send_receipt import send_receipt
from tracker.effects.task import Postpone, Task, Tools
from tracker.jobs.consequences import Effect


def photo(colour: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (48, 36), colour).save(held, "JPEG")
    return held.getvalue()


async def finished_job(database: Database) -> UUID:
    """A completed job: 120 dollars and 10 of tip, in New York's afternoon, charged and partly given back."""
    job_id = await add_job(database, "completed")
    await run(
        database,
        "UPDATE jobs SET final_price_cents = 12000, tip_cents = 1000, labour_minutes = 95, service = $2,"
        " started_at = $3, finished_at = $4, reference = 'order-77' WHERE id = $1",
        job_id,
        'Mount a 55" TV <script>alert(1)</script>',
        datetime(2026, 11, 21, 19, 0, tzinfo=UTC),
        datetime(2026, 11, 21, 20, 35, tzinfo=UTC),
    )
    return job_id


async def paid(database: Database, job_id: UUID, status: str = "captured", captured: int = 13000) -> None:
    await run(
        database,
        "INSERT INTO payments (job_id, purpose, provider, status, intent_id, currency, amount_cents,"
        " authorized_cents, captured_cents, tip_cents, refunded_cents)"
        " VALUES ($1, 'hold', 'stripe', $2, 'pi_1', 'usd', 13000, 13000, $3, 0, $4)",
        job_id,
        status,
        captured,
        2500 if captured else 0,
    )


async def photographed(tools: Tools, job_id: UUID) -> list[bytes]:
    files = [photo("red"), photo("green"), photo("blue")]
    for number, (kind, data) in enumerate(zip(("before", "after", "after"), files, strict=True)):
        key = f"{number}" * 32
        await tools.providers.store.put(key, data, "image/jpeg")
        await run(
            tools.database,
            "INSERT INTO evidence (job_id, kind, uploaded_by, upload_key, store_key, thumb_key, sha256,"
            " source_sha256, media_type, bytes, width, height)"
            " VALUES ($1, $2, 'pat', $3, $4, $5, sha256('a'), sha256('b'), 'image/jpeg', 10, 48, 36)",
            job_id,
            kind,
            f"upload {number}",
            f"{number}f" * 16,
            key,
        )
    return files


async def receipt_due(tools: Tools, job_id: UUID, now: datetime | None = None) -> str:
    """Run the receipt's effect for the job's completion; "done", or why it waits."""
    ((version,),) = await rows(tools.database, "SELECT version FROM jobs WHERE id = $1", job_id)
    task = Task(Effect.SEND_RECEIPT, job_id, version, None, 1, now or datetime.now(UTC))
    try:
        await send_receipt(tools, task)
    except Postpone as later:
        return str(later)
    return "done"


async def only_mail(tools: Tools, now: datetime | None = None) -> str:
    """Send the one mail that is queued; what its try ended with."""
    ((number,),) = await rows(tools.database, "SELECT id FROM deliveries WHERE channel = 'email'")
    return await one_try(tools, "email", number, now)


def text_of(html: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<head>.*</head>", "", html)).split())
