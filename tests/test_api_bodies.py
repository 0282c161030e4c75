"""A body is read with an end in size and in time, whatever the client does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.datastructures import Headers

from api import body as body_module
from api.body import MAX_BODY_BYTES, ClientGoneError, read_body
from api.problems import SlowBody, TooLarge
from tests.sample_api import JOB, sample_app


class Upload:
    """An ASGI `receive` that hands out chunks and counts what was taken; then it hangs or hangs up."""

    def __init__(self, chunks: Iterator[bytes], *, then: str = "end") -> None:
        self._chunks = chunks
        self._then = then
        self.taken = 0

    async def __call__(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        chunk = next(self._chunks, None)
        if chunk is not None:
            self.taken += len(chunk)
            return {"type": "http.request", "body": chunk, "more_body": True}
        if self._then == "hang":
            await asyncio.sleep(3600)
        if self._then == "leave":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}


def read(upload: Upload, *, length: str | None = None, **limits: Any) -> bytes:
    headers = Headers({} if length is None else {"content-length": length})
    return asyncio.run(read_body(headers, upload, **limits))


def test_a_body_in_many_chunks_is_put_together() -> None:
    assert read(Upload(iter([b'{"a"', b"", b": 1}"]))) == b'{"a": 1}'
    assert read(Upload(iter([b"x" * MAX_BODY_BYTES]))) == b"x" * MAX_BODY_BYTES


def test_of_a_hundred_megabytes_in_chunks_hardly_more_than_a_megabyte_is_read() -> None:
    upload = Upload(b"x" * 65536 for _ in range(1600))
    with pytest.raises(TooLarge):
        read(upload)
    assert upload.taken <= 2 * 1024 * 1024


def test_a_declared_length_that_is_too_large_or_no_number_is_refused() -> None:
    for length in (str(MAX_BODY_BYTES + 1), "9" * 5000, "-1", "1e3", "²", "0x10", " 1"):
        upload = Upload(iter([b"x"]))
        with pytest.raises(TooLarge):
            read(upload, length=length)


def test_a_length_that_lies_does_not_help() -> None:
    upload = Upload(b"x" * 65536 for _ in range(1600))
    with pytest.raises(TooLarge):
        read(upload, length="10")
    assert upload.taken <= 2 * 1024 * 1024


def test_a_body_that_trickles_is_given_up() -> None:
    with pytest.raises(SlowBody):
        read(Upload(iter([b"{"]), then="hang"), deadline_s=0.05)


def test_a_large_body_that_then_hangs_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_DISCARD_S", 0.05)
    with pytest.raises(TooLarge):
        read(Upload(iter([b"x" * 300_000]), then="hang"))
    with pytest.raises(TooLarge):
        read(Upload(iter([]), then="hang"), length="999999")


def test_a_client_that_hangs_up_is_nobody_to_answer() -> None:
    with pytest.raises(ClientGoneError):
        read(Upload(iter([b"{"]), then="leave"))
    sent, seen = answers_to(Upload(iter([b"{"]), then="leave"))
    assert sent == []
    assert seen == [("POST", "/api/jobs/{id}/tip", 499)]


def test_refusals_of_a_body_end_the_connection() -> None:
    sent, seen = answers_to(Upload(b"x" * 65536 for _ in range(100)))
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["code"] == "too_large"
    assert seen == [("POST", "/api/jobs/{id}/tip", 413)]


def test_a_slow_body_is_a_408_that_can_be_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.serving.BODY_DEADLINE_S", 0.05)
    sent, _ = answers_to(Upload(iter([b"{"]), then="hang"))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["retry"] is True


def answers_to(upload: Upload) -> tuple[list[Any], list[tuple[str, str, int]]]:
    """What the sample application sends, and what it counts, for an upload."""
    sent: list[Any] = []
    seen: list[tuple[str, str, int]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    app = sample_app(observe=lambda method, route, status, _: seen.append((method, route, status)))
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/api/jobs/{JOB}/tip",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer pro"), (b"content-type", b"application/json")],
    }
    asyncio.run(app(scope, upload, send))  # type: ignore[arg-type]
    return sent, seen
