"""What may be believed on the bus, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rooms.bus import MAX_MESSAGE_BYTES
from rooms.redis_bus.codec import (
    MAX_SENDERS,
    BusCodec,
    ForgedError,
    StaleError,
    UnknownVersionError,
    UnsendableError,
)

ROOM = b"tracker:1:job:7"
json_values = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**64 - 1)
    | some.floats(allow_nan=False)
    | some.text(alphabet=some.characters(exclude_categories=["Cs"])),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(some.dictionaries(some.text("abc"), json_values, max_size=5))
def test_what_was_sealed_is_what_is_opened(message: dict[str, Any]) -> None:
    speaker, hearer = BusCodec(b"s"), BusCodec(b"s")
    heard = hearer.open(ROOM, speaker.seal(ROOM, message))
    assert heard.message == message
    assert heard.sender == speaker.sender


def test_a_sender_can_say_that_it_lost_messages() -> None:
    assert BusCodec(b"s").open(ROOM, BusCodec(b"s").seal(ROOM, None)).message is None


def test_a_message_signed_with_another_secret_is_a_forgery() -> None:
    with pytest.raises(ForgedError):
        BusCodec(b"ours").open(ROOM, BusCodec(b"theirs").seal(ROOM, {"k": "dot"}))


def test_a_message_copied_to_another_room_is_a_forgery() -> None:
    with pytest.raises(ForgedError):
        BusCodec(b"s").open(b"tracker:1:job:8", BusCodec(b"s").seal(ROOM, {"k": "dot"}))


def test_no_byte_of_a_message_can_be_changed() -> None:
    sealed = BusCodec(b"s").seal(ROOM, {"k": "dot"})
    hearer = BusCodec(b"s")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises((ForgedError, UnknownVersionError)):
            hearer.open(ROOM, bytes(changed))
    assert hearer.open(ROOM, sealed).message == {"k": "dot"}


@given(some.binary(max_size=200))
def test_any_bytes_are_refused_with_a_typed_error(raw: bytes) -> None:
    with pytest.raises((ForgedError, UnknownVersionError)):
        BusCodec(b"s").open(ROOM, raw)


def test_another_version_is_told_from_a_forgery() -> None:
    sealed = BusCodec(b"s").seal(ROOM, {"k": "dot"})
    with pytest.raises(UnknownVersionError):
        BusCodec(b"s").open(ROOM, b"\x02" + sealed[1:])


def test_a_replayed_message_is_stale() -> None:
    speaker, hearer = BusCodec(b"s"), BusCodec(b"s")
    first, second = speaker.seal(ROOM, {"n": 1}), speaker.seal(ROOM, {"n": 2})
    hearer.open(ROOM, second)
    for late in (first, second):
        with pytest.raises(StaleError):
            hearer.open(ROOM, late)


def test_senders_do_not_make_each_other_stale() -> None:
    hearer = BusCodec(b"s")
    loud, quiet = BusCodec(b"s"), BusCodec(b"s")
    for number in range(10):
        hearer.open(ROOM, loud.seal(ROOM, {"n": number}))
    assert hearer.open(ROOM, quiet.seal(ROOM, {"n": 0})).message == {"n": 0}


def test_only_so_many_senders_are_remembered() -> None:
    hearer = BusCodec(b"s")
    for _ in range(MAX_SENDERS + 10):
        hearer.open(ROOM, BusCodec(b"s").seal(ROOM, {}))
    assert len(hearer._newest._numbers) == MAX_SENDERS


@pytest.mark.parametrize(
    "message",
    [
        {"object": object()},
        {"integer": 2**64},
        {"surrogate": "\ud800"},
        {"long": "x" * MAX_MESSAGE_BYTES},
    ],
    ids=lambda message: str(next(iter(message))),
)
def test_what_cannot_travel_is_refused_when_it_is_said(message: dict[str, Any]) -> None:
    with pytest.raises(UnsendableError):
        BusCodec(b"s").seal(ROOM, message)


def test_a_message_that_contains_itself_is_refused() -> None:
    message: dict[str, Any] = {}
    message["inner"] = message
    with pytest.raises(UnsendableError):
        BusCodec(b"s").seal(ROOM, message)


def test_a_message_that_is_too_long_is_refused_when_it_is_heard() -> None:
    with pytest.raises(ForgedError):
        BusCodec(b"s").open(ROOM, b"\x01" + bytes(MAX_MESSAGE_BYTES))
