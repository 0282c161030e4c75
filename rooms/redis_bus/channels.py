"""The wanted channels of one connection: as they are wanted, and as the server knows them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Channel:
    """One channel, as wanted and as the server knows it."""

    wanted: bool = True
    asked: bool = False  # the last command sent for it was SUBSCRIBE
    unanswered: int = 0  # commands sent for it and not confirmed
    late: bool = False  # something may have been missed before the confirmation
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)


class Channels:
    """What to ask of the server next, and what its answers mean. `changed` is set when there is something
    to ask."""

    def __init__(self) -> None:
        self._channels: dict[bytes, Channel] = {}
        self._changes: set[bytes] = set()
        self._refused: set[bytes] = set()
        self.changed = asyncio.Event()

    def want(self, name: bytes, *, late: bool = False) -> None:
        """Subscribe with the next command; `late` when it was another server's so far."""
        channel = self._channels.setdefault(name, Channel())
        channel.wanted = True
        channel.late = channel.late or late
        self._change(name)

    def unwant(self, name: bytes) -> None:
        """Unsubscribe with the next command."""
        self._channels[name].wanted = False
        self._refused.discard(name)
        self._change(name)

    def give_up(self, name: bytes) -> None:
        """Forget a channel that another server serves by now; this one ends the subscription by itself."""
        del self._channels[name]
        self._refused.discard(name)

    def get(self, name: bytes) -> Channel:
        """A wanted channel."""
        return self._channels[name]

    def wanted(self) -> list[bytes]:
        """All that are wanted."""
        return [name for name, channel in self._channels.items() if channel.wanted]

    def __len__(self) -> int:
        return len(self._channels)

    def take_changes(self) -> tuple[list[bytes], list[bytes]]:
        """What to subscribe to and what to unsubscribe from; the caller asks for it now."""
        self.changed.clear()
        changes, self._changes = self._changes, set()
        subscribe: list[bytes] = []
        unsubscribe: list[bytes] = []
        for name in changes:
            channel = self._channels.get(name)
            if channel is None:
                continue
            if channel.wanted != channel.asked:
                channel.asked = channel.wanted
                channel.unanswered += 1
                channel.confirmed.clear()
                (subscribe if channel.wanted else unsubscribe).append(name)
            elif not channel.wanted and not channel.unanswered:
                del self._channels[name]
        return subscribe, unsubscribe

    def answered(self, name: bytes) -> bool:
        """The server confirmed a SUBSCRIBE or UNSUBSCRIBE; only the last one sent says how things stand.

        True when the channel is subscribed from now on and something may have been missed before.
        """
        channel = self._channels.get(name)
        if channel is None:
            return False
        channel.unanswered = max(0, channel.unanswered - 1)
        if channel.unanswered:
            return False
        if channel.asked and channel.wanted:
            channel.confirmed.set()
            late, channel.late = channel.late, False
            return late
        if not channel.asked and not channel.wanted:
            del self._channels[name]
        return False

    def refused(self, name: bytes, *, taken: bool) -> None:
        """The server will not have this channel (any more), so what is said on it is missed for now.

        It is asked again with `ask_refused_again`. `taken` when that was no answer to a command.
        """
        channel = self._channels.get(name)
        if channel is None:
            return
        if not taken:
            channel.unanswered = max(0, channel.unanswered - 1)
        channel.late = True
        if channel.unanswered:
            return  # a later command says how things stand
        channel.asked = False
        channel.confirmed.clear()
        if channel.wanted:
            self._refused.add(name)
        else:
            del self._channels[name]

    def is_complete(self) -> bool:
        """Whether the server refused none of the wanted ones."""
        return not self._refused

    def ask_refused_again(self) -> None:
        """Ask once more for what was refused: the server was found to be the owner after all."""
        for name in self._refused:
            self._change(name)
        self._refused.clear()

    def start_over(self) -> None:
        """The connection is gone, and with it every subscription: ask a new one for all that are wanted."""
        self._channels = {name: channel for name, channel in self._channels.items() if channel.wanted}
        for channel in self._channels.values():
            channel.asked = channel.late = False
            channel.unanswered = 0
            channel.confirmed.clear()
        self._refused.clear()
        self._changes = set(self._channels)

    def _change(self, name: bytes) -> None:
        self._changes.add(name)
        self.changed.set()
