"""The files behind the short-lived addresses of evidence: served to whoever holds such an address."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Annotated, cast
from uuid import UUID

from msgspec import Meta
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from api.public_route import get_route
from api.reading import parse_path, parse_query
from api.services import Services
from api.shapes import Input
from db.errors import Invalid, NotFound
from db.evidence import evidence_by_id
from tracker.evidence.links import Size, check_url
from tracker.evidence.store_problems import NoSuchFile

log = logging.getLogger("tracker.evidence")

# A photo is a picture and nothing else, whatever a browser makes of it.
_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}


class LookQuery(Input):
    """What `signed_url` put into the address."""

    size: Size
    expires: Annotated[int, Meta(ge=0, le=253_402_300_799)]
    signature: Annotated[str, Meta(max_length=100)]


def evidence_routes(services: Services) -> list[Route]:
    """`GET /evidence/{id}`."""

    async def file(scope: Scope) -> Response:
        return await _serve(services, scope, datetime.now(UTC))

    return [get_route("/evidence/{id}", file)]


async def _serve(services: Services, scope: Scope, now: datetime) -> Response:
    """The file; or NotFound, in the very same words for an address that is over, changed or made up."""
    evidence_id = cast(UUID, parse_path({"id": "uuid"}, scope["path_params"])["id"])
    try:
        query: LookQuery = parse_query(LookQuery, scope["query_string"])
    except Invalid:
        raise NotFound from None
    check_url(services.settings, evidence_id, query.size, query.expires, query.signature, now)
    async with services.database.connection() as conn:
        one = await evidence_by_id(conn, evidence_id)
    if one is None or one.removed_at is not None:
        raise NotFound
    key = one.store_key if query.size is Size.PHOTO else one.thumb_key
    etag = f'"{one.sha256.hex()[:32]}-{query.size.value}"'
    headers = {
        "Cache-Control": f"private, max-age={query.expires - int(now.timestamp())}, immutable",
        "Content-Disposition": f'inline; filename="{one.kind}-{str(one.id)[:8]}.{_ENDINGS[one.media_type]}"',
        "Content-Security-Policy": _SANDBOX,
        "Cross-Origin-Resource-Policy": "cross-origin",  # a receipt shows photos on a mail provider's page
        "ETag": etag,
        "X-Robots-Tag": "noindex",
    }
    if etag in Headers(scope=scope).get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        data = await services.providers.store.get(key)
    except NoSuchFile:
        log.error("evidence %s has lost its file %s", one.id, key)  # the store was changed by other hands
        raise NotFound from None
    return Response(data, headers=headers, media_type=one.media_type)
