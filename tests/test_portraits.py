"""A pro's portrait: a small square drawn anew, seen by customers, gone when it is replaced or taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.photos import exif_of, opened, photo
from tests.running import Process, token
from tests.test_bad_auth import link_to
from tests.unharmed import CLEO, DEE, PAT, QUINN, Person, abused, asked, call_as, job_in, unharmed
from tracker.local_postgres import PostgresServer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("portraits")


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str, folder: Path) -> Iterator[Process]:
    with abused(postgres, template_database, EVIDENCE_FOLDER=str(folder)) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def put(
    web: Process, who: Person, pro: str, data: bytes, media_type: str = "image/jpeg"
) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token(*who)}", "Content-Type": media_type}
    answer = httpx.put(f"{web.url}/api/pros/{pro}/photo", content=data, headers=headers, timeout=30)
    return answer.status_code, answer.json()


def take_away(web: Process, who: Person, pro: str) -> int:
    headers = {"Authorization": f"Bearer {token(*who)}"}
    return httpx.delete(f"{web.url}/api/pros/{pro}/photo", headers=headers).status_code


def files_in(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def shown_to_the_customer(web: Process, job_id: str) -> str | None:
    """The portrait's address on the customer's page."""
    link = {"Authorization": f"Link {link_to(web, job_id)}"}
    pro = call_as(web, link, "GET", f"/api/jobs/{job_id}")[1]["pro"]
    assert pro["name"] == "Pat Mason"
    return pro["photo"]  # type: ignore[no-any-return]


def test_a_portrait_is_a_small_square_of_ours_until_another_takes_its_place(
    web: Process, folder: Path
) -> None:
    job_id = job_in(web, "en_route")
    assert shown_to_the_customer(web, job_id) is None
    status, first = put(web, PAT, "pat", photo(900, 1600, exif=exif_of(software="Phone 1")))
    assert status == 200
    assert shown_to_the_customer(web, job_id) == first["photo"]
    picture = httpx.get(f"{web.url}/{first['photo']}")
    assert (picture.headers["content-type"], opened(picture.content).size) == ("image/jpeg", (256, 256))
    assert picture.headers["cache-control"].startswith("public, max-age=")
    assert b"Phone 1" not in picture.content
    again = httpx.get(str(picture.url), headers={"If-None-Match": picture.headers["etag"]})
    assert again.status_code == 304
    assert put(web, DEE, "pat", photo(64, 48, kind="PNG"), "image/png")[0] == 200
    assert httpx.get(str(picture.url)).status_code == 404
    assert files_in(folder) == 1
    assert take_away(web, DEE, "pat") == take_away(web, PAT, "pat") == 204
    assert shown_to_the_customer(web, job_id) is None
    assert files_in(folder) == 0
    assert asked(web, "SELECT count(*) FROM loose_files") == 0


def test_nobody_gives_or_takes_anothers_portrait_and_what_is_no_picture_is_none(
    web: Process, folder: Path
) -> None:
    assert put(web, PAT, "pat", photo())[0] == 200
    kept = asked(web, "SELECT photo_key FROM people WHERE id = 'pat'")
    assert put(web, QUINN, "pat", photo())[0] == take_away(web, QUINN, "pat") == 404
    assert put(web, CLEO, "pat", photo())[0] == take_away(web, CLEO, "pat") == 403
    for nobody in ("cleo", "dee", "nobody", "%00", "x" * 200):
        assert put(web, DEE, nobody, photo())[0] in (404, 422), nobody
    for data, media_type, reason in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", "not_that_type"),
        (b"", "image/jpeg", "empty"),
        (photo()[:200], "image/jpeg", "unreadable"),
        (photo(20, 20), "image/jpeg", "too_small"),
    ):
        status, refused = put(web, PAT, "pat", data, media_type)
        assert (status, refused["code"], refused["reason"]) == (422, "photo_refused", reason)
    assert put(web, PAT, "pat", b"<svg/>", "image/svg+xml")[0] == 415
    for address in ("x", "../evidence", "0" * 32, "%00", "A" * 32, "a" * 65):
        assert httpx.get(f"{web.url}/photos/{address}").status_code == 404, address
    assert asked(web, "SELECT photo_key FROM people WHERE id = 'pat'") == kept
    assert files_in(folder) == 1
