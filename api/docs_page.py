"""`/docs`: the API for a reader, drawn from `/openapi.json` by a small page of our own, offline."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Route

from api.pages import file_route
from api.static_file import StaticFile

FOLDER = Path(__file__).parent / "docs_files"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def docs_routes() -> list[Route]:
    """The page and its two files. Its addresses are relative, so it works under any sub-path."""
    headers = {"Content-Security-Policy": POLICY}
    return [
        file_route("/docs", StaticFile.read(FOLDER / "docs.html", headers=headers)),
        file_route("/docs/docs.css", StaticFile.read(FOLDER / "docs.css")),
        file_route("/docs/docs.js", StaticFile.read(FOLDER / "docs.js")),
    ]
