"""Evidence from the phone to the receipt: sent, shown to those with the right, and taken away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from tests.photos import exif_of, opened, photo
from tests.running import Process, token
from tests.unharmed import CLEO, DEE, PAT, QUINN, ZOE, Person, abused, asked, call, call_as, job_in
from tracker.evidence.links import Size, signed_url
from tracker.local_postgres import PostgresServer
from tracker.settings import Settings

SIGNATURE = {"width": 300, "height": 150, "strokes": [[[10, 10], [290, 140]], [[10, 140], [290, 10]]]}


@pytest.fixture(scope="module")
def web(
    postgres: PostgresServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("evidence")
    with abused(postgres, template_database, EVIDENCE_FOLDER=str(folder)) as process:
        yield process


def send(
    web: Process,
    who: Person | None,
    path: str,
    data: bytes,
    *,
    media_type: str = "image/jpeg",
    method: str = "POST",
    **query: Any,
) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": media_type}
    if who is not None:
        headers["Authorization"] = f"Bearer {token(*who)}"
    url = path if path.startswith("http") else web.url + path
    answer = httpx.request(method, url, params=query or None, content=data, headers=headers, timeout=30)
    return answer.status_code, answer.json()


def sent(
    web: Process, job_id: str, who: Person = PAT, data: bytes | None = None, **query: Any
) -> dict[str, Any]:
    facts = {"kind": "before", "upload_key": f"k{time.monotonic_ns()}", **query}
    status, answer = send(web, who, f"/api/jobs/{job_id}/evidence", data or photo(64, 64), **facts)
    assert status == 200, answer
    return answer


def listed(web: Process, job_id: str, who: Person) -> list[dict[str, Any]]:
    status, answer = call(web, who, "GET", f"/api/jobs/{job_id}/evidence")
    assert status == 200, answer
    return list(answer["evidence"])


def settings_of(web: Process) -> Settings:
    return Settings.from_env({name: web.env[name] for name in ("DATABASE_URL", "TRACKER_SECRET", "PORT")})


def test_a_photo_comes_back_as_a_picture_of_ours_with_its_doubts_for_dispatch(web: Process) -> None:
    job_id = job_in(web, "arrived")
    now = datetime.now(UTC).replace(microsecond=0)
    original = photo(3000, 2000, exif=exif_of(taken=now, software="Phone 1"))
    kept = sent(web, job_id, data=original, kind="after")
    assert kept["created"] is True
    (item,) = listed(web, job_id, DEE)
    assert (item["kind"], item["width"], item["height"]) == ("after", 2560, 1707)
    assert item["taken_at"] == now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert (item["doubts"], item["uploaded_by"]) == ([], "pat")
    assert item["distance_m"] < 1
    answer = httpx.get(item["url"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert len(answer.content) == item["bytes"]
    assert opened(answer.content).size == (2560, 1707)
    assert b"Phone 1" not in answer.content
    assert max(opened(httpx.get(item["thumb_url"]).content).size) == 480


def test_a_photo_from_elsewhere_and_another_day_is_kept_and_doubted(web: Process) -> None:
    job_id = job_in(web, "arrived")
    exif = exif_of(taken=datetime(2026, 1, 1, tzinfo=UTC), place=(51.5, -0.12), software="GIMP 3.0")
    sent(web, job_id, data=photo(exif=exif))
    sent(web, job_id)
    elsewhere, silent = listed(web, job_id, DEE)
    assert elsewhere["doubts"] == ["taken_elsewhere", "taken_at_another_time", "edited_software"]
    assert elsewhere["distance_m"] > 280_000
    assert silent["doubts"] == ["no_capture_time", "no_place"]


def test_what_the_device_says_stands_in_for_a_camera_that_wrote_nothing(web: Process) -> None:
    job_id = job_in(web, "arrived")
    now = datetime.now(UTC).isoformat()
    sent(web, job_id, taken_at=now, lat=53.4084, lng=-2.9916, accuracy=10)
    assert listed(web, job_id, DEE)[0]["doubts"] == []


def test_adding_evidence_is_a_fact_on_the_jobs_record_and_its_version_is_told(web: Process) -> None:
    job_id = job_in(web, "arrived")
    before = asked(web, "SELECT version FROM jobs WHERE id = $1", job_id)
    kept = sent(web, job_id)
    assert kept["version"] == before + 1
    event = "SELECT data::text FROM job_events WHERE job_id = $1 AND kind = 'evidence_added'"
    assert kept["evidence"]["sha256"] in asked(web, event, job_id)
    queued = "SELECT effect FROM outbox WHERE job_id = $1 AND version = $2"
    assert asked(web, queued, job_id, before + 1) == "announce"


def test_the_same_upload_key_again_is_answered_as_before_and_other_bytes_are_refused(web: Process) -> None:
    job_id = job_in(web, "arrived")
    first = sent(web, job_id, upload_key="one")
    again = sent(web, job_id, upload_key="one")
    assert (again["created"], again["version"]) == (False, first["version"])
    assert again["evidence"]["id"] == first["evidence"]["id"]
    path = f"/api/jobs/{job_id}/evidence"
    status, refused = send(web, PAT, path, photo(65, 64), kind="before", upload_key="one")
    assert (status, refused["code"]) == (409, "upload_key_used")


def test_a_drawn_signature_is_kept_as_a_picture(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    path = f"/api/jobs/{job_id}/evidence/signature"
    status, kept = call(web, PAT, "POST", path, {**SIGNATURE, "upload_key": "s1"})
    assert (status, kept["created"]) == (200, True)
    assert call(web, PAT, "POST", path, {**SIGNATURE, "upload_key": "s1"})[1]["created"] is False
    answer = httpx.get(kept["evidence"]["url"])
    assert answer.headers["content-type"] == "image/png"
    assert opened(answer.content).size == (1280, 640)


def test_a_photographed_signature_is_kept_as_a_small_grey_picture(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    kept = sent(web, job_id, kind="signature", data=photo(2000, 1000))
    image = opened(httpx.get(kept["evidence"]["url"]).content)
    assert (image.format, image.mode, image.size) == ("PNG", "L", (1280, 640))


def test_those_with_a_right_see_what_they_may_and_doubts_are_dispatchs(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    sent(web, job_id)
    call(web, PAT, "POST", f"/api/jobs/{job_id}/evidence/signature", {**SIGNATURE, "upload_key": "s"})
    link = call(web, CLEO, "POST", f"/api/jobs/{job_id}/tracking-link")[1]["link"]
    for who in (DEE, PAT, CLEO):
        items = listed(web, job_id, who)
        assert [item["kind"] for item in items] == ["before", "signature"]
        assert all((item["doubts"] is not None) is (who == DEE) for item in items)
    for stranger in (QUINN, ZOE):
        assert call(web, stranger, "GET", f"/api/jobs/{job_id}/evidence")[0] == 404
    by_link = {"Authorization": f"Link {link}"}
    assert call_as(web, by_link, "GET", f"/api/jobs/{job_id}/evidence")[1]["evidence"] == []
    assert call(web, PAT, "POST", f"/api/jobs/{job_id}/status", {"status": "completed"})[0] == 200
    shown = call_as(web, by_link, "GET", f"/api/jobs/{job_id}/evidence")[1]["evidence"]
    assert [item["kind"] for item in shown] == ["before"]
    assert call_as(web, by_link, "GET", f"/api/jobs/{job_in(web, 'completed')}/evidence")[0] == 404


def test_only_the_jobs_pro_and_dispatch_add_evidence(web: Process) -> None:
    job_id = job_in(web, "arrived")
    path = f"/api/jobs/{job_id}/evidence"
    facts = {"kind": "before", "upload_key": "x"}
    assert send(web, QUINN, path, photo(), **facts)[0] == 404
    assert send(web, CLEO, path, photo(), **facts)[0] == 403
    assert send(web, None, path, photo(), **facts)[0] == 401
    sent(web, job_id, DEE)
    closed = job_in(web, "cancelled")
    status, refused = send(web, DEE, f"/api/jobs/{closed}/evidence", photo(), **facts)
    assert status == 200, refused


def test_a_signed_upload_needs_no_token_and_brings_one_picture(web: Process) -> None:
    job_id = job_in(web, "arrived")
    asks = {"kind": "before", "upload_key": "signed", "lat": 53.4084, "lng": -2.9916}
    status, ticket = call(web, PAT, "POST", f"/api/jobs/{job_id}/evidence/uploads", asks)
    assert (status, ticket["method"], ticket["max_bytes"]) == (200, "PUT", 15 * 1024 * 1024)
    status, kept = send(web, None, ticket["url"], photo(), method="PUT")
    assert (status, kept["created"]) == (200, True)
    assert send(web, None, ticket["url"], photo(), method="PUT")[1]["created"] is False
    assert send(web, None, ticket["url"], photo(99, 99), method="PUT")[0] == 409
    (item,) = listed(web, job_id, DEE)
    assert (item["uploaded_by"], item["distance_m"] < 1) == ("pat", True)
    assert call(web, CLEO, "POST", f"/api/jobs/{job_id}/evidence/uploads", asks)[0] == 403
    assert call(web, QUINN, "POST", f"/api/jobs/{job_id}/evidence/uploads", asks)[0] == 404


def test_a_file_is_served_as_a_picture_and_nothing_else_and_may_be_kept_while_its_address_lives(
    web: Process,
) -> None:
    job_id = job_in(web, "arrived")
    item = sent(web, job_id)["evidence"]
    answer = httpx.get(item["url"])
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert headers["content-disposition"] == f'inline; filename="before-{item["id"][:8]}.jpg"'
    assert headers["referrer-policy"] == "no-referrer"
    cache, age, _ = headers["cache-control"].split(", ")
    assert (cache, 0 < int(age.removeprefix("max-age=")) <= 300) == ("private", True)
    again = httpx.get(item["url"], headers={"If-None-Match": headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.head(item["url"]).headers["content-length"] == str(item["bytes"])
    assert httpx.post(item["url"]).status_code == 405


def test_an_address_that_is_over_changed_or_made_up_is_told_the_very_same(web: Process) -> None:
    job_id = job_in(web, "arrived")
    item = sent(web, job_id)["evidence"]
    other = sent(web, job_id)["evidence"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(item["url"]).query).items()}
    settings, one = settings_of(web), UUID(item["id"])
    over = signed_url(settings, one, Size.PHOTO, datetime.now(UTC) - timedelta(seconds=1))
    base = f"{web.url}/evidence/{item['id']}"
    tried = [
        over,
        item["url"].replace(item["id"], other["id"]),
        item["url"].replace("size=photo", "size=thumb"),
        str(httpx.URL(base, params={**query, "expires": str(int(query["expires"]) + 60)})),
        str(httpx.URL(base, params={**query, "signature": query["signature"][:-1]})),
        str(httpx.URL(base, params={**query, "signature": "é"})),
        str(httpx.URL(base, params={**query, "expires": "9" * 30})),
        str(httpx.URL(base, params={**query, "expires": "nan"})),
        str(httpx.URL(base, params={**query, "more": "1"})),
        base,
        signed_url(settings, UUID(int=5), Size.PHOTO, datetime.now(UTC) + timedelta(minutes=1)),
        f"{web.url}/evidence/no-uuid",
    ]
    bodies = set()
    for address in tried:
        answer = httpx.get(address)
        assert answer.status_code == 404, address
        bodies.add(str({key: value for key, value in answer.json().items() if key != "instance"}))
    assert len(bodies) == 1
    assert httpx.get(item["url"]).status_code == 200


def test_a_receipts_address_may_live_longer(web: Process) -> None:
    item = sent(web, job_in(web, "arrived"))["evidence"]
    ends = datetime.now(UTC) + timedelta(days=30)
    assert httpx.get(signed_url(settings_of(web), UUID(item["id"]), Size.THUMB, ends)).status_code == 200


def test_what_dispatch_removes_is_gone_for_everybody_at_once(web: Process) -> None:
    job_id = job_in(web, "arrived")
    item = sent(web, job_id)["evidence"]
    path = f"/api/dispatch/evidence/{item['id']}"
    assert call(web, PAT, "DELETE", f"{path}?reason=blurred")[0] == 403
    assert call(web, DEE, "DELETE", path)[0] == 422
    status, removed = call(web, DEE, "DELETE", f"{path}?reason=the+wrong+flat")
    assert (status, removed["success"]) == (200, True)
    assert listed(web, job_id, DEE) == []
    assert httpx.get(item["url"]).status_code == 404
    assert call(web, DEE, "DELETE", f"{path}?reason=again")[0] == 404


def test_several_phones_at_once_are_all_served(web: Process) -> None:
    job_id = job_in(web, "arrived")
    answers: list[int] = []

    def one(number: int) -> None:
        who: Person = ("dispatcher", f"d{number}")
        facts = {"kind": "after", "upload_key": f"at-once-{number}"}
        answers.append(send(web, who, f"/api/jobs/{job_id}/evidence", photo(800, 600), **facts)[0])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 6
    assert len(listed(web, job_id, CLEO)) == 6
