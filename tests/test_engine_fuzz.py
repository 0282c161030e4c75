"""No input, however made, ends in anything but a value, a typed refusal or a clean close."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.frames import FrameError, FrameParser
from rooms.guard import Breach, StrictPacket
from rooms.limits import Limits
from tests.engine_stage import TEXT, run, stage, until

PIECES = [
    "42",
    "421",
    "40",
    "41",
    "43",
    "45-",
    "/a,",
    "1-",
    "[",
    "]",
    "{",
    "}",
    '"a"',
    ":",
    ",",
    "1e999",
    "NaN",
    "null",
]
PIECES += [
    "\\",
    "\\u0000",
    "\\ud800",
    '"connect"',
    '"*"',
    "9" * 400,
    "é",
    "\x00",
    " ",
    '["a",{}]',
    "true",
    "-",
    "0",
]


@given(st.text(max_size=30) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_a_packet_or_a_breach(text: str) -> None:
    with contextlib.suppress(Breach):
        packet = StrictPacket(encoded_packet=text or "x")
        assert packet.packet_type in (0, 1, 2)
        assert packet.attachment_count == 0


@given(st.lists(st.binary(max_size=50), max_size=6))
def test_any_bytes_are_messages_or_a_frame_error(chunks: list[bytes]) -> None:
    parser = FrameParser(100)
    with contextlib.suppress(FrameError):
        for chunk in chunks:
            for opcode, payload in parser.feed(chunk):
                assert opcode in (1, 2, 8, 9, 10)
                assert len(payload) <= 125


def test_a_thousand_strange_clients_leave_a_healthy_server(caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(7)

    async def story() -> None:
        async with stage(limits=Limits(close_timeout_s=0.3)) as place:
            good = await place.joined(rooms=["r"])
            for _ in range(1000):
                bare = await place.bare(rooms=["r"])
                for _ in range(dice.randint(1, 4)):
                    if dice.random() < 0.7:
                        text = "".join(dice.choices(PIECES, k=dice.randint(0, 10)))
                        bare.send(dice.choice([TEXT, TEXT, TEXT, 2, 8, 9, 10]), text.encode()[:125])
                    else:
                        bare.writer.write(dice.randbytes(dice.randint(1, 40)))
                if dice.random() < 0.5:
                    with contextlib.suppress(ConnectionError):
                        await bare.writer.drain()
                bare.close()
            await until(lambda: place.sockets == 1)
            await until(lambda: place.engine.stats()["closing"] == 0)
            assert place.engine.members("r") == [good.sid]
            assert (await good.ask('421["hello",{}]'))["ok"] is True
            assert len(place.app.left) == 1000

    run(story())
    assert [record.getMessage() for record in caplog.records if record.levelno >= 30] == []
