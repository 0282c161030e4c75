"""The built pages: the customer's map at `/track/{link}`, `/pro`, `/dispatch`, and what they load.

`/paid` and `/not-paid` are where a payment provider's page sends the customer back to. `/sw.js` is the pages'
service worker: it lies at the root, because it may serve only what is below it.

The page of a tracking link is the same file for every link, so it says nothing about which links exist.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from api.first_glance import ASKED
from api.public_route import Answer, get_route
from api.security_headers import policy_with_styles
from api.static_file import StaticFile, read_folder
from db.errors import NotFound, Problem

# What a page may ask of the device. Only the pro's page shares a location.
_NOTHING = "geolocation=(), camera=(), microphone=(), payment=(), usb=()"
_LOCATION = "geolocation=(self), screen-wake-lock=(self), camera=(), microphone=(), payment=(), usb=()"
TRACK = "/track/{link}"
PAGES = {
    TRACK: "track.html",
    "/pro": "pro.html",
    "/dispatch": "dispatch.html",
    "/paid": "paid.html",  # where a payment page sends the customer back to
    "/not-paid": "not-paid.html",
}


class PagesNotBuilt(Problem):
    """The pages are not built; run `make`, or set WEB_DIST to where they are."""

    code = "pages_not_built"
    status = 503


def page_routes(folder: Path, *, policy: str, glance: Answer) -> list[Route]:
    """Routes for the pages built in `folder`; `policy` is their content security policy.

    `glance` answers what the customer's page asks before it has a script (`first_glance.py`).

    A folder that is not there is said when somebody asks for a page, not at the start: the API works
    without pages.
    """
    files = read_folder(folder) if folder.is_dir() else {}

    async def home(scope: Scope) -> Response:
        return RedirectResponse(scope.get("root_path", "") + "/dispatch", 307)

    async def asset(scope: Scope) -> Response:
        found = files.get(f"assets/{scope['path_params']['path']}")
        if found is None:
            raise NotFound
        return found.answer(scope)

    return [
        get_route("/", home),
        *(
            _page_route(path, files.get(name), policy, glance if path == TRACK else None)
            for path, name in PAGES.items()
        ),
        *_worker_routes(files.get("sw.js"), policy),
        get_route("/assets/{path:path}", asset, metric="/assets/{path}"),
    ]


def file_route(path: str, file: StaticFile) -> Route:
    """One public file at one address."""

    async def answer(scope: Scope) -> Response:
        return file.answer(scope)

    return get_route(path, answer)


def _page_route(path: str, file: StaticFile | None, policy: str, glance: Answer | None) -> Route:
    page = None if file is None else replace(file, headers=_page_headers(path, policy, file.body))

    async def answer(scope: Scope) -> Response:
        if glance is not None and scope["query_string"] == ASKED:
            return await glance(scope)
        if page is None:
            raise PagesNotBuilt
        return page.answer(scope)

    return get_route(path, answer)


def _worker_routes(file: StaticFile | None, policy: str) -> list[Route]:
    """The service worker has a content security policy of its own: that of the pages lets it fetch them."""
    if file is None:
        return []
    return [file_route("/sw.js", replace(file, headers={"Content-Security-Policy": policy}))]


def _page_headers(path: str, policy: str, page: bytes) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy_with_styles(policy, page),
        "Permissions-Policy": _LOCATION if path == "/pro" else _NOTHING,
        "Referrer-Policy": "no-referrer",  # a link is a key; it must not travel to the tile server
        **({"X-Robots-Tag": "noindex"} if path == TRACK else {}),
    }
