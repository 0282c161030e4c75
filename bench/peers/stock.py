"""The stock python-socketio peer of the live bench: the same tiny relay under uvicorn.

`python stock.py PORT PING_S [REDIS_URL]`. Settings are the stock ones but for three in its favour: no
compression, no task per event, no websocket pings beside Socket.IO's own.
"""

from __future__ import annotations

import sys
from typing import Any

import socketio
import uvicorn


def main() -> None:
    """Serve until ended."""
    port, ping_s, *redis_url = sys.argv[1:]
    sio = socketio.AsyncServer(
        async_mode="asgi",
        transports=["websocket"],
        ping_interval=int(ping_s),
        ping_timeout=20,
        async_handlers=False,
        client_manager=socketio.AsyncRedisManager(redis_url[0]) if redis_url else None,
    )

    async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, Any] | None) -> None:
        for room in (auth or {}).get("watch", []):
            await sio.enter_room(sid, room)

    async def heartbeat(_sid: str, data: dict[str, Any]) -> dict[str, Any]:
        await sio.emit("location_update", data, room=data["room"])
        return {"ok": True}

    sio.on("connect", connect)
    sio.on("heartbeat", heartbeat)
    uvicorn.run(
        socketio.ASGIApp(sio),
        host="127.0.0.1",
        port=int(port),
        lifespan="off",
        log_level="warning",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
    )


if __name__ == "__main__":
    main()
