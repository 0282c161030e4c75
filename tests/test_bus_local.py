"""The bus of a single process."""

from __future__ import annotations

import asyncio

from rooms.bus import BusState, LocalBus


def test_a_process_alone_hears_nothing_and_misses_nothing() -> None:
    async def story() -> None:
        bus = LocalBus()
        heard: list[str] = []
        bus.on_message = lambda channel, _message: heard.append(channel)
        await bus.start()
        await bus.subscribe("job:1")
        bus.publish("job:1", {"k": "dot"})
        await asyncio.sleep(0)
        assert heard == []
        assert bus.state is BusState.LOCAL
        assert bus.stats()["published"] == 1
        await bus.aclose()

    asyncio.run(story())


def test_a_channel_is_held_until_its_last_holder_lets_go() -> None:
    async def story() -> None:
        bus = LocalBus()
        await bus.subscribe("job:1")
        await bus.subscribe("job:1")
        bus.unsubscribe("job:1")
        assert bus.stats()["channels"] == 1
        bus.unsubscribe("job:1")
        assert bus.stats()["channels"] == 0
        bus.unsubscribe("job:1")
        assert bus.stats()["channels"] == 0

    asyncio.run(story())
