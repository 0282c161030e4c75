"""A slow mobile network between a browser and a server: a TCP proxy with latency and a narrow pipe each way.

Unlike the emulation of Chromium's developer tools, which delays each request, it delays what goes over
the wire, whatever that is: opening a connection costs a round trip, a websocket is as slow as all else, and
all connections share the pipe. Not modelled: TCP's slow start, loss, and the handshake of TLS (on localhost
the pages come without).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

PIECE = 1460  # bytes of one packet
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Link:
    """A network: the time there and back, and bytes a second towards the browser and from it."""

    round_trip_s: float
    down: float
    up: float


# Lighthouse's slow 4G (https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md): 150 ms,
# 1.6 Mbit/s down, 750 kbit/s up.
SLOW_4G = Link(0.150, 1_600_000 / 8, 750_000 / 8)


class _Pipe:
    """One direction, shared by all connections: who comes later waits until the wire is free."""

    def __init__(self, bytes_per_s: float, delay_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._delay_s = delay_s
        self._free_at = 0.0

    def arrives_at(self, size: int) -> float:
        """When the last of `size` bytes that are sent now is at the other end (loop time)."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + size / self._bytes_per_s
        return self._free_at + self._delay_s


@asynccontextmanager
async def slow_link(port: int, link: Link) -> AsyncIterator[int]:
    """A port that leads to the server at `port` over such a network."""
    down, up = _Pipe(link.down, link.round_trip_s / 2), _Pipe(link.up, link.round_trip_s / 2)
    tasks: set[asyncio.Task[None]] = set()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await asyncio.sleep(link.round_trip_s)  # SYN and its answer, before the browser may send
            far_reader, far_writer = await asyncio.open_connection(HOST, port)
            try:
                await asyncio.gather(_carry(reader, far_writer, up), _carry(far_reader, writer, down))
            finally:
                await _close(far_writer)
        except (OSError, asyncio.CancelledError):
            pass  # one side left, or the measurement is over
        finally:
            await _close(writer)
            tasks.discard(task)

    server = await asyncio.start_server(connect, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pipe: _Pipe) -> None:
    """Everything from one side to the other, each packet when its time has come."""
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            at, piece = await waiting.get()
            await asyncio.sleep(at - asyncio.get_running_loop().time())
            if not piece:
                break
            writer.write(piece)
        if not writer.is_closing():
            with contextlib.suppress(OSError, RuntimeError):  # uvloop's word for a connection that is gone
                writer.write_eof()

    delivering = asyncio.create_task(deliver())
    try:
        while piece := await reader.read(PIECE):
            waiting.put_nowait((pipe.arrives_at(len(piece)), piece))
    except OSError:
        pass
    waiting.put_nowait((pipe.arrives_at(0), b""))
    await delivering
