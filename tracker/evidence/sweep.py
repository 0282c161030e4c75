"""Deleting files that no evidence names: left by a crash in mid-upload, or of evidence that was removed."""

from __future__ import annotations

from datetime import datetime, timedelta

from db.evidence import condemn_files, forget_files
from db.pool import Database
from tracker.evidence.store import Store

LOOSE_FOR = timedelta(hours=1)  # many times longer than an upload may take
SWEPT_AT_ONCE = 100


async def sweep_orphans(store: Store, database: Database, now: datetime) -> int:
    """Delete loose files whose time is over; returns how many. Raises Unavailable, and is to be run again."""
    swept = 0
    while True:
        async with database.transaction() as conn:
            keys = await condemn_files(conn, now, limit=SWEPT_AT_ONCE)
        await delete_files(store, database, keys)
        swept += len(keys)
        if len(keys) < SWEPT_AT_ONCE:
            return swept


async def delete_files(store: Store, database: Database, keys: list[str]) -> None:
    """Delete files that are on the list, then take them off it. Raises Unavailable; again does no harm."""
    for key in keys:
        await store.delete(key)
    async with database.connection() as conn:
        await forget_files(conn, keys)
