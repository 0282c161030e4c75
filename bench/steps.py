"""What one heartbeat costs in Python, step by step, without a kernel: the part that code can change.

Every step runs alone, many times, so its code and data are in the caches; under real traffic, between waits
and other sockets' data, the same instructions take two to three times as long (live_profile.md).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec

from bench.harness import Report, Sample, Way, take_turns
from bench.peers.ours import UNLIMITED, Relay
from rooms import strict_json
from rooms.bus import LocalBus
from rooms.frames import FrameParser
from rooms.guard import StrictPacket
from rooms.limits import Limits
from rooms.redis_bus.codec import BusCodec, Newest
from rooms.redis_bus.replies import Replies
from rooms.stage import Stage
from rooms.transport import DirectWebSocketProtocol

ROUNDS = 9
TIMES = 5000
ROOM = "job:17"
CHANNEL = b"tracker:1:job:17"
EVENT = (
    '["heartbeat",{"room":"job:17","job_id":"00000000-0000-4000-8000-000000000017","lat":51.494000,'
    '"lng":-0.12345,"accuracy":5,"heading":90,"speed":8.5,"recorded_at":1763707457123,"s":17,"n":123}]'
)
FIGURE = "us"


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """All steps in turns."""
    report = Report("steps", "What a heartbeat costs in Python")
    report.say(
        f"A heartbeat of {len(EVENT)} characters as the live bench sends it; each step {TIMES} times in a"
        f" row, {ROUNDS} rounds in turns, no kernel and no network. The first line is the whole way from the"
        " bytes of the socket to the bytes for one watcher and contains the next three; the bus adds its own"
        " to it, on the node that publishes or on one that hears."
    )
    steps = _engine() | _bus()
    report.table(await take_turns({name: _way(step) for name, step in steps.items()}, ROUNDS), {FIGURE: "µs"})
    return report


def _way(step: Callable[[], object]) -> Way:
    async def sample() -> Sample:
        before = time.process_time()
        for _ in range(TIMES):
            step()
        return {FIGURE: (time.process_time() - before) / TIMES * 1e6}

    return sample


def _engine() -> dict[str, Callable[[], object]]:
    frame = _masked(f"42{EVENT}".encode())
    parser = FrameParser(1 << 16)
    phone = _phone_with_watcher()
    return {
        "a heartbeat through the engine to one watcher": lambda: phone.data_received(frame),
        "of it the frame: cut out and unmasked": lambda: parser.feed(frame),
        "of it the JSON, read fast": lambda: strict_json.loads(EVENT),
        "of it the packet, JSON included": lambda: StrictPacket(encoded_packet=f"2{EVENT}"),
        "(the JSON, read strictly as before)": lambda: strict_json._DECODER.decode(EVENT),
        "(the JSON, not judged at all)": lambda: msgspec.json.decode(EVENT),
    }


def _bus() -> dict[str, Callable[[], object]]:
    speaker, hearer, replies = BusCodec(b"s"), BusCodec(b"s"), Replies()
    message = {"p": strict_json.loads(EVENT)[1]}
    sealed = speaker.seal(CHANNEL, message)
    heard = b"*3\r\n$7\r\nmessage\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
        len(CHANNEL),
        CHANNEL,
        len(sealed),
        sealed,
    )
    return {
        "bus: sealing": lambda: speaker.seal(CHANNEL, message),
        "bus: reading Redis' answer": lambda: replies.feed(b":1\r\n"),
        "bus: reading what is heard, also one's own echo": lambda: replies.feed(heard),
        "bus: opening what is heard": lambda: hearer.open(CHANNEL, sealed, Newest()),
    }


def _phone_with_watcher() -> DirectWebSocketProtocol:
    """A connected pro in an engine with one watcher in the room; neither has a real socket."""
    limits = Limits(messages_per_s=UNLIMITED, messages_burst=int(UNLIMITED))
    engine = Relay(LocalBus(), limits).engine
    watcher, phone = _connected(engine), _connected(engine)
    engine._audience.enter(watcher._listener, ROOM)  # type: ignore[arg-type]
    return phone


def _connected(engine: Any) -> DirectWebSocketProtocol:
    config: Any = SimpleNamespace(ws_max_size=1 << 16)
    state: Any = SimpleNamespace(connections=set(), tasks=set())
    wire = DirectWebSocketProtocol(config, state, {})
    wire.connection_made(_Nowhere())  # type: ignore[arg-type]
    connection = engine._hub.open({})
    wire._listener = connection
    connection.on_open(wire)
    connection.session = []
    connection.stage = Stage.READY
    connection.release()
    return wire


class _Nowhere:
    """A transport that takes everything."""

    def write(self, data: bytes) -> None:
        """Gone."""

    def set_write_buffer_limits(self, high: int) -> None:
        """There is no buffer."""

    def get_extra_info(self, _name: str) -> None:
        """Nothing is known of it."""


def _masked(payload: bytes) -> bytes:
    """A client's text frame of 126 bytes or more."""
    key = b"\x5a\x17\xc3\x8e"
    body = bytes(byte ^ key[place & 3] for place, byte in enumerate(payload))
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + key + body
