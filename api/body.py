"""Reading a request's body with an end in size and in time, whatever the client does."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import Receive

from api.problems import SlowBody, TooLarge, UnsupportedMediaType

MAX_BODY_BYTES = 256 * 1024  # 500 positions with every field are about 100 KB
BODY_DEADLINE_S = 10.0
# A client that is mid-upload sees the refusal only when somebody reads on; not for ever, though.
_DISCARD_BYTES = 1024 * 1024
_DISCARD_S = 2.0


class ClientGoneError(Exception):
    """The client hung up before its request was complete; there is nobody to answer."""


async def read_body(
    headers: Headers,
    receive: Receive,
    *,
    max_bytes: int = MAX_BODY_BYTES,
    deadline_s: float = BODY_DEADLINE_S,
) -> bytes:
    """The whole body, at most `max_bytes`, within `deadline_s` seconds.

    Raises TooLarge (413) from the declared length or as soon as the limit is crossed, SlowBody (408)
    and ClientGoneError.
    """
    declared = headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdecimal() or len(declared) > 12 or int(declared) > max_bytes:
        await _discard(receive)
        raise TooLarge(f"The body may have {max_bytes} bytes.", max_bytes=max_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(deadline_s):
            more = True
            while more:
                chunk, more = await _next_chunk(receive)
                body += chunk
                if len(body) > max_bytes:
                    break
    except TimeoutError:
        raise SlowBody(f"The body did not arrive within {deadline_s:g} s.") from None
    if len(body) > max_bytes:
        if more:
            await _discard(receive)
        raise TooLarge(f"The body may have {max_bytes} bytes.", max_bytes=max_bytes)
    return bytes(body)


def require_json(headers: Headers) -> None:
    """Raises UnsupportedMediaType (415) unless the body is declared as JSON in UTF-8."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    if (
        kind.strip().lower() != "application/json"
        or headers.get("content-encoding", "identity") != "identity"
    ):
        raise UnsupportedMediaType
    for parameter in filter(None, (part.strip().lower() for part in parameters.split(";"))):
        if parameter.startswith("charset=") and parameter[8:].strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("JSON is UTF-8.")


async def _next_chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


async def _discard(receive: Receive) -> None:
    """Read on for a moment without keeping anything, so that the client gets to the answer."""
    left = _DISCARD_BYTES
    try:
        async with asyncio.timeout(_DISCARD_S):
            while left > 0:
                chunk, more = await _next_chunk(receive)
                left -= len(chunk)
                if not more:
                    return
    except TimeoutError:
        return
