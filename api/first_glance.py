"""The visit behind a tracking link, for its page's first glance: `GET /track/{link}?now`.

The page's markup asks for it, before there is any script, so that the words are there with the script that
writes them: on a slow mobile network most of a second before a socket has shaken hands. It is what the
socket's first `watch` answers, to the same callers, through the same door.
"""

from __future__ import annotations

import time
from uuid import UUID

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from api.limits import RateLimit
from api.public_route import Answer
from api.services import Services
from api.serving import answer_json
from db.errors import NotFound
from rooms.membership import decide

ASKED = b"now"


def first_glance(services: Services, limit: RateLimit) -> Answer:
    """The answer for the link in the path, within what the link may ask of the API as well.

    It raises LinkRefused for a link that opens nothing (any more), Busy.
    """
    visible = frozenset(services.settings.visible_statuses)

    async def glance(scope: Scope) -> Response:
        who = await services.authenticator.authenticate({"link": scope["path_params"]["link"]})
        limit.spend(who.id)
        facts, ack = await services.snapshots.read(who, UUID(who.job_id), None)
        membership = decide(who, facts, visible, time.time())
        if membership is None:
            raise NotFound
        content = msgspec.json.encode(ack(membership.sees_dot))
        return answer_json(content, 200, headers_only=scope["method"] == "HEAD")

    return glance
