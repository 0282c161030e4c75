"""The built pages, the map's settings and the API reader: from memory, strictly, under any sub-path."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Scope

from api.docs_page import docs_routes
from api.map import map_routes
from api.pages import page_routes
from tests.sample_api import calling, sample_app

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"


async def glance(scope: Scope) -> Response:
    """Stands in for the visit that the customer's page asks for."""
    return Response(f"the visit of {scope['path_params']['link']}")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A built site, a file beside it, and a link out of it."""
    (tmp_path / "secret.txt").write_text("hunter2")
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    for name in ("track", "pro", "dispatch"):
        (folder / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>" + " " * 500)
    (folder / "assets" / "track-Dj12.js").write_text("export const a = 1;\n" * 100)
    (folder / "assets" / "dot-a1.png").write_bytes(os.urandom(300))
    return folder


def test_the_customers_page_is_the_same_for_every_link_and_keeps_the_link_to_itself(dist: Path) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        pages = [await client.get(f"/track/{link}") for link in ("AAAA", "x" * 500, "%00", "%ff", "a b")]
        assert len({page.content for page in pages}) == 1
        for page in pages:
            assert page.status_code == 200
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert page.headers["referrer-policy"] == "no-referrer"
            assert page.headers["x-robots-tag"] == "noindex"
            assert page.headers["content-security-policy"] == POLICY
            assert page.headers["cache-control"] == "no-cache"

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_the_customers_page_asks_for_its_visit_at_its_own_address(dist: Path) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.get("/track/AAAA?now")).text == "the visit of AAAA"
        for other in ("/track/AAAA?now=1", "/track/AAAA?later", "/pro?now", "/dispatch?now"):
            assert (await client.get(other)).text.startswith("<!doctype html>")

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_styles_that_a_page_carries_are_allowed_by_their_content(dist: Path) -> None:
    (dist / "track.html").write_text("<style>p{color:red}</style><style>\n</style>")

    async def conversation(client: httpx.AsyncClient) -> None:
        policy = (await client.get("/track/x")).headers["content-security-policy"]
        # printf 'p{color:red}' | openssl dgst -sha256 -binary | base64, and the same for a line feed
        hashes = (
            "p0bF+un5yUb9MBO6xRb8kPHlY2BdpHVtLiFkDrZPF64=",
            "AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs=",
        )
        assert policy.endswith(f"style-src 'self' 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'")
        assert "sha256" not in (await client.get("/pro")).headers["content-security-policy"]

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_only_the_pros_page_may_ask_where_it_is(dist: Path) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for path, asks in (("/pro", True), ("/dispatch", False), ("/track/x", False)):
            allowed = (await client.get(path)).headers["permissions-policy"]
            assert ("geolocation=(self)" in allowed) is asks

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_the_service_worker_lies_at_the_root_is_asked_for_each_time_and_may_fetch(dist: Path) -> None:
    (dist / "sw.js").write_text("self.addEventListener('push', () => {});")

    async def conversation(client: httpx.AsyncClient) -> None:
        worker = await client.get("/sw.js?page=pro")
        assert worker.headers["content-type"] == "text/javascript; charset=utf-8"
        assert worker.headers["cache-control"] == "no-cache"
        assert worker.headers["content-security-policy"] == POLICY

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_files_with_a_hash_in_their_name_are_kept_for_ever_and_sent_small(dist: Path) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        plain = await client.get("/assets/track-Dj12.js", headers={"Accept-Encoding": "gzip;q=0, br"})
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
        assert plain.headers["vary"] == "Accept-Encoding"
        assert "content-encoding" not in plain.headers
        small = await client.get("/assets/track-Dj12.js", headers={"Accept-Encoding": "br, gzip"})
        assert small.headers["content-encoding"] == "gzip"
        assert int(small.headers["content-length"]) < len(plain.content) / 4
        assert small.content == plain.content
        assert small.headers["etag"] != plain.headers["etag"]
        picture = await client.get("/assets/dot-a1.png", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in picture.headers
        head = await client.head("/assets/dot-a1.png")
        assert (head.content, head.headers["content-length"]) == (b"", "300")

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_a_file_that_the_browser_has_is_not_sent_again(dist: Path) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        etag = (await client.get("/pro")).headers["etag"]
        for known in (etag, f'"old", W/{etag}'):
            again = await client.get("/pro", headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["content-security-policy"] == POLICY

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_no_address_reaches_a_file_outside_the_build(dist: Path) -> None:
    outside = [
        *(
            "../secret.txt",
            "..%2f..%2fsecret.txt",
            "%2e%2e/%2e%2e/secret.txt",
            "....//secret.txt",
            "/etc/passwd",
        ),
        *("..\\..\\secret.txt", "%00", "track-Dj12.js%00", "", ".", "track-Dj12.js/", "x" * 5000, "%ff"),
    ]

    async def conversation(client: httpx.AsyncClient) -> None:
        for path in outside:
            answer = await client.get(httpx.URL(f"http://tracker.test/assets/{path}"))
            assert answer.status_code == 404, path
            assert "hunter2" not in answer.text

    calling(sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)]), conversation)


def test_the_first_address_leads_to_dispatch_under_the_sub_path_too(dist: Path) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.get("/tracking/")).headers["location"] == "/tracking/dispatch"
        assert (await client.get("/tracking/track/x")).status_code == 200
        assert (await client.post("/tracking/pro")).status_code == 405

    calling(
        sample_app(more=[*page_routes(dist, policy=POLICY, glance=glance)], root_path="/tracking"),
        conversation,
    )


def test_pages_that_are_not_built_say_so(tmp_path: Path) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.get("/track/x")
        assert (answer.status_code, answer.json()["code"]) == (503, "pages_not_built")
        assert (await client.get("/assets/x.js")).status_code == 404

    calling(sample_app(more=[*page_routes(tmp_path / "none", policy=POLICY, glance=glance)]), conversation)


def test_a_page_learns_where_its_map_comes_from_without_saying_who_asks() -> None:
    streets = {"name": "Wrenford", "center": [41.3, -99.4], "zoom": 13, "roads": [{"kind": "x"}] * 200}
    with_streets = map_routes(tiles_url=None, attribution="", streets=streets)
    with_tiles = map_routes(tiles_url="https://t.example/{z}/{x}/{y}.png", attribution="© T", streets=None)

    async def demo(client: httpx.AsyncClient) -> None:
        settings = (await client.get("/api/map")).json()
        assert settings["streets_url"] == "/api/map/streets"
        assert (settings["center"], settings["zoom"]) == ([41.3, -99.4], 13)
        answer = await client.get("/api/map/streets", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json() == streets

    async def real(client: httpx.AsyncClient) -> None:
        settings = (await client.get("/api/map")).json()
        assert settings == {
            "tiles_url": "https://t.example/{z}/{x}/{y}.png",
            "attribution": "© T",
            "streets_url": None,
            "center": [20.0, 0.0],
            "zoom": 3,
        }
        assert (await client.get("/api/map/streets")).status_code == 404

    calling(sample_app(more=[*with_streets]), demo, Authorization="")
    calling(sample_app(more=[*with_tiles]), real, Authorization="")


def test_the_reader_of_the_api_loads_only_its_own_files() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        page = await client.get("/docs")
        assert "'unsafe-inline'" not in page.headers["content-security-policy"]
        assert "://" not in page.text  # nothing from anywhere else
        for name, kind in (("docs.css", "text/css"), ("docs.js", "text/javascript")):
            assert f"docs/{name}" in page.text
            file = await client.get(f"/docs/{name}")
            assert file.headers["content-type"].startswith(kind)
            assert "://" not in file.text
            assert "innerHTML" not in file.text

    calling(sample_app(more=[*docs_routes()]), conversation)


def test_compressed_files_are_the_same_on_every_machine(dist: Path) -> None:
    body = json.dumps({"a": 1}).encode() * 100
    assert gzip.compress(body, 9, mtime=0) == gzip.compress(body, 9, mtime=0)
