"""Heartbeats over HTTP: one, or a batch of at most 500 from a phone that was offline."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Input, Instant, Latitude, Longitude
from db.errors import Busy, Invalid
from rooms.principal import Role


class Position(Input):
    """One GPS reading: W3C Geolocation names and units (degrees, metres, metres per second)."""

    lat: Latitude
    lng: Longitude
    accuracy: Annotated[float, Meta(ge=0)] | None = None
    heading: Annotated[float, Meta(ge=0, le=360)] | None = None
    speed: Annotated[float, Meta(ge=0)] | None = None
    recorded_at: Instant | None = None
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    session: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    battery: Annotated[float, Meta(ge=0, le=1)] | None = None
    mock: bool | None = None
    job_id: Annotated[str, Meta(max_length=64)] | None = None


class Positions(Input):
    """What a phone kept while it was offline. Each needs its `recorded_at`. One reading alone is sent bare.

    Only for the documentation: each reading is judged by itself, so a bad one does not spoil the others.
    """

    positions: Annotated[list[Position], Meta(min_length=1, max_length=500)]


@endpoint(
    "POST",
    "/api/hauler/location",
    summary="Send one position, or {positions: […]} with up to 500.",
    roles={Role.PRO},
    body=dict[str, Any],
    body_schema=Positions,
    answer=dict[str, Any],
    problems=[Invalid, Busy],
)
async def receive_location(request: Request[Services, dict[str, Any], None]) -> dict[str, Any]:
    items = _items(request.body)
    ack = await request.services.receiver.receive(request.principal.id, items, request.now)
    return {"success": True, **ack}


def _items(body: dict[str, Any]) -> list[Any]:
    if "positions" not in body:
        return [body]
    positions = body["positions"]
    if set(body) != {"positions"} or not isinstance(positions, list):
        raise Invalid("a batch is {positions: […]} and nothing else", field="positions")
    if not 1 <= len(positions) <= 500:
        raise Invalid("a batch has 1 to 500 positions", field="positions")
    return positions
