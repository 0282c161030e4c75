"""Bad photos, bad signatures and bad addresses of evidence, sent to the whole running application."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import time
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.photos import bomb, exif_of, photo, with_wild_exif
from tests.running import Process, token
from tests.unharmed import DEE, PAT, QUINN, Person, abused, asked, call, job_in, resident_mb, unharmed
from tracker.local_postgres import PostgresServer

MB = 1024 * 1024
SIGNATURE = {"upload_key": "s", "width": 300, "height": 150, "strokes": [[[1, 1], [9, 9], [20, 5], [30, 60]]]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evidence")


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str, folder: Path) -> Iterator[Process]:
    with abused(postgres, template_database, EVIDENCE_FOLDER=str(folder)) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def send(
    web: Process,
    job_id: str,
    data: bytes,
    *,
    media_type: str | None = "image/jpeg",
    query: str = "kind=before&upload_key=x",
    who: Person = PAT,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    asks = {"Authorization": f"Bearer {token(*who)}", **(headers or {})}
    if media_type is not None:
        asks["Content-Type"] = media_type
    url = f"{web.url}/api/jobs/{job_id}/evidence?{query}"
    answer = httpx.post(url, content=data, headers=asks, timeout=30)
    return answer.status_code, answer.json()


def nothing_kept(web: Process, job_id: str) -> bool:
    return asked(web, "SELECT count(*) FROM evidence WHERE job_id = $1", job_id) == 0


def test_what_is_no_photo_is_refused_with_its_reason_and_nothing_is_kept(web: Process, folder: Path) -> None:
    job_id = job_in(web, "arrived")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.jpg", photo())
    for name, data, media_type, reason in (
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/png", "not_that_type"),
        ("html", b"<html><script>alert(1)</script></html>", "image/jpeg", "not_that_type"),
        ("gif", photo(kind="GIF"), "image/jpeg", "not_that_type"),
        ("gif and zip", photo(kind="GIF") + archive.getvalue(), "image/png", "not_that_type"),
        ("zip", archive.getvalue(), "image/jpeg", "not_that_type"),
        ("tiff", photo(kind="TIFF"), "image/jpeg", "not_that_type"),
        ("pdf", b"%PDF-1.7\n", "image/jpeg", "not_that_type"),
        ("eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "image/jpeg", "not_that_type"),
        ("png as webp", photo(kind="PNG"), "image/webp", "not_that_type"),
        ("bomb", bomb(50_000, 50_000), "image/png", "too_many_pixels"),
        ("dot", photo(1, 1), "image/jpeg", "too_small"),
        ("truncated", photo(500, 500)[:2000], "image/jpeg", "unreadable"),
        ("empty", b"", "image/jpeg", "empty"),
        ("only magic", b"\xff\xd8\xff", "image/jpeg", "not_that_type"),
        ("noise", b"\xff\xd8\xff" + os.urandom(5000), "image/jpeg", None),
    ):
        status, refused = send(web, job_id, data, media_type=media_type)
        assert (status, refused["code"]) == (422, "photo_refused"), name
        assert reason in (None, refused["reason"]), (name, refused)
    assert nothing_kept(web, job_id)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert asked(web, "SELECT count(*) FROM loose_files") == 0


def test_only_pictures_that_are_announced_as_such_are_read(web: Process) -> None:
    job_id = job_in(web, "arrived")
    for media_type in ("image/svg+xml", "text/html", "image/gif", "application/json", "", None):
        status, refused = send(web, job_id, photo(), media_type=media_type)
        assert (status, refused["code"]) == (415, "unsupported_media_type"), media_type
    status, _ = send(web, job_id, photo(), headers={"Content-Encoding": "gzip"})
    assert status == 415
    assert nothing_kept(web, job_id)


def test_a_wrong_kind_key_time_or_place_is_refused_by_name(web: Process) -> None:
    job_id = job_in(web, "arrived")
    good = "kind=before&upload_key=x"
    for query, field in (
        ("upload_key=x", None),
        ("kind=selfie&upload_key=x", "kind"),
        ("kind=before", None),
        ("kind=before&upload_key=", "upload_key"),
        ("kind=before&upload_key=" + "k" * 129, "upload_key"),
        ("kind=before&upload_key=a%2F..%2Fb", "upload_key"),
        ("kind=before&upload_key=a%0A", "upload_key"),
        ("kind=before&upload_key=a%00", None),
        (f"{good}&taken_at=yesterday", "taken_at"),
        (f"{good}&lat=nan", "lat"),
        (f"{good}&lat=91", "lat"),
        (f"{good}&lng=inf", "lng"),
        (f"{good}&accuracy=-1", "accuracy"),
        (f"{good}&store_key=x", None),
        (f"{good}&doubts=", None),
        (f"{good}&kind=after", None),
    ):
        status, refused = send(web, job_id, photo(), query=query)
        assert (status, refused["code"]) == (422, "invalid"), query
        assert field in (None, refused.get("field")), (query, refused)
    assert nothing_kept(web, job_id)


def test_a_photo_for_another_persons_job_or_none_looks_the_same(web: Process) -> None:
    job_id = job_in(web, "arrived")
    answers = [
        send(web, job_id, photo(), who=QUINN),
        send(web, "00000000-0000-4000-8000-000000000000", photo()),
    ]
    assert [status for status, _ in answers] == [404, 404]
    assert len({answer["detail"] for _, answer in answers}) == 1
    assert send(web, "%00", photo())[0] == 404
    assert nothing_kept(web, job_id)


def test_a_job_that_is_over_or_not_begun_takes_no_photo_of_its_pro(web: Process) -> None:
    job_id = job_in(web, "completed")
    assert send(web, job_id, photo())[0] == 200
    asked(web, "UPDATE jobs SET finished_at = now() - interval '8 days' WHERE id = $1", job_id)
    status, refused = send(web, job_id, photo(99, 99), query="kind=after&upload_key=late")
    assert (status, refused["code"]) == (409, "evidence_closed")
    assert send(web, job_id, photo(99, 99), query="kind=after&upload_key=late", who=DEE)[0] == 200


def test_a_camera_that_writes_nonsense_takes_photos_like_any_other(web: Process) -> None:
    job_id = job_in(web, "arrived")
    gps = exif_of(place=(53.4, -2.99))
    spoilt = [
        exif_of(taken="0000:00:00 00:00:00", place=(0, 0)),
        exif_of(taken="9999:99:99 99:99:99", place=(89.99, 179.99), accuracy_m=99_999),
        exif_of(taken="x" * 50_000, software="\x00\x01" * 500),
        exif_of(orientation=99),
    ]
    for number, exif in enumerate([gps, *spoilt]):
        query = f"kind=before&upload_key=exif{number}"
        assert send(web, job_id, photo(exif=exif), query=query)[0] == 200, number
    for number in (0, 6, 12):  # a directory that points anywhere and counts to anything
        query = f"kind=after&upload_key=wild{number}"
        status, answer = send(web, job_id, with_wild_exif(photo(exif=gps), number), query=query)
        assert status in (200, 422), answer


def test_sixteen_megabytes_are_refused_announced_or_not(web: Process) -> None:
    job_id = job_in(web, "arrived")

    def in_pieces() -> Iterator[bytes]:
        for _ in range(16 * 4):
            yield bytes(MB // 4)

    status, refused = send(web, job_id, bytes(16 * MB))
    assert (status, refused["code"], refused["max_bytes"]) == (413, "too_large", 15 * MB)
    headers = {"Authorization": f"Bearer {token(*PAT)}", "Content-Type": "image/jpeg"}
    url = f"{web.url}/api/jobs/{job_id}/evidence?kind=before&upload_key=x"
    with contextlib.suppress(httpx.WriteError):  # the server may hang up in mid-flood
        assert httpx.post(url, content=in_pieces(), headers=headers, timeout=30).status_code == 413
    assert nothing_kept(web, job_id)


def test_a_photo_in_chunks_without_a_length_is_a_photo(web: Process) -> None:
    job_id = job_in(web, "arrived")
    data = photo(800, 600)

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    headers = {"Authorization": f"Bearer {token(*PAT)}", "Content-Type": "image/jpeg"}
    url = f"{web.url}/api/jobs/{job_id}/evidence?kind=before&upload_key=x"
    assert httpx.post(url, content=in_pieces(), headers=headers).status_code == 200


def test_uploads_that_never_end_hold_a_place_each_and_give_it_back_when_they_go(web: Process) -> None:
    job_id = job_in(web, "arrived")
    head = (
        f"POST /api/jobs/{job_id}/evidence?kind=before&upload_key=slow HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {token(*PAT)}\r\nContent-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", web.port or 0), timeout=5))
            slow.sendall(head + photo()[:100])
        deadline = time.monotonic() + 5
        status, refused = send(web, job_id, photo())
        while status == 200 and time.monotonic() < deadline:
            status, refused = send(web, job_id, photo())
        assert (status, refused["code"]) == (429, "busy")
        assert send(web, job_id, photo(), who=DEE, query="kind=after&upload_key=other")[0] == 200
    deadline = time.monotonic() + 5
    while send(web, job_id, photo(), query="kind=after&upload_key=again")[0] == 429:
        assert time.monotonic() < deadline


def test_bombs_and_the_largest_pictures_cost_the_server_no_memory(web: Process) -> None:
    job_id = job_in(web, "arrived")
    send(web, job_id, photo(), query="kind=before&upload_key=first")
    before = resident_mb(web)
    largest = photo(6000, 6000, kind="PNG", mode="L", colour=200)
    for number in range(2):
        assert send(web, job_id, bomb(50_000, 50_000), media_type="image/png")[0] == 422
        query = f"kind=after&upload_key=large{number}"
        assert send(web, job_id, largest, media_type="image/png", query=query)[0] == 200
    assert resident_mb(web) - before < 20


def test_a_signature_that_is_none_is_refused(web: Process) -> None:
    job_id = job_in(web, "in_progress")
    path = f"/api/jobs/{job_id}/evidence/signature"
    for changes in (
        {"strokes": []},
        {"strokes": [[]]},
        {"strokes": [[[1, 1]]]},
        {"strokes": [[[1, 1, 1]] * 5]},
        {"strokes": [[["1", 1]] * 5]},
        {"strokes": [[[True, 1]] * 5]},
        {"strokes": [[[1e999, 1]] * 5]},
        {"strokes": [[[301, 1]] * 5]},
        {"strokes": [[[-1, 1]] * 5]},
        {"strokes": [[[1, 1]] * 8001]},
        {"strokes": [[[1, 1]] * 20] * 501},
        {"strokes": [[[1, 1]] * 100] * 81},
        {"width": 0},
        {"height": -1},
        {"width": 1e308},
        {"upload_key": "\x00"},
        {"picture": "x"},
    ):
        status, refused = call(web, PAT, "POST", path, {**SIGNATURE, **changes})
        assert (status, refused["code"]) == (422, "invalid"), changes
    text = json.dumps(SIGNATURE)
    headers = {"Authorization": f"Bearer {token(*PAT)}", "Content-Type": "application/json"}
    for number in ("NaN", "Infinity", "-Infinity", "1" * 5000):
        body = text.replace("300", number, 1)
        assert httpx.post(web.url + path, content=body, headers=headers).status_code == 422, number
    million = json.dumps({**SIGNATURE, "strokes": [[[1, 1]] * 1_000_000]})
    assert httpx.post(web.url + path, content=million, headers=headers).status_code == 413
    assert nothing_kept(web, job_id)


def test_a_ticket_that_is_over_changed_or_made_up_brings_nothing(web: Process) -> None:
    job_id = job_in(web, "arrived")
    asks = {"kind": "before", "upload_key": "x"}
    url = call(web, PAT, "POST", f"/api/jobs/{job_id}/evidence/uploads", asks)[1]["url"]
    base, _, ticket = url.partition("?ticket=")
    body, _, code = ticket.partition(".")
    facts = {"job_id": job_id, "kind": "before", "upload_key": "x", "by": "dee", "role": "admin"}
    forged = urlsafe_b64encode(json.dumps({**facts, "issued_at": 0, "expires_at": 9e9}).encode()).decode()
    for wrong in (
        "",
        ".",
        body,
        f".{code}",
        f"{body}.",
        f"{forged}.{code}",
        f"{body}x.{code}",
        "é.é",
        "x" * 3000,
    ):
        answer = httpx.put(
            f"{base}?ticket={quote(wrong)}", content=photo(), headers={"Content-Type": "image/jpeg"}
        )
        assert answer.status_code == (422 if len(wrong) in (0, 3000) else 404), wrong
    assert httpx.put(base, content=photo(), headers={"Content-Type": "image/jpeg"}).status_code == 422
    assert nothing_kept(web, job_id)
    assert asked(web, "UPDATE people SET suspended_at = now() WHERE id = 'pat'") is None
    late = httpx.put(url, content=photo(), headers={"Content-Type": "image/jpeg"})
    asked(web, "UPDATE people SET suspended_at = NULL WHERE id = 'pat'")
    assert late.status_code == 401
    asked(web, "UPDATE jobs SET pro_id = 'quinn' WHERE id = $1", job_id)
    lost = httpx.put(url, content=photo(), headers={"Content-Type": "image/jpeg"})
    assert lost.status_code == 404
    assert nothing_kept(web, job_id)
