"""Heartbeats over HTTP: one, or a batch of at most 500 from a phone that was offline."""

from __future__ import annotations

from typing import Any

from api.routing import Request, endpoint
from api.services import Services
from db.errors import Busy, Invalid
from rooms.principal import Role


@endpoint(
    "POST",
    "/api/hauler/location",
    summary="Send one position, or {positions: […]} with up to 500.",
    roles={Role.PRO},
    body=dict[str, Any],
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
