"""No input, however made, ends in anything but a value, a typed refusal or a clean close."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.frames import FrameError, FrameParser
from rooms.guard import BinaryPacket, Breach, StrictPacket
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
PLACEHOLDER = '{"_placeholder":true,"num":0}'
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


@given(
    st.lists(st.sampled_from([*PIECES, "51-", "52-", '["a",', PLACEHOLDER]), max_size=8).map("".join),
    st.lists(st.binary(max_size=3), max_size=3),
)
def test_any_text_with_any_attachments_is_a_packet_or_a_breach(text: str, attachments: list[bytes]) -> None:
    with contextlib.suppress(Breach):
        packet = BinaryPacket(encoded_packet=text or "x")
        assert packet.packet_type in (0, 1, 2)
        assert packet.attachment_count < 1000
        for attachment in attachments[: packet.attachment_count]:
            if packet.add_attachment(attachment):
                assert isinstance(packet.data[0], str)


@given(st.lists(st.binary(max_size=50), max_size=6))
def test_any_bytes_are_messages_or_a_frame_error(chunks: list[bytes]) -> None:
    parser = FrameParser(100)
    with contextlib.suppress(FrameError):
        for chunk in chunks:
            for opcode, payload in parser.feed(chunk):
                assert opcode in (1, 2, 8, 9, 10)
                assert len(payload) <= 125


@pytest.mark.parametrize(
    ("crowd", "attachments"),
    [pytest.param(1000, 0, id="as the product is set"), pytest.param(300, 2, id="with everything on")],
)
def test_a_crowd_of_strange_clients_leaves_a_healthy_server(
    crowd: int, attachments: int, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(7)
    pieces = [*PIECES, "40/a,", "42/a,", "41/a,", "451-", PLACEHOLDER] if attachments else PIECES

    async def story() -> None:
        async with stage(limits=Limits(close_timeout_s=0.3, attachments=attachments)) as place:
            if attachments:
                for namespace in ("/", "/a"):
                    place.engine.on("a", lambda _sid, *arguments: arguments, namespace=namespace)
            good = await place.joined(rooms=["r"])
            for _ in range(crowd):
                bare = await place.bare(rooms=["r"])
                for _ in range(dice.randint(1, 4)):
                    if dice.random() < 0.7:
                        text = "".join(dice.choices(pieces, k=dice.randint(0, 10)))
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
            assert len(place.app.left) == crowd

    run(story())
    assert [record.getMessage() for record in caplog.records if record.levelno >= 30] == []
