"""A real uvicorn with an `Engine` on a free port, and the two clients that talk to it.

`stage()` runs the engine in this process; `RawClient` speaks bare frames through the `websockets`
library, for what a well-behaved client would never send; `sio()` is python-socketio's own client.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import socketio
import uvicorn
import uvloop
import websockets
from websockets.asyncio.client import ClientConnection

from db.errors import Forbidden, Unavailable
from rooms.engine import Engine, uvicorn_options
from rooms.limits import Limits

PATIENCE_S = 5.0
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,  # what the product runs on
    "asyncio": asyncio.new_event_loop,
}
loop_name = "uvloop"


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run one async test to its end, within a bound."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await story

    with asyncio.Runner(loop_factory=LOOPS[loop_name]) as runner:
        runner.run(bounded())


async def until(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Wait for something that happens soon on the same loop."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  # whatever changes it knows nothing of us
            await asyncio.sleep(0.01)


class App:
    """The least application: admits by token, echoes events, remembers who left."""

    def __init__(self) -> None:
        self.engine: Engine
        self.left: list[tuple[str, Any, str]] = []
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.connecting = asyncio.Event()  # set when a slow connect began
        self.release = asyncio.Event()  # lets slow things go on

    async def on_connect(self, sid: str, auth: dict[str, Any], environ: dict[str, Any]) -> dict[str, Any]:
        self.environ = environ
        match auth.get("token"):
            case "forbidden":
                raise Forbidden("This is not for you.")
            case "database down":
                raise Unavailable
            case "bug":
                raise KeyError("a bug")
            case "slow":
                self.connecting.set()
                await self.release.wait()
        for room in auth.get("rooms", []):
            self.engine.enter(sid, room)
        return {"sid": sid, **auth}

    async def on_event(self, sid: str, _session: Any, event: str, data: dict[str, Any]) -> dict[str, Any]:
        self.seen.append((event, data))
        match event:
            case "bug":
                raise RuntimeError("a bug")
            case "forbidden":
                raise Forbidden
            case "slow":
                await self.release.wait()
            case "enter":
                return {"ok": self.engine.enter(sid, data["room"])}
        return {"ok": True, "echo": data}

    def on_disconnect(self, sid: str, session: Any, reason: str) -> None:
        self.left.append((sid, session, reason))


class Stage:
    """A running server; `url` is where it listens."""

    def __init__(self, engine: Engine, app: App, server: uvicorn.Server, port: int) -> None:
        self.engine = engine
        self.app = app
        self.server = server
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def sockets(self) -> int:
        return self.engine.stats()["sockets"]

    async def raw(self, **options: Any) -> RawClient:
        """A websocket after the Engine.IO handshake, before CONNECT."""
        query = options.pop("query", "EIO=4&transport=websocket")
        options = {"compression": None, "max_size": None, "ping_interval": None, **options}
        wire = await websockets.connect(f"ws://127.0.0.1:{self.port}/socket.io/?{query}", **options)
        client = RawClient(wire)
        client.opening = json.loads((await client.receive())[1:])
        return client

    async def joined(self, **auth: Any) -> RawClient:
        """A raw client past CONNECT."""
        client = await self.raw()
        await client.connect(auth)
        return client

    async def sio(self, **auth: Any) -> socketio.AsyncClient:
        """A connected python-socketio client."""
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(self.url, transports=["websocket"], auth=auth)
        return client

    async def tcp(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def bare(self, *, receive_buffer: int | None = None, **auth: Any) -> BareSocket:
        """A socket past CONNECT on which every byte is in the test's hand."""
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        bare = BareSocket(*await asyncio.open_connection(sock=sock, limit=2**16))
        bare.writer.write(UPGRADE)
        await bare.reader.readuntil(b"\r\n\r\n")
        assert (await bare.frame())[1].startswith(b"0{")
        bare.send(TEXT, b"40" + json.dumps(auth).encode())
        bare.sid = json.loads((await bare.frame())[1][2:])["sid"]
        return bare


class BareSocket:
    """Frames built and read by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.sid = ""

    def send(self, opcode: int, payload: bytes = b"", *, final: bool = True) -> None:
        """One masked frame."""
        self.writer.write(client_frame(opcode, payload, final=final))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame from the server: opcode and payload."""
        async with asyncio.timeout(PATIENCE_S):
            head, size = await self.reader.readexactly(2)
            assert head & 0x80, "the server does not fragment"
            assert not size & 0x80, "the server does not mask"
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8), "big")
            return head & 0x0F, await self.reader.readexactly(size)

    async def closing(self) -> int:
        """Read up to the close frame; its code."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 0x8:
                return int.from_bytes(payload[:2], "big")

    def close(self) -> None:
        self.writer.transport.abort()


TEXT = 0x1
UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def client_frame(opcode: int, payload: bytes, *, final: bool = True, key: bytes = b"abcd") -> bytes:
    """A masked frame, byte by byte as the RFC says it."""
    head = opcode | (0x80 if final else 0)
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 0x10000:
        length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    masked = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
    return bytes([head]) + length + key + masked


class RawClient:
    """Sends text exactly as given; receives with a bound."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self.opening: dict[str, Any] = {}
        self.sid = ""

    async def send(self, message: str | bytes) -> None:
        await self.wire.send(message)

    async def receive(self, within_s: float = PATIENCE_S) -> str:
        async with asyncio.timeout(within_s):
            return str(await self.wire.recv())

    async def connect(self, auth: dict[str, Any]) -> None:
        await self.send("40" + json.dumps(auth))
        answer = await self.receive()
        assert answer.startswith("40"), answer
        self.sid = json.loads(answer[2:])["sid"]

    async def ask(self, packet: str) -> Any:
        """Send a packet with an ack id; return the ack's argument."""
        await self.send(packet)
        answer = await self.receive()
        assert answer.startswith("43"), answer
        return json.loads(answer[answer.index("[") :])[0]

    async def closing(self, within_s: float = PATIENCE_S) -> tuple[int, str]:
        """Read to the end; the close code and reason the server gave."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    await self.wire.recv()
            except websockets.ConnectionClosed as closed:
                received = closed.rcvd
                return (received.code, received.reason) if received else (1006, "")

    async def close(self) -> None:
        await self.wire.close()


@asynccontextmanager
async def stage(
    *,
    limits: Limits | None = None,
    origins: list[str] | None = None,
    **uvicorn_extra: Any,
) -> AsyncIterator[Stage]:
    """Start a server, stop it at the end, and insist that nothing was leaked meanwhile."""
    app = App()
    engine = Engine(
        on_connect=app.on_connect,
        on_event=app.on_event,
        on_disconnect=app.on_disconnect,
        allowed_origins=origins,
        limits=limits,
    )
    app.engine = engine
    listener = _listener()
    port = listener.getsockname()[1]
    options = {**uvicorn_options(limits), "lifespan": "off", "log_config": None, **uvicorn_extra}
    server = uvicorn.Server(uvicorn.Config(engine.asgi, **options))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    place = Stage(engine, app, server, port)
    try:
        yield place
    finally:
        app.release.set()
        await engine.aclose()
        server.should_exit = True
        await serving
    stats = engine.stats()
    left_over = {key: stats[key] for key in ("sockets", "closing", "rooms", "slow_readers", "tasks")}
    assert not any(left_over.values()), left_over


def _listener() -> socket.socket:
    """A listening port outside the ephemeral range, so that no outgoing connection can hold it."""
    while True:
        candidate = socket.socket()
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", random.randint(20_000, 31_000)))
        except OSError:
            candidate.close()
        else:
            return candidate
