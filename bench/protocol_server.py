"""The server that the official Socket.IO and Engine.IO protocol test suites are run against.

`/socket.io/` is `rooms.engine.Engine` with the few events the Socket.IO suite expects: an `auth` event
after CONNECT, `message` echoed as `message-back`, `message-with-ack` echoed in the ack. `/engine.io/` is
the same engine with everything above Engine.IO taken off, so that each message comes back as it is.
With `--product` the engine is set as `tracker serve` sets it: no binary, one namespace, one object an event.
The message size is what the suites expect. So are the times, stretched: where they say 0.3 s for a ping and
1 s until CONNECT must have come, this says 1 s and 4 s, since it advertises whole seconds.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from typing import Any

import uvicorn

from rooms.connection import Connection
from rooms.engine import Engine, uvicorn_options
from rooms.frames import binary_frame, text_frame
from rooms.hub import Hub
from rooms.limits import Limits
from rooms.stage import Stage
from rooms.transport import DirectWebSocketProtocol

PING_INTERVAL_S = 1
PING_TIMEOUT_S = 1
LIMITS = Limits(
    ping_interval_s=PING_INTERVAL_S,
    ping_timeout_s=PING_TIMEOUT_S,
    message_bytes=1_000_000,
    connect_timeout_s=4.0,
    attachments=2,
)
CUSTOM = "/custom"


class Stranger(Connection):
    """A connection that stops at Engine.IO: its messages go back to where they came from."""

    def on_open(self, wire: DirectWebSocketProtocol) -> None:
        """Ready at once, since there is no CONNECT."""
        super().on_open(wire)
        self.on_connected()

    def _on_message(self, text: str) -> None:
        self.wire.write(text_frame(text.encode()))

    def _on_attachment(self, data: bytes) -> None:
        if not self.hub.limits.attachments:
            super()._on_attachment(data)
        else:
            self.wire.write(binary_frame(data))


class EchoHub(Hub):
    """Opens `Stranger`s."""

    def open(self, environ: dict[str, Any]) -> Connection:  # noqa: ARG002
        """A connection python-socketio knows nothing of."""
        connection = Stranger(self, self._sio.eio.generate_id())
        self.audience.connections[connection.sid] = connection
        return connection

    def forget(self, connection: Connection, reason: str) -> None:  # noqa: ARG002
        """Drop it."""
        connection.stage = Stage.CLOSED
        self.audience.forget(connection)


class Servers:
    """The two engines behind one port."""

    def __init__(self, limits: Limits, *, product: bool) -> None:
        callbacks: dict[str, Any] = {
            "on_connect": self._on_connect,
            "on_event": self._on_event,
            "on_disconnect": lambda _sid, _session, _reason: None,
            "allowed_origins": None,
            "limits": limits,
        }
        self._socketio = Engine(**callbacks)
        self._engineio = Engine(**callbacks)
        self._engineio._hub.__class__ = EchoHub
        self._authenticating: set[asyncio.Task[bool]] = set()
        if not product:
            self._socketio.on("message", self._echo)
            self._socketio.on("message-with-ack", lambda _sid, *arguments: arguments)
            self._socketio.on("connect", self._on_custom, namespace=CUSTOM)

    async def asgi(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Choose by path."""
        engine = self._engineio if scope["path"].startswith("/engine.io") else self._socketio
        await engine.asgi(scope, receive, send)

    async def _on_connect(self, sid: str, auth: dict[str, Any], _environ: dict[str, Any]) -> dict[str, Any]:
        self._socketio.send(sid, "auth", auth)
        return auth

    async def _echo(self, sid: str, *arguments: Any) -> None:
        await self._socketio.emit(sid, "message-back", *arguments)

    def _on_custom(self, sid: str, _environ: dict[str, Any], auth: dict[str, Any] | None) -> None:
        # Sent once this CONNECT is answered: python-socketio sends what its handlers emit before that.
        task = asyncio.ensure_future(self._socketio.emit(sid, "auth", auth or {}, namespace=CUSTOM))
        self._authenticating.add(task)
        task.add_done_callback(self._authenticating.discard)

    async def _on_event(self, sid: str, _session: Any, event: str, data: dict[str, Any]) -> dict[str, Any]:
        if event == "message":
            self._socketio.send(sid, "message-back", data)
        return data


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--product", action="store_true", help="set as `tracker serve` sets it")
    arguments = parser.parse_args()
    limits = replace(LIMITS, attachments=0) if arguments.product else LIMITS
    uvicorn.run(
        Servers(limits, product=arguments.product).asgi,
        host="127.0.0.1",
        port=arguments.port,
        lifespan="off",
        log_level="warning",
        **uvicorn_options(limits),
    )


if __name__ == "__main__":
    main()
