"""What the pages need to draw a map: where tiles come from, and the demo city's own streets.

Public, because a tracking page asks before anybody is known; nothing here is about a person or a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.routing import Route

from api.pages import file_route
from api.static_file import StaticFile

ANYWHERE = {"center": [20.0, 0.0], "zoom": 3}  # the whole world, until a job says where it is
STREETS_PATH = "/api/map/streets"


def map_routes(*, tiles_url: str | None, attribution: str, streets: Mapping[str, Any] | None) -> list[Route]:
    """`GET /api/map`, and the streets when there are some (`tracker.city.map.streets_json`)."""
    where = ANYWHERE if streets is None else {"center": streets["center"], "zoom": streets["zoom"]}
    settings = {
        "tiles_url": tiles_url,
        "attribution": attribution,
        "streets_url": None if streets is None else STREETS_PATH,
        **where,
    }
    routes = [file_route("/api/map", StaticFile.of(msgspec.json.encode(settings), "application/json"))]
    if streets is not None:
        routes.append(
            file_route(STREETS_PATH, StaticFile.of(msgspec.json.encode(streets), "application/json"))
        )
    return routes
