"""The pictures behind the public addresses of portraits."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from api.public_route import get_route
from api.services import Services
from db.errors import NotFound
from tracker.evidence.portraits import MEDIA_TYPE

_KEY = re.compile(r"[a-z0-9]{8,64}", re.ASCII)
# An address never gets another picture, but one that was taken away should not be shown for ever.
_CACHE = "public, max-age=86400, immutable"


def portrait_routes(services: Services) -> list[Route]:
    """`GET /photos/{key}`."""

    async def file(scope: Scope) -> Response:
        key = str(scope["path_params"]["key"])
        if not _KEY.fullmatch(key):
            raise NotFound
        picture = await services.portraits.picture(key)
        etag = f'"{key}"'
        headers = {"Cache-Control": _CACHE, "ETag": etag, "X-Robots-Tag": "noindex"}
        if etag in Headers(scope=scope).get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        headers["Content-Length"] = str(len(picture))
        return Response(b"" if scope["method"] == "HEAD" else picture, headers=headers, media_type=MEDIA_TYPE)

    return [get_route("/photos/{key}", file)]
