"""What Redis answers, read out of a stream of bytes: RESP 2, as the page "protocol spec" of redis.io has it.

redis-py reads one answer per awaited call, which costs a task's turn for each; on a busy bus that is most of
what a message costs. This reads whatever a read of the socket brought, at once. Nearly all of that is
messages on channels, plain or sharded, and what their publisher is answered: those two shapes are read by one
search each, all else part by part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_REPLY_BYTES: Final = 64 * 1024 * 1024  # ours have 64 KB at most; anybody may publish more
MAX_ITEMS: Final = 1024
# `["message", channel, data]` up to its data, when the channel's name has no line end in it.
_MESSAGE: Final = re.compile(
    rb"\*3\r\n\$(?:7\r\n(?=m)|8\r\n(?=s))(s?message)\r\n\$(\d{1,5})\r\n([^\r]*)\r\n\$(\d{1,8})\r\n"
)
_ARRAY, _INTEGER = b"*:"
_COUNTS: Final = re.compile(rb"(?::\d{1,9}\r\n)+")  # how many heard each of some messages


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server refuses a command; `text` begins with its code, like `MOVED 7 host:port`."""

    text: str


Reply: TypeAlias = "int | bytes | Refusal | list[Reply] | None"


class Replies:
    """Cuts the bytes of one connection into replies."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._rest_bytes = 0
        self._needs = 0  # with fewer bytes nothing more is whole

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are whole by now, in order. Raises ValueError for what is no RESP."""
        if self._rest:
            self._rest.append(data)
            self._rest_bytes += len(data)
            if self._rest_bytes < self._needs:
                return []
            data = b"".join(self._rest)
        found: list[Reply] = []
        at = 0
        self._needs = 0
        try:
            while at < len(data):
                kind_byte = data[at]
                if kind_byte == _ARRAY and (message := _MESSAGE.match(data, at)) is not None:
                    kind, size, channel, body_size = message.groups()
                    start = message.end()
                    end = start + int(body_size)
                    if len(data) >= end + 2 and len(channel) == int(size):
                        found.append([kind, channel, data[start:end]])
                        at = end + 2
                        continue
                elif kind_byte == _INTEGER and (counts := _COUNTS.match(data, at)) is not None:
                    found += map(int, counts[0][1:-2].split(b"\r\n:"))
                    at = counts.end()
                    continue
                reply, at = _read(data, at)
                found.append(reply)
        except _Incomplete as more:
            self._needs = more.bytes - at
        self._rest = [data[at:]] if at < len(data) else []
        self._rest_bytes = len(data) - at
        if self._needs > MAX_REPLY_BYTES or self._rest_bytes > MAX_REPLY_BYTES:
            raise ValueError("Redis says something too long.")
        return found


class _Incomplete(Exception):
    """Not all there: it ends at `bytes` or later."""

    def __init__(self, end: int) -> None:
        self.bytes = end


def _read(data: bytes, at: int) -> tuple[Reply, int]:
    """One reply and where the next one begins. Raises _Incomplete."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise _Incomplete(len(data) + 1)
    kind, head, after = data[at : at + 1], data[at + 1 : end], end + 2
    if kind == b"$":
        stop = after + int(head)
        if stop < after:
            return None, after
        if len(data) < stop + 2:
            raise _Incomplete(stop + 2)
        return data[after:stop], stop + 2
    if kind == b":":
        return int(head), after
    if kind == b"*":
        return _read_items(data, after, int(head))
    if kind == b"+":
        return head, after
    if kind == b"-":
        return Refusal(head.decode(errors="replace")), after
    raise ValueError("Redis says something that is no RESP.")


def _read_items(data: bytes, at: int, count: int) -> tuple[Reply, int]:
    if count > MAX_ITEMS:
        raise ValueError("Redis says something too long.")
    items: list[Reply] = []
    for _ in range(count):
        item, at = _read(data, at)
        items.append(item)
    return (items if count >= 0 else None), at
