"""A body that is not JSON: a photo, a signed webhook. Declared like any other, read when the handler asks.

    @endpoint("POST", "/webhooks/stripe", summary="…", roles=None, raw=RawBody(max_bytes=256 * 1024), …)
    async def stripe_webhook(request: Request[Services, Upload, None]) -> Received:
        payload = await request.body.read()

It is read late on purpose: fifteen megabytes of somebody who has no right to send them are never taken in.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Receive

from api.body import BODY_DEADLINE_S, read_body
from api.problems import UnsupportedMediaType


@dataclass(frozen=True, slots=True)
class RawBody:
    """What an endpoint takes: at most `max_bytes`, within `deadline_s` seconds, of one of `media_types`.

    Without `media_types` it is not asked what the sender calls it.
    """

    max_bytes: int
    media_types: tuple[str, ...] = ()
    deadline_s: float = BODY_DEADLINE_S

    def opened(self, headers: Headers, receive: Receive) -> Upload:
        """The body of one request, not read yet. Raises UnsupportedMediaType (415)."""
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.media_types and media_type not in self.media_types:
            raise UnsupportedMediaType(f"Send one of {', '.join(self.media_types)}.")
        if headers.get("content-encoding", "identity") != "identity":
            raise UnsupportedMediaType("Send the body as it is, without a content coding.")
        return Upload(self, media_type, headers, receive)


@dataclass(frozen=True, slots=True)
class Upload:
    """One request's body, still with the client. `media_type` is the client's word for it, in lower case."""

    declared: RawBody
    media_type: str
    headers: Headers
    receive: Receive

    async def read(self) -> bytes:
        """The whole body, once. Raises TooLarge (413), SlowBody (408), ClientGoneError."""
        return await read_body(
            self.headers,
            self.receive,
            max_bytes=self.declared.max_bytes,
            deadline_s=self.declared.deadline_s,
        )
