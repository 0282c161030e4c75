"""Telling dispatch that an effect was put aside: in the transaction that puts it aside, so once per death."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from db.outbox import DeadRow, count_dead_since
from db.pool import Connection
from tracker.jobs.consequences import Effect
from tracker.messages.kinds import AlertPage
from tracker.messages.notify import alert_dispatch
from tracker.settings import Settings

log = logging.getLogger("tracker.worker")

# An alert is a bell and a push itself: about those, an alert would cause the next.
NOT_ALERTED = frozenset({Effect.RING_BELL.value, Effect.SEND_PUSH.value})
EACH_UP_TO = 5  # of one kind within an hour; beyond that a provider is down, and one alert an hour says so


async def alert_of_dead(conn: Connection, settings: Settings, dead: Sequence[DeadRow], now: datetime) -> None:
    """Alert dispatch of each, and only once an hour of a kind that dies in heaps."""
    for row in dead:
        log.warning("effect %s (%s) is a dead letter", row.effect, row.id)
        if row.effect in NOT_ALERTED:
            continue
        what = row.effect.replace("_", " ")
        hour = now.replace(minute=0, second=0, microsecond=0)
        if await count_dead_since(conn, row.effect, hour) <= EACH_UP_TO:
            again = f":{now:%Y%m%dT%H%M%S}" if row.retried else ""
            key, title = f"dead:{row.id}{again}", f"Gave up: {what}"
            body = f"{row.reason} (effect {row.id})"
        else:
            key, title = f"dead:{row.effect}:{hour:%Y-%m-%dT%H}", f"Gave up many times: {what}"
            body = f"More than {EACH_UP_TO} of this kind were put aside within the hour; last: {row.reason}"
        try:
            async with conn.transaction():
                await alert_dispatch(
                    conn,
                    settings,
                    event_key=key,
                    title=title,
                    body=body,
                    job_id=row.job_id,
                    now=now,
                    page=AlertPage.OUTBOX,
                )
        except Exception:  # the dead letter is listed all the same
            log.exception("dispatch was not alerted of dead letter %s", row.id)
