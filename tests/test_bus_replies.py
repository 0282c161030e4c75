"""Reading what Redis says out of a stream of bytes, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.redis_bus.replies import Refusal, Replies, Reply

REPLIES: st.SearchStrategy[Reply] = st.recursive(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.binary(max_size=300),
        st.none(),
        st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=40).map(Refusal),
    ),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)
# What a bus hears all day; a channel's name may hold anything.
MESSAGES: st.SearchStrategy[Reply] = st.tuples(
    st.sampled_from([b"message", b"smessage", b"messages"]), st.binary(max_size=12), st.binary(max_size=300)
).map(list)
COUNTS: st.SearchStrategy[Reply] = st.integers(0, 12)


def packed(reply: Reply) -> bytes:
    """The reply as a server writes it."""
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, Refusal):
        return b"-%b\r\n" % reply.text.encode()
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    return b"*%d\r\n" % len(reply) + b"".join(packed(item) for item in reply)


@given(st.lists(st.one_of(REPLIES, MESSAGES, COUNTS), max_size=8), st.integers(1, 50))
def test_however_the_stream_is_cut_the_same_replies_come_out(replies: list[Reply], piece: int) -> None:
    stream = b"".join(packed(reply) for reply in replies)
    reader = Replies()
    heard = [
        reply
        for start in range(0, len(stream), piece)
        for reply in reader.feed(stream[start : start + piece])
    ]
    assert heard == replies


def test_a_long_message_is_joined_once_and_not_with_every_piece() -> None:
    reader, megabyte = Replies(), bytes(1024 * 1024)
    assert reader.feed(b"$8388608\r\n") == []
    for _ in range(8):
        assert reader.feed(megabyte) == []
    assert reader.feed(b"\r\n:1\r\n") == [megabyte * 8, 1]


@pytest.mark.parametrize(
    "nonsense", [b"HTTP/1.1 400\r\n", b":one\r\n", b"$x\r\n", b"$99999999999\r\n", b"*5000\r\n", b"\r\n"]
)
def test_what_is_no_redis_is_an_error(nonsense: bytes) -> None:
    with pytest.raises(ValueError):
        Replies().feed(nonsense)
