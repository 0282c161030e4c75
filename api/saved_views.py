"""Saved views of the board over HTTP: a dispatcher's own, and those that others share."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from api.board_query import BoardFilter, wanted_by
from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.errors import Conflict, Forbidden, Invalid, NotFound
from db.pool import Connection
from db.saved_views import (
    SavedView,
    ViewFacts,
    add_view,
    lock_views_of,
    remove_view,
    replace_view,
    view_by_id,
    views_for,
)
from rooms.principal import Principal, Role

Req: TypeAlias = Request[Services, None, None]
MOST_OWN = 50
MOST_SHARED = 500  # of others, in one answer
ViewName: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        pattern=r"^\S(.*\S)?$(?!\n)",
        description="One line of 1 to 60 characters, with no space around it.",
    ),
]


class ViewNameTaken(Conflict):
    """You have a view of this name already."""

    code = "view_name_taken"


class TooManyViews(Conflict):
    """You have 50 views; remove one first."""

    code = "too_many_views"


class ViewBody(Input):
    """A view: its name, what it asks of the board, and whether every dispatcher sees it."""

    name: ViewName
    filter: BoardFilter
    shared: bool = False


class View(Answer):
    """A saved view. `filter` goes into `/api/dispatch/board` as it is; `may_change` says whether you may."""

    id: int
    name: str
    filter: dict[str, Any]
    shared: bool
    owner_id: str
    owner: str
    mine: bool
    may_change: bool
    updated_at: Instant


class ViewsAnswer(Answer):
    """Your own views by name, then those that others share."""

    views: list[View]


class ViewAnswer(Answer):
    """The view as it is now."""

    success: bool
    view: View


@endpoint(
    "GET",
    "/api/dispatch/views",
    summary="Saved views of the board: yours, and those that others share.",
    roles=STAFF,
    answer=ViewsAnswer,
)
async def list_views(request: Req) -> ViewsAnswer:
    me = request.principal
    async with request.services.database.connection() as conn:
        views = await views_for(conn, me.id, most_shared=MOST_SHARED)
    return ViewsAnswer(views=[_view(view, me) for view in views])


@endpoint(
    "POST",
    "/api/dispatch/views",
    summary="Save a view of the board under a new name.",
    roles=STAFF,
    body=ViewBody,
    answer=ViewAnswer,
    problems=[ViewNameTaken, TooManyViews, Invalid],
)
async def save_view(request: Request[Services, ViewBody, None]) -> ViewAnswer:
    me, facts = request.principal, _facts(request)

    async def work(conn: Connection) -> View:
        if await lock_views_of(conn, me.id) >= MOST_OWN:
            raise TooManyViews
        number = await add_view(conn, me.id, facts)
        if number is None:
            raise ViewNameTaken
        return await _read(conn, number, me)

    return ViewAnswer(success=True, view=await request.services.database.in_transaction(work))


@endpoint(
    "PUT",
    "/api/dispatch/views/{number:int}",
    summary="Write a saved view anew: its name, filter and whether it is shared.",
    roles=STAFF,
    body=ViewBody,
    answer=ViewAnswer,
    problems=[NotFound, Forbidden, ViewNameTaken, Invalid],
)
async def write_view(request: Request[Services, ViewBody, None]) -> ViewAnswer:
    me, number, facts = request.principal, int(request.path["number"]), _facts(request)

    async def work(conn: Connection) -> View:
        view = await _changeable(conn, number, me)
        await lock_views_of(conn, view.owner_id)
        if not await replace_view(conn, number, facts):
            await _changeable(conn, number, me)  # it may have gone meanwhile
            raise ViewNameTaken
        return await _read(conn, number, me)

    return ViewAnswer(success=True, view=await request.services.database.in_transaction(work))


@endpoint(
    "DELETE",
    "/api/dispatch/views/{number:int}",
    summary="Remove a saved view.",
    roles=STAFF,
    problems=[NotFound, Forbidden],
)
async def delete_view(request: Req) -> None:
    number = int(request.path["number"])
    async with request.services.database.transaction() as conn:
        await _changeable(conn, number, request.principal)
        if not await remove_view(conn, number):
            raise NotFound("There is no such view.")


def _facts(request: Request[Services, ViewBody, None]) -> ViewFacts:
    """What is to be stored. Raises Invalid for a filter that the board would refuse."""
    body = request.body
    wanted_by(body.filter, now=request.now, zone=ZoneInfo(request.services.settings.time_zone))
    return ViewFacts(body.name, msgspec.to_builtins(body.filter), body.shared)


async def _changeable(conn: Connection, number: int, me: Principal) -> SavedView:
    """A view that the caller may change. Raises NotFound, also for what another keeps private; Forbidden."""
    view = await view_by_id(conn, number)
    if view is None or not (view.shared or view.owner_id == me.id):
        raise NotFound("There is no such view.")
    if not _may_change(view, me):
        raise Forbidden("Only who made a view, or an admin, changes it.")
    return view


async def _read(conn: Connection, number: int, me: Principal) -> View:
    view = await view_by_id(conn, number)
    if view is None:
        raise NotFound("There is no such view.")
    return _view(view, me)


def _may_change(view: SavedView, me: Principal) -> bool:
    return view.owner_id == me.id or me.role is Role.ADMIN


def _view(view: SavedView, me: Principal) -> View:
    return View(
        id=view.id,
        name=view.name,
        filter=view.filter,
        shared=view.shared,
        owner_id=view.owner_id,
        owner=view.owner_name or view.owner_id,
        mine=view.owner_id == me.id,
        may_change=_may_change(view, me),
        updated_at=Instant.of(view.updated_at),
    )
