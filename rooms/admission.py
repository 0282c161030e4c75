"""Who may open a websocket at all, judged from the upgrade request alone."""

from __future__ import annotations

from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

from rooms import strict_json
from rooms.guard import TokenBucket, origin_allowed
from rooms.limits import Limits


class Refusal(Exception):  # an answer, not an error
    """An HTTP answer (RFC 9457) instead of a websocket."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: int | None = None) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class Admission:
    """The door: protocol version, transport, origin, and the pace at which all may come in."""

    def __init__(self, allowed_origins: list[str] | None, limits: Limits) -> None:
        self._allowed_origins = allowed_origins
        self._bucket = TokenBucket(limits.handshakes_per_s, limits.handshakes_burst, monotonic())
        self.draining = False

    def judge(self, scope: dict[str, Any]) -> None:
        """Return if the handshake may go on; raises `Refusal`."""
        if scope["type"] != "websocket":
            raise Refusal(
                400,
                "websocket_only",
                "Socket.IO is served over websocket only; set transports to ['websocket'] in the client.",
            )
        if self.draining:
            raise Refusal(503, "draining", "This server is going away; reconnect.", retry_after_s=1)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if query.get("EIO") != ["4"]:
            raise Refusal(400, "protocol_version", "This server speaks Engine.IO 4 (Socket.IO 5).")
        if query.get("transport") != ["websocket"] or "sid" in query:
            raise Refusal(400, "websocket_only", "Connect with websocket at once; there are no upgrades.")
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if not origin_allowed(origins, host, self._allowed_origins):
            raise Refusal(403, "origin", "Pages of this origin may not connect.")
        if not self._bucket.take(monotonic()):
            raise Refusal(503, "busy", "Too many connections at once; retry.", retry_after_s=2)


async def refuse(refusal: Refusal, scope: dict[str, Any], send: Any) -> None:
    """Send the refusal as a problem document, to a plain request or in answer to an upgrade."""
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
    }
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    if refusal.retry_after_s is not None:
        headers.append((b"retry-after", str(refusal.retry_after_s).encode()))
    prefix = "websocket.http" if scope["type"] == "websocket" else "http"
    await send({"type": f"{prefix}.response.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": strict_json.dumps(problem)})


def environ_of(scope: dict[str, Any]) -> dict[str, Any]:
    """The WSGI-like view of a handshake that `on_connect` receives: address, query, headers."""
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "PATH_INFO": scope["path"],
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "wsgi.url_scheme": "https" if scope["scheme"] == "wss" else "http",
    }
    for name, value in scope["headers"]:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
