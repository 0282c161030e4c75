"""RFC 6455 frames, judged without any network."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.frames import FrameError, FrameParser, close_frame, read_close, text_frame
from tests.engine_stage import client_frame

LIMIT = 65_536


def frame(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """A client's frame with every bit free to be wrong."""
    whole = bytearray(client_frame(opcode, payload))
    whole[0] = opcode | rsv | (0x80 if fin else 0)
    if not masked:
        whole[1] &= 0x7F
    return bytes(whole)


def parse(data: bytes, limit: int = LIMIT) -> list[tuple[int, bytes]]:
    return FrameParser(limit).feed(data)


@given(
    messages=st.lists(st.tuples(st.sampled_from([1, 2, 9, 10]), st.binary(max_size=300)), max_size=8),
    seed=st.integers(0, 2**32),
)
def test_messages_come_out_whole_however_the_bytes_are_cut(
    messages: list[tuple[int, bytes]], seed: int
) -> None:
    dice = random.Random(seed)
    data = b""
    expected: list[tuple[int, bytes]] = []
    for opcode, payload in messages:
        if opcode >= 8:
            payload = payload[:125]
            data += frame(opcode, payload)
        else:
            cuts = sorted(dice.randint(0, len(payload)) for _ in range(dice.randint(0, 3)))
            pieces = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
            for index, piece in enumerate(pieces):
                data += frame(opcode if index == 0 else 0, piece, fin=index == len(pieces) - 1)
        expected.append((opcode, payload))
    parser = FrameParser(LIMIT)
    found: list[tuple[int, bytes]] = []
    while data:
        size = dice.randint(1, 40)
        found += parser.feed(data[:size])
        data = data[size:]
    assert found == expected


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_every_way_to_write_a_length_is_read(size: int) -> None:
    assert parse(frame(1, b"x" * size)) == [(1, b"x" * size)]


def test_a_control_frame_may_stand_between_fragments() -> None:
    data = frame(1, b"he", fin=False) + frame(9, b"?") + frame(0, b"llo")
    assert parse(data) == [(9, b"?"), (1, b"hello")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(1, b"x", masked=False), 1002),
        (frame(1, b"x", rsv=0x40), 1002),
        (frame(1, b"x", rsv=0x20), 1002),
        (frame(1, b"x", rsv=0x10), 1002),
        (frame(3, b"x"), 1002),
        (frame(7, b"x"), 1002),
        (frame(11, b""), 1002),
        (frame(15, b""), 1002),
        (frame(0, b"x"), 1002),
        (frame(1, b"x", fin=False) + frame(1, b"y"), 1002),
        (frame(1, b"x", fin=False) + frame(2, b"y"), 1002),
        (frame(9, b"", fin=False), 1002),
        (frame(8, b"\x03\xe8", fin=False), 1002),
        (frame(9, b"x" * 126), 1002),
        (b"\x81\xfe\x00\x05abcd" + b"x" * 5, 1002),
        (b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05abcd" + b"x" * 5, 1002),
        (frame(1, b"x" * (LIMIT + 1)), 1009),
        (frame(1, b"x" * LIMIT, fin=False) + frame(0, b"x"), 1009),
        (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffabcd", 1009),
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xffabcd", 1009),
        (frame(1, b"", fin=False) + frame(0, b"", fin=False) * 200, 1008),
    ],
)
def test_what_the_rfc_forbids_is_refused(data: bytes, code: int) -> None:
    with pytest.raises(FrameError) as error:
        parse(data)
    assert error.value.code == code


def test_an_oversized_frame_is_refused_before_its_payload_comes() -> None:
    with pytest.raises(FrameError):
        parse(client_frame(1, b"x" * 101)[:8], limit=100)


def test_fragments_of_one_message_do_not_count_against_the_next() -> None:
    message = frame(1, b"x" * 60, fin=False) + frame(0, b"x" * 40)
    assert len(parse(message * 5, limit=100)) == 5


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x03\xe8bye", b"\x0b\xb8", b"\x13\x87"])
def test_a_good_close_is_read(payload: bytes) -> None:
    assert read_close(payload) in (1000, 3000, 4999)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\x03", 1002), (b"\x00\x00", 1002), (b"\x03\xec", 1002), (b"\x03\xed", 1002), (b"\x03\xee", 1002),
        (b"\x03\xf7", 1002), (b"\x07\xd0", 1002), (b"\x13\x88", 1002), (b"\x03\xe8\xff", 1007),
    ],
)  # fmt: skip
def test_a_false_close_is_refused(payload: bytes, code: int) -> None:
    with pytest.raises(FrameError) as error:
        read_close(payload)
    assert error.value.code == code


def test_a_long_close_reason_is_cut_between_characters() -> None:
    closing = close_frame(1008, "é" * 100)
    assert closing[1] <= 125
    assert closing[4:].decode() == "é" * 61


@pytest.mark.parametrize(("size", "header"), [(5, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_our_frames_use_the_shortest_header(size: int, header: int) -> None:
    assert len(text_frame(b"x" * size)) == size + header
