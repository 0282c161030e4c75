"""Hearing: one connection that is subscribed to the wanted channels and to the node's own, the canary's.

Something is said on the canary's channel every second through the publisher. Three in a row unheard mean
that the node is deaf, whatever the sockets look like: the server is frozen, or does not pass messages on.
Then, as after any error, the connection is closed and a new one made; the canary's channel is subscribed
last, so hearing the first canary proves that every wanted channel is heard again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from rooms.redis_bus_link import BROKEN, Dialer, Link, backoff_s, reason

CANARY_EVERY_S: Final = 1.0
CANARY_FIRST_EVERY_S: Final = 0.1  # until the first one is heard
DEAF_AFTER_S: Final = 3.0  # three canaries; counted in sleeps, so a stalled loop does not look like it
COMMAND_TIMEOUT_S: Final = 1.0
CHANNELS_PER_COMMAND: Final = 1000

logger = logging.getLogger(__name__)


class DeafError(ConnectionError):
    """What this node publishes does not come back to it."""


@dataclass(slots=True)
class _Channel:
    """One channel, as wanted and as the server knows it."""

    wanted: bool = True
    asked: bool = False  # the last command sent for it was SUBSCRIBE
    unanswered: int = 0  # commands sent for it and not confirmed
    late: bool = False  # somebody stopped waiting for the confirmation
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)


class Subscriber:
    """Keeps the wanted channels (as Redis names them) subscribed. `run` is its task.

    `on_heard(channel, raw)` gets every message of the wanted channels. `on_missed(channels)` is told where
    something may have been missed. `ask` sends a canary; `on_deaf` is awaited when three were not heard.
    """

    def __init__(
        self,
        dialer: Dialer,
        canary: bytes,
        *,
        on_heard: Callable[[bytes, bytes], None],
        on_missed: Callable[[Iterable[bytes]], None],
        ask: Callable[[], None],
        on_deaf: Callable[[], Awaitable[None]],
    ) -> None:
        self._dialer = dialer
        self._canary = canary
        self._on_heard = on_heard
        self._on_missed = on_missed
        self._ask = ask
        self._on_deaf = on_deaf
        self._channels: dict[bytes, _Channel] = {}
        self._changed: set[bytes] = set()
        self._wake = asyncio.Event()
        self._connected = False
        self._canary_heard = False
        self.up = asyncio.Event()
        self.connections = 0

    def want(self, channel: bytes) -> None:
        """Subscribe to a channel with the next command."""
        self._channels.setdefault(channel, _Channel()).wanted = True
        self._change(channel)

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe from a channel with the next command."""
        self._channels[channel].wanted = False
        self._change(channel)

    async def confirmed(self, channel: bytes, within_s: float) -> None:
        """Wait until the server confirmed a wanted channel; not at all while there is no server.

        A confirmation later than `within_s` is told to `on_missed`; a reconnect tells all of them anyway.
        """
        state = self._channels[channel]
        if state.confirmed.is_set() or not self._connected:
            return
        try:
            await asyncio.wait_for(state.confirmed.wait(), within_s)
        except TimeoutError:
            state.late = True

    def heard_canary(self) -> None:
        """What this node said came back: it is up, and after a reconnect everything may have been missed."""
        self._canary_heard = True
        if self.up.is_set():
            return
        self.up.set()
        logger.info("the bus is up")
        self._on_missed([channel for channel, state in self._channels.items() if state.wanted])

    async def run(self) -> None:
        """Connect and hear, again and again, until cancelled."""
        failures = 0
        while True:
            try:
                link = await self._dialer.dial()
                try:
                    await self._listen(link)
                finally:
                    await link.close()
            except Exception as error:
                if not isinstance(error, BROKEN):
                    logger.exception("the bus met a surprise; connecting again")
                elif self.up.is_set() or not failures:
                    logger.warning("the bus is deaf until Redis answers: %s", reason(error))
                if isinstance(error, DeafError):
                    await self._on_deaf()
            finally:
                failures = 1 if self.up.is_set() else failures + 1
                self._forget()
            await asyncio.sleep(backoff_s(failures))

    async def _listen(self, link: Link) -> None:
        """Serve one connection until something on it breaks. Raises what broke."""
        self.connections += 1
        self._connected = True
        # No TaskGroup: it forgets that it was cancelled when the connection breaks in the same moment.
        tasks = [asyncio.create_task(work) for work in (self._tell(link), self._hear(link), self._watch())]
        try:
            broken, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            broken.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, link: Link) -> None:
        """Say which channels are wanted: all of them and then the canary's, later the changes."""
        self._changed = set(self._channels)
        await self._tell_changes(link)
        await link.send([("SUBSCRIBE", self._canary)], COMMAND_TIMEOUT_S)
        while True:
            await self._wake.wait()
            await self._tell_changes(link)

    async def _tell_changes(self, link: Link) -> None:
        self._wake.clear()
        changed, self._changed = self._changed, set()
        words: dict[str | bytes, list[bytes]] = {"SUBSCRIBE": [], "UNSUBSCRIBE": []}
        for name in changed:
            channel = self._channels.get(name)
            if channel is None:
                continue
            if channel.wanted != channel.asked:
                channel.asked = channel.wanted
                channel.unanswered += 1
                channel.confirmed.clear()
                words["SUBSCRIBE" if channel.wanted else "UNSUBSCRIBE"].append(name)
            elif not channel.wanted and not channel.unanswered:
                del self._channels[name]
        commands: list[tuple[bytes | str, ...]] = [
            (word, *names[start : start + CHANNELS_PER_COMMAND])
            for word, names in words.items()
            for start in range(0, len(names), CHANNELS_PER_COMMAND)
        ]
        if commands:
            await link.send(commands, COMMAND_TIMEOUT_S)

    async def _hear(self, link: Link) -> None:
        while True:
            kind, channel, data = await link.hear()
            if kind == b"message":
                self._on_heard(channel, data)
            else:
                self._answered(channel)

    def _answered(self, name: bytes) -> None:
        """The server confirmed a SUBSCRIBE or UNSUBSCRIBE; only the last one sent says how things stand."""
        channel = self._channels.get(name)
        if channel is None:
            return
        channel.unanswered -= 1
        if channel.unanswered:
            return
        if channel.asked and channel.wanted:
            channel.confirmed.set()
            if channel.late and self.up.is_set():
                self._on_missed([name])
            channel.late = False
        elif not channel.asked and not channel.wanted:
            del self._channels[name]

    async def _watch(self) -> None:
        """Ask for a canary every second. Raises DeafError when none was heard for three."""
        silent_s = 0.0
        while silent_s < DEAF_AFTER_S:
            self._ask()
            every_s = CANARY_EVERY_S if self.up.is_set() else CANARY_FIRST_EVERY_S
            await asyncio.sleep(every_s)
            silent_s = 0.0 if self._canary_heard else silent_s + every_s
            self._canary_heard = False
        raise DeafError("its own messages do not come back")

    def _change(self, channel: bytes) -> None:
        self._changed.add(channel)
        self._wake.set()

    def _forget(self) -> None:
        """The connection is gone, and with it every subscription."""
        self.up.clear()
        self._connected = False
        self._canary_heard = False
        self._channels = {name: channel for name, channel in self._channels.items() if channel.wanted}
        for channel in self._channels.values():
            channel.asked = channel.late = False
            channel.unanswered = 0
            channel.confirmed.clear()
