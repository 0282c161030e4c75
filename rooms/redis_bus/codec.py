"""How a message looks on the bus: signed for its channel, numbered by its sender.

    1 byte   version
    8 bytes  sender: random, drawn anew by every bus that is made
    8 bytes  number: counts up with everything this sender says, big-endian
    16 bytes keyed BLAKE2b of version, sender, number, channel and body
    rest     body: MessagePack; nil says "I may have lost messages on this channel"

Redis is shared and often without a password, so nothing that comes out of it is believed before its
signature is checked. The channel is signed too: a message copied to another channel is a forgery. The
number refuses the same message twice and what a thawed server delivers after newer ones. Numbers are in
order on one server only, so in a cluster the newest are remembered per server. (The one replay left is of a
sender never heard there; messages carry versions and times for that.)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

import msgspec

from rooms.bus import MAX_MESSAGE_BYTES, Message

VERSION: Final = 1
SENDER_BYTES: Final = 8
MAC_BYTES: Final = 16
MAX_SENDERS: Final = 4096  # remembered; every restart of a node is a new one
_HEAD = Struct(f">B{SENDER_BYTES}sQ")
_HEADER_BYTES: Final = _HEAD.size + MAC_BYTES


class UnsendableError(ValueError):
    """The message cannot travel: it is not JSON-able, or longer than 64 KB."""


class ForgedError(ValueError):
    """The message has no valid signature for this channel, or cannot be read."""


class UnknownVersionError(ValueError):
    """The message comes from a node that speaks another version of the bus."""


class StaleError(ValueError):
    """The message was heard before, or its sender has said newer things since."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message whose signature is good. `message` is None when the sender says that it lost some."""

    sender: bytes
    message: Message | None


class Newest:
    """The newest number heard from each sender on one way, where order is kept."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}

    def admit(self, sender: bytes, number: int) -> None:
        """Remember a number. Raises StaleError for one that is not newer than all before."""
        if number <= self._numbers.get(sender, 0):
            raise StaleError("not newer than what this sender said before")
        if sender not in self._numbers and len(self._numbers) >= MAX_SENDERS:
            del self._numbers[next(iter(self._numbers))]  # the one first heard longest ago
        self._numbers[sender] = number


class BusCodec:
    """Seals what this sender says and opens what the others said, with one shared secret (any length)."""

    def __init__(self, secret: bytes) -> None:
        # Derived, so that the same TRACKER_SECRET may serve elsewhere; `person` separates the uses.
        key = hashlib.blake2b(secret, digest_size=32, person=b"tracker-bus").digest()
        self._keyed = hashlib.blake2b(key=key, digest_size=MAC_BYTES)
        self.sender = secrets.token_bytes(SENDER_BYTES)
        self._said = 0
        self._newest = Newest()
        self._encode: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode
        decoder = msgspec.msgpack.Decoder(dict[str, Any] | None)
        self._decode: Callable[[bytes], Message | None] = decoder.decode

    def seal(self, channel: bytes, message: Message | None) -> bytes:
        """The bytes to publish on `channel`. Raises UnsendableError."""
        try:
            body = self._encode(message)
        except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            raise UnsendableError(f"not JSON-able: {error}") from error
        if _HEADER_BYTES + len(body) > MAX_MESSAGE_BYTES:
            raise UnsendableError(f"{len(body)} bytes are more than a message may have")
        self._said += 1
        head = _HEAD.pack(VERSION, self.sender, self._said)
        return head + self._mac(head, channel, body) + body

    def is_own(self, raw: bytes) -> bool:
        """Whether the message says that this sender sent it; cheap, and no proof."""
        return raw[1 : 1 + SENDER_BYTES] == self.sender

    def open(self, channel: bytes, raw: bytes, newest: Newest | None = None) -> Heard:
        """What the bytes heard on `channel` say. Raises ForgedError, UnknownVersionError, StaleError.

        `newest` belongs to the way they came, when there are several.
        """
        if not _HEADER_BYTES < len(raw) <= MAX_MESSAGE_BYTES:
            raise ForgedError("too short or too long")
        if raw[0] != VERSION:
            raise UnknownVersionError(f"version {raw[0]}")
        head, mac, body = raw[: _HEAD.size], raw[_HEAD.size : _HEADER_BYTES], raw[_HEADER_BYTES:]
        if not hmac.compare_digest(mac, self._mac(head, channel, body)):
            raise ForgedError("wrong signature")
        _, sender, number = _HEAD.unpack(head)
        (newest or self._newest).admit(sender, number)
        try:
            return Heard(sender, self._decode(body))
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise ForgedError(f"not to be read: {error}") from error

    def _mac(self, head: bytes, channel: bytes, body: bytes) -> bytes:
        mac = self._keyed.copy()
        mac.update(head + len(channel).to_bytes(4, "big") + channel)
        mac.update(body)
        return mac.digest()
