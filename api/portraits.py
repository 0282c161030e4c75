"""A pro's portrait over HTTP: the pro, or dispatch, gives it or takes it away."""

from __future__ import annotations

from typing import TypeAlias

from api.evidence_shapes import PHOTO
from api.jobs import STAFF
from api.raw_body import Upload
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer
from db.errors import Busy, NotFound
from rooms.principal import Principal, Role
from tracker.evidence.develop import PhotoRefused
from tracker.evidence.portraits import portrait_address

Req: TypeAlias = Request[Services, None, None]


class PortraitAnswer(Answer):
    """The new portrait. `photo` is its public address, relative to the server's root."""

    success: bool
    photo: str | None


@endpoint(
    "PUT",
    "/api/pros/{person:str}/photo",
    summary="Give a pro a portrait, which their customers see; the body is the picture.",
    roles={Role.PRO, *STAFF},
    raw=PHOTO,
    answer=PortraitAnswer,
    problems=[PhotoRefused, Busy, NotFound],
)
async def put_portrait(request: Request[Services, Upload, None]) -> PortraitAnswer:
    pro_id = _whose(request.principal, str(request.path["person"]))
    body = request.body
    key = await request.services.portraits.put(pro_id, body.read, body.media_type, request.now)
    return PortraitAnswer(success=True, photo=portrait_address(key))


@endpoint(
    "DELETE",
    "/api/pros/{person:str}/photo",
    summary="Take a pro's portrait away; customers see the initials instead.",
    roles={Role.PRO, *STAFF},
    problems=[NotFound],
)
async def remove_portrait(request: Req) -> None:
    pro_id = _whose(request.principal, str(request.path["person"]))
    await request.services.portraits.remove(pro_id, request.now)


def _whose(caller: Principal, pro_id: str) -> str:
    """The pro, for dispatch and for the pro. Raises NotFound for another pro's."""
    if not caller.is_staff and caller.id != pro_id:
        raise NotFound("There is no such pro.")
    return pro_id
