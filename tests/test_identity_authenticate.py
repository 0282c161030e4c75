"""A valid token is not enough: suspended and signed-out people stay out, within two seconds everywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from db.errors import Unauthorized, Unavailable
from db.people import (
    is_available_pro,
    list_pros,
    profile_of,
    set_on_duty,
    set_suspended,
    sign_out,
    standing_of,
    update_profile,
    upsert_person,
)
from db.pool import Database
from rooms.principal import Role
from tracker.identity.authenticate import Authenticator, authenticator_for
from tracker.identity.links import Links
from tracker.identity.tokens import SecretKey, Verifier, mint
from tracker.settings import Settings

SECRET = "a secret that is long enough for HS256"


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def with_ann(
    database_url: str, conversation: Callable[[Authenticator, Database, Clock], Awaitable[None]]
) -> None:
    """Run a conversation in which Ann, a pro, has a record."""

    async def run() -> None:
        database = await Database.connect(database_url, size=4)
        try:
            async with database.transaction() as conn:
                await upsert_person(conn, "ann", role="pro", name="Ann", phone=None, email=None, skills=None)
            clock = Clock()
            verifier = Verifier(SecretKey(SECRET))
            await conversation(
                Authenticator(verifier, Links(database), database, clock=clock), database, clock
            )
        finally:
            await database.close()

    asyncio.run(run())


def token(sub: str = "ann", *, ago_s: float = 0.0) -> dict[str, str]:
    """The auth object of a token issued some seconds ago."""
    return {"token": mint(SECRET, sub, Role.PRO, 3600, now=time.time() - ago_s)}


def test_a_suspended_person_is_out_and_a_reinstated_one_is_back(database_url: str) -> None:
    async def conversation(who: Authenticator, database: Database, clock: Clock) -> None:
        assert (await who.authenticate(token())).id == "ann"
        async with database.transaction() as conn:
            assert await set_suspended(conn, "ann", at=datetime.now(UTC))
        assert (await who.authenticate(token())).id == "ann"  # known for two seconds
        clock.now += 2
        with pytest.raises(Unauthorized):
            await who.authenticate(token())
        async with database.transaction() as conn:
            assert await set_suspended(conn, "ann", at=None)
        who.forget("ann")  # or at once
        assert (await who.authenticate(token())).id == "ann"

    with_ann(database_url, conversation)


def test_signing_out_ends_earlier_tokens_and_not_later_ones(database_url: str) -> None:
    async def conversation(who: Authenticator, database: Database, _: Clock) -> None:
        earlier = token(ago_s=5)
        async with database.transaction() as conn:
            await sign_out(conn, "ann", "pro", datetime.now(UTC))
            await sign_out(conn, "bob", "dispatcher", datetime.now(UTC))
        for auth in (earlier, token("bob", ago_s=5)):  # bob had no record before
            with pytest.raises(Unauthorized):
                await who.authenticate(auth)
        assert (await who.authenticate(token(ago_s=-0.1))).id == "ann"

    with_ann(database_url, conversation)


def test_somebody_without_a_record_has_nothing_against_them(database_url: str) -> None:
    async def conversation(who: Authenticator, _database: Database, _: Clock) -> None:
        assert (await who.authenticate(token("stranger"))).id == "stranger"

    with_ann(database_url, conversation)


def test_credentials_come_in_exactly_two_shapes(database_url: str) -> None:
    async def conversation(who: Authenticator, _database: Database, _: Clock) -> None:
        good = token()["token"]
        for auth in (
            {},
            {"token": None},
            {"token": {"a": 1}},
            {"token": [good]},
            {"link": None},
            {"link": good},
            {"token": good, "link": "x"},
            {"token": good, "role": "admin"},
            {"Token": good},
            {"user": "ann"},
        ):
            with pytest.raises(Unauthorized):
                await who.authenticate(auth)

    with_ann(database_url, conversation)


def test_a_thousand_requests_of_one_person_at_once_are_one_query(database_url: str) -> None:
    async def conversation(who: Authenticator, database: Database, clock: Clock) -> None:
        reads = 0
        connection = database.connection

        def counted():  # type: ignore[no-untyped-def]
            nonlocal reads
            reads += 1
            return connection()

        database.connection = counted  # type: ignore[method-assign]
        auth = token()
        await asyncio.gather(*(who.authenticate(auth) for _ in range(1000)))
        clock.now += 1.9
        await who.authenticate(auth)
        assert reads == 1

    with_ann(database_url, conversation)


def test_without_a_database_nobody_is_let_in_and_nobody_is_told_to_leave(database_url: str) -> None:
    async def conversation(who: Authenticator, database: Database, _: Clock) -> None:
        await database.close()
        with pytest.raises(Unavailable):
            await who.authenticate(token())
        with pytest.raises(Unavailable):
            await who.authenticate({"link": "x"})

    with_ann(database_url, conversation)


def test_the_settings_choose_between_a_secret_and_a_provider(database_url: str) -> None:
    async def conversation(_: Authenticator, database: Database, _clock: Clock) -> None:
        ours = {"DATABASE_URL": database_url, "TRACKER_SECRET": SECRET}
        by_secret = authenticator_for(Settings.from_env(ours), database, Links(database))
        assert (await by_secret.authenticate(token())).id == "ann"
        await by_secret.aclose()
        provider = {**ours, "JWKS_URL": "http://127.0.0.1:9/jwks.json"}
        by_provider = authenticator_for(Settings.from_env(provider), database, Links(database))
        with pytest.raises(Unauthorized):  # the secret signs no tokens beside a provider
            await by_provider.authenticate(token())
        await by_provider.aclose()

    with_ann(database_url, conversation)


def test_people_are_kept_with_their_skills_and_duty(database_url: str) -> None:
    async def conversation(_: Authenticator, database: Database, _clock: Clock) -> None:
        async with database.transaction() as conn:
            await conn.execute("INSERT INTO skills (code, name) VALUES ('tv', 'TV'), ('wifi', 'Wi-Fi')")
            more = {"phone": "+1", "email": None}
            assert (
                await upsert_person(conn, "ann", role="pro", name="Ann B", skills=["tv", "wifi"], **more)
                == []
            )
            assert await upsert_person(
                conn, "ann", role="pro", name="Ann B", skills=["tv", "xx"], **more
            ) == ["xx"]
            assert await set_on_duty(conn, "ann", on_duty=True)
            assert await update_profile(conn, "ann", name="Ann C")
            assert not await update_profile(conn, "nobody", name="x")
            assert not await set_suspended(conn, "nobody", at=None)
        async with database.connection() as conn:
            profile = await profile_of(conn, "ann")
            assert profile is not None
            assert (profile.name, profile.phone, profile.on_duty, profile.skills) == (
                "Ann C",
                "+1",
                True,
                ["tv"],
            )
            assert await profile_of(conn, "nobody") is None
            assert await standing_of(conn, "nobody") is None
            assert await is_available_pro(conn, "ann")
            assert not await is_available_pro(conn, "nobody")
            (pro,) = await list_pros(conn)
            assert (pro.id, pro.suspended, pro.skills, pro.active_jobs) == ("ann", False, ["tv"], 0)

    with_ann(database_url, conversation)
