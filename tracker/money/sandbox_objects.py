"""The sandbox's objects: how they are made from their rows, and how a key makes one of them once."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from db import sandbox
from db.pool import Connection
from tracker.money.provider import Ask, Checkout, Intent, IntentStatus, ProviderRefused, Refund, Transfer

HOLD_LASTS = timedelta(days=7)  # the sandbox's own; a real card says its own
NOUNS = {"payment_intent": "payment intent"}

Body = dict[str, Any]


def id_for(prefix: str, key: str) -> str:
    """The id of what a key makes: the same for ever."""
    return f"{prefix}_sandbox_{hashlib.sha256(key.encode()).hexdigest()[:24]}"


async def enter(conn: Connection, key: str, prefix: str, request: Body) -> tuple[str, bool]:
    """The id of what this key makes, and whether this is the first request with it.

    Raises ProviderRefused when the key was used for another request. What the transaction then refuses is
    forgotten with it.
    """
    object_id = id_for(prefix, key)
    if await sandbox.put(conn, f"key:{key}", sandbox.KEY_KIND, key, None, {"request": request}):
        return object_id, True
    kept = await sandbox.get(conn, f"key:{key}", sandbox.KEY_KIND)
    if kept is None or kept.body["request"] != request:
        raise ProviderRefused("idempotency_error", f"The key {key} was used for another request.")
    return object_id, False


async def body_of(conn: Connection, object_id: str, kind: str, *, lock: bool = False) -> Body:
    """An object's body. Raises ProviderRefused for one that is not there."""
    found = await sandbox.get(conn, object_id, kind, lock=lock)
    if found is None:
        raise ProviderRefused("resource_missing", f"No such {NOUNS.get(kind, kind)}: {object_id}")
    return found.body


def new_intent(ask: Ask, *, held: bool, metadata: dict[str, str], now: datetime) -> Body:
    """An intent that the bank agreed to."""
    return {
        "status": IntentStatus.HELD if held else IntentStatus.TAKEN,
        "currency": ask.currency,
        "amount_cents": ask.amount_cents,
        "capturable_cents": ask.amount_cents if held else 0,
        "captured_cents": 0 if held else ask.amount_cents,
        "refunded_cents": 0,
        "capture_before": (now + HOLD_LASTS).isoformat() if held else None,
        "customer": ask.customer,
        "payment_method": ask.payment_method,
        "description": ask.description,
        "metadata": metadata,
    }


async def held_intent(conn: Connection, intent_id: str, done: str) -> Body:
    """An intent's body, locked, when it is held; else it cannot be `done`: raises ProviderRefused."""
    body = await body_of(conn, intent_id, "payment_intent", lock=True)
    status = _status(body)
    if status is not IntentStatus.HELD:
        raise ProviderRefused(
            "payment_intent_unexpected_state", f"An intent that is {status.value} cannot be {done}."
        )
    return body


async def intent_of(conn: Connection, intent_id: str) -> Intent:
    """An intent as it is now. Raises ProviderRefused."""
    body = await body_of(conn, intent_id, "payment_intent")
    status = _status(body)
    return Intent(
        id=intent_id,
        status=status,
        currency=body["currency"],
        amount_cents=body["amount_cents"],
        capturable_cents=body["capturable_cents"] if status is IntentStatus.HELD else 0,
        captured_cents=body["captured_cents"],
        refunded_cents=body["refunded_cents"],
        capture_before=_until(body),
        customer=body["customer"],
        payment_method=body["payment_method"],
        metadata=body["metadata"],
    )


def _status(body: Body) -> IntentStatus:
    """A hold that was not captured in time has ended by itself."""
    until = _until(body)
    status = IntentStatus(body["status"])
    over = status is IntentStatus.HELD and until is not None and until <= datetime.now(UTC)
    return IntentStatus.CANCELLED if over else status


def _until(body: Body) -> datetime | None:
    return datetime.fromisoformat(body["capture_before"]) if body["capture_before"] else None


def refund_of(object_id: str, body: Body) -> Refund:
    """A refund."""
    return Refund(object_id, body["intent_id"], body["amount_cents"], body["status"], body["metadata"])


def transfer_of(object_id: str, body: Body) -> Transfer:
    """A transfer."""
    return Transfer(id=object_id, **body)


def checkout_of(object_id: str, body: Body) -> Checkout:
    """A checkout. Who pays on it is known by their mail address only."""
    return Checkout(
        id=object_id,
        url=body["url"] if body["status"] == "open" else None,
        status=body["status"],
        paid=body["status"] == "complete",
        intent_id=body["intent_id"],
        amount_cents=body["amount_cents"],
        currency=body["currency"],
        customer=body.get("customer"),
        customer_name=None,
        customer_email=body["customer_email"],
        customer_phone=None,
        metadata=body["metadata"],
    )


def job_of(metadata: dict[str, str]) -> UUID | None:
    """The job that an object names."""
    try:
        return UUID(metadata["job_id"])
    except (KeyError, ValueError):
        return None
