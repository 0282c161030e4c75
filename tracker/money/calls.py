"""How a call that moves money is made once, whatever crashes, times out or is asked twice.

    await freeze(conn, "payment:7:capture", "capture", {"intent": "pi_…", "amount_cents": 13000})
    …commit, and then, in the worker:
    intent = await once(database, "payment:7:capture", ask=…, look=…, now=now)

The key and its parameters are stored in the transaction that decides on the call; the call uses what is
stored, never what is decided later. A call that was tried and not answered is looked up before it is asked
again, with the same key. Stripe forgets keys after 24 hours, so an old call that was never tried is looked
up as well. A key that is stuck (a stored 500 is replayed for a day) is given up for the next version, once
looking has shown that nothing happened under it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias, TypeVar

from db.money_calls import (
    MoneyCall,
    calls_by_keys,
    freeze_call,
    mark_call_done,
    mark_calls_refused,
    mark_tried,
)
from db.pool import Connection, Database
from tracker.money.provider import ProviderRefused, ProviderUnknown

LOOK_FIRST_AFTER = timedelta(hours=20)  # Stripe prunes keys after 24: docs.stripe.com/api/idempotent_requests
MAX_VERSIONS = 9  # a stuck key is rare, two in a row are a provider's bug; nine end in a dead letter
NOTHING_HAPPENED = "nothing_happened"  # the code of a call that was given up for its next version
OVERTAKEN = "overtaken"  # the code of a call whose subject is gone

Params: TypeAlias = dict[str, Any]


class HasId(Protocol):
    """What a provider makes."""

    @property
    def id(self) -> str:
        """The provider's id of it."""
        ...


T = TypeVar("T", bound=HasId)


class ParamsDiffer(Exception):
    """A key is used for another call than the one it was frozen for: a bug of ours, and nothing was sent."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the call {key} is frozen with other parameters")


async def freeze(conn: Connection, key: str, kind: str, params: Params) -> None:
    """Store a call in the transaction that decides on it. Raises ParamsDiffer."""
    written = await freeze_call(conn, _versioned(key, 1), kind, params)
    if (written.kind, written.params) != (kind, params):
        raise ParamsDiffer(key)


async def happened(conn: Connection, key: str, object_id: str) -> None:
    """We learned by another way (a webhook) that what this call asks for is done."""
    await mark_call_done(conn, _all_versions(key), object_id)


async def cannot_happen(conn: Connection, key: str, why: str) -> None:
    """We learned by another way that what this call asks for did not happen and never will."""
    await mark_calls_refused(conn, _all_versions(key), OVERTAKEN, why)


async def is_frozen(conn: Connection, key: str) -> bool:
    """Whether somebody decided on this call."""
    return bool(await calls_by_keys(conn, [_versioned(key, 1)]))


async def was_tried(conn: Connection, key: str) -> bool:
    """Whether it may have happened."""
    return any(call.tried_at for call in (await calls_by_keys(conn, _all_versions(key))).values())


async def once(
    database: Database,
    key: str,
    *,
    ask: Callable[[str, Params], Awaitable[T]],
    look: Callable[[MoneyCall], Awaitable[T | None]],
    now: datetime,
    again: bool = False,
) -> T:
    """Make a frozen call, or find out what came of it; returns the provider's object.

    `ask` makes the call with the provider's key and the frozen parameters. `look` finds what the call has
    made or changed, by the provider's object or by `provider_key` in its metadata; None: nothing happened.
    `again`: a refusal stands for a moment only; a later try asks anew, under the next version of the key.
    Raises ProviderRefused (also when it was refused before), ProviderUnknown (try again later), Unavailable.
    """
    call = await _newest(database, key)
    if call.outcome == "refused":
        if not again:
            raise _refusal(call)
        call = await _next_version(database, key, call)
    while True:
        if call.outcome == "done" or call.tried_at is not None or now - call.begun_at > LOOK_FIRST_AFTER:
            found = await _look(call, look)
            if found is not None:
                return await _done(database, call, found)
            if call.outcome == "done":
                raise ProviderUnknown(f"{call.key} is done, but its {call.object_id} is not to be found")
        try:
            return await _ask(database, call, ask)
        except ProviderUnknown as unknown:
            if not unknown.for_good:
                raise
        found = await _look(call, look)
        if found is not None:
            return await _done(database, call, found)
        call = await _next_version(database, key, call)


async def _look(call: MoneyCall, look: Callable[[MoneyCall], Awaitable[T | None]]) -> T | None:
    """A look that is refused says nothing of what happened: it never counts as a refused call."""
    try:
        return await look(call)
    except ProviderRefused as refused:
        raise ProviderUnknown(f"cannot look for {call.key}: {refused}") from refused


async def _ask(database: Database, call: MoneyCall, ask: Callable[[str, Params], Awaitable[T]]) -> T:
    async with database.transaction() as conn:
        await mark_tried(conn, call.key)
    try:
        made = await ask(call.provider_key, call.params)
    except ProviderRefused as refused:
        if refused.code == "idempotency_error":  # another release spelled these parameters differently
            raise ProviderUnknown(str(refused), for_good=True) from refused
        async with database.transaction() as conn:
            await mark_calls_refused(conn, [call.key], refused.code, refused.message)
        raise
    return await _done(database, call, made)


async def _done(database: Database, call: MoneyCall, made: T) -> T:
    if call.outcome is None:
        async with database.transaction() as conn:
            await mark_call_done(conn, [call.key], made.id)
    return made


async def _newest(database: Database, key: str) -> MoneyCall:
    """The newest version of a call. Raises IndexError for one that was never frozen: a bug of ours."""
    versions = _all_versions(key)
    async with database.connection() as conn:
        written = await calls_by_keys(conn, versions)
    return [written[version] for version in versions if version in written][-1]


async def _next_version(database: Database, key: str, call: MoneyCall) -> MoneyCall:
    """Close a version under which nothing happened and freeze the next one, with the same parameters."""
    number = int(call.key.rpartition(":v")[2]) + 1
    if number > MAX_VERSIONS:
        raise ProviderUnknown(f"{MAX_VERSIONS} keys of {key} are stuck")

    async def work(conn: Connection) -> MoneyCall:
        await mark_calls_refused(
            conn, [call.key], NOTHING_HAPPENED, "the key was stuck; the next version asks"
        )
        return await freeze_call(conn, _versioned(key, number), call.kind, call.params)

    return await database.in_transaction(work)


def _refusal(call: MoneyCall) -> ProviderRefused:
    answer = call.answer or {}
    return ProviderRefused(str(answer.get("code", "refused")), str(answer.get("message", "")))


def _versioned(key: str, number: int) -> str:
    return f"{key}:v{number}"


def _all_versions(key: str) -> list[str]:
    return [_versioned(key, number) for number in range(1, MAX_VERSIONS + 1)]
