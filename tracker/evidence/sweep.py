"""Deleting files that no evidence names: left by a crash in mid-upload, or of evidence that was removed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from db.evidence import condemn_files, forget_files, put_off_files
from db.pool import Database
from tracker.evidence.store import Store
from tracker.evidence.store_problems import StoreUnavailable

LOOSE_FOR = timedelta(hours=1)  # many times longer than an upload may take
SWEPT_AT_ONCE = 100  # files per transaction
DELETED_AT_ONCE = 8  # a store far away takes a while for each
AGAIN_AFTER = timedelta(hours=6)  # a file that the store will not delete: it may be under a legal hold
MOST_REFUSALS = 5  # then the store is away, and asking for the rest costs a timeout each


async def sweep_orphans(store: Store, database: Database, now: datetime) -> int:
    """Delete loose files whose time is over; returns how many.

    A file that cannot be deleted is put off, so that it does not keep the others. Raises Unavailable when
    there were such files, and is to be run again.
    """
    swept, refusals = 0, list[StoreUnavailable]()
    while len(refusals) < MOST_REFUSALS:
        async with database.transaction() as conn:
            keys = await condemn_files(conn, now, limit=SWEPT_AT_ONCE)
        deleted, refused = await _delete_each(store, keys, MOST_REFUSALS - len(refusals))
        async with database.transaction() as conn:
            await forget_files(conn, deleted)
            await put_off_files(conn, list(refused), until=now + AGAIN_AFTER)
        swept += len(deleted)
        refusals += refused.values()
        if len(keys) < SWEPT_AT_ONCE:
            break
    if refusals:
        raise refusals[0]
    return swept


async def delete_files(store: Store, database: Database, keys: list[str]) -> None:
    """Delete files that are on the list, then take them off it. Raises Unavailable; again does no harm."""
    for key in keys:
        await store.delete(key)
    async with database.connection() as conn:
        await forget_files(conn, keys)


async def _delete_each(
    store: Store, keys: list[str], patience: int
) -> tuple[list[str], dict[str, StoreUnavailable]]:
    """(deleted, refused with the reason); ends early when as many as `patience` were refused."""
    deleted, refused = list[str](), dict[str, StoreUnavailable]()
    for start in range(0, len(keys), DELETED_AT_ONCE):
        group = keys[start : start + DELETED_AT_ONCE]
        for key, problem in zip(
            group, await asyncio.gather(*(_delete(store, key) for key in group)), strict=True
        ):
            if problem is None:
                deleted.append(key)
            else:
                refused[key] = problem
        if len(refused) >= patience:
            break
    return deleted, refused


async def _delete(store: Store, key: str) -> StoreUnavailable | None:
    try:
        await store.delete(key)
    except StoreUnavailable as problem:
        return problem
    return None
