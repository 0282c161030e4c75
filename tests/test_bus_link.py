"""The connection under the bus: what is relied on in redis-py, public or not, and that every wait ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from rooms.redis_bus.link import BACKOFF_CAP_S, BROKEN, Dialer, Link, backoff_s
from tests.patience import BUSY_S
from tests.servers import Valkey, start_valkey


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with start_valkey() as server:
        yield server


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_closing_frees_the_socket_even_when_a_frozen_server_has_not_read_everything(
    valkey: Valkey, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    async def story() -> None:
        before = open_sockets()
        link = await Dialer(valkey.url, "test").dial()
        assert open_sockets() == before + 1
        valkey.freeze()
        with pytest.raises(BROKEN):
            await link.publish([(b"c", bytes(1_000_000))] * 20, within_s=0.25)
        await link.close()
        await asyncio.sleep(0.01)
        assert open_sockets() == before, "redis-py moved its writer: Link needs another way to the transport"
        await link.close()

    run(story())


@pytest.mark.parametrize(
    "wait",
    [
        lambda dialer, _: dialer.dial(),
        lambda _, link: link.send([("PUBLISH", "c", bytes(1_000_000))] * 20, within_s=0.2),
        lambda _, link: link.publish([(b"c", b"")], within_s=0.2),
    ],
    ids=["dial", "send", "publish"],
)
def test_no_wait_for_a_frozen_server_is_longer_than_its_deadline(
    valkey: Valkey, wait: Callable[[Dialer, Link], Awaitable[object]]
) -> None:
    async def story() -> None:
        dialer = Dialer(valkey.url, "test")
        link = await dialer.dial()
        valkey.freeze()
        began = time.monotonic()
        with pytest.raises(BROKEN):
            await wait(dialer, link)
        assert time.monotonic() - began < 2 + BUSY_S
        await link.close()

    asyncio.run(story())


def test_a_closed_link_stays_closed(valkey: Valkey) -> None:
    async def story() -> None:
        link = await Dialer(valkey.url, "test").dial()
        await link.close()
        for attempt in (link.publish([(b"c", b"")], 1.0), link.send([("PING",)], 1.0)):
            with pytest.raises(BROKEN):
                await attempt
        with pytest.raises(BROKEN):
            link.stream(print)
        assert not link._connection.is_connected

    asyncio.run(story())


def test_a_refused_message_is_an_error(valkey: Valkey) -> None:
    async def story() -> None:
        link = await Dialer(valkey.url, "test").dial()
        await link.publish([(b"c", b"")], 1.0)
        valkey.command("ACL", "SETUSER", "default", "resetchannels")
        with pytest.raises(BROKEN, match="permission"):
            await link.publish([(b"c", b"")], 1.0)
        await link.close()

    asyncio.run(story())


def test_the_wait_before_the_next_attempt_grows_to_half_a_second_and_has_jitter() -> None:
    assert all(backoff_s(1) <= 0.05 for _ in range(100))
    many = [backoff_s(1000) for _ in range(100)]
    assert BACKOFF_CAP_S / 2 <= min(many) < max(many) <= BACKOFF_CAP_S


def open_sockets() -> int:
    """How many sockets this process has open (Linux)."""
    return sum(link.is_socket() for link in Path("/proc/self/fd").iterdir())
