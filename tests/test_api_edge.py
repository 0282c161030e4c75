"""Whatever happens inside, the caller gets a typed answer with a number, and the log gets no secret."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest

from api.edge import Edge
from api.security_headers import SecurityHeaders, page_policy
from tests.sample_api import JOB, calling, sample_app


def test_a_bug_is_a_500_with_a_number_and_is_logged_once_without_what_it_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/broken?token=hunter2")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "hunter2" not in answer.text
        number = answer.headers["x-request-id"]
        assert answer.json()["instance"] == f"urn:uuid:{number}"
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert number in record.getMessage()
        assert "RuntimeError" in record.getMessage()
        assert "in broken" in record.getMessage()  # where it happened
        assert "hunter2" not in caplog.text.replace('raise RuntimeError("password=hunter2")', "")

    calling(sample_app(), conversation)


def test_a_cause_that_quotes_a_secret_is_named_by_its_kind_only(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(_scope: Any, _receive: Any, _send: Any) -> None:
        try:
            int(secret)
        except ValueError as error:
            raise KeyError(secret) from error

    secret = "eyJhbGciOi"

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.get("/")).status_code == 500

    calling(Edge(fails, headers=SecurityHeaders(public_url=None)), conversation)
    assert "KeyError" in caplog.text
    assert "ValueError" in caplog.text
    assert secret not in caplog.text


def test_a_failure_after_the_answer_began_is_logged_and_not_answered_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[Any] = []

    async def fails(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def send(message: Any) -> None:
        sent.append(message)

    app = Edge(fails, headers=SecurityHeaders(public_url=None))
    asyncio.run(app({"type": "http", "method": "GET", "path": "/"}, None, send))  # type: ignore[arg-type]
    assert [message["status"] for message in sent] == [200]
    assert len(caplog.records) == 1


def test_an_address_that_does_not_exist_is_a_404_problem() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for path in (
            "/nope",
            "/api",
            "/api/",
            "/api/near/",
            "//api/near",
            "/%00",
            "/api/jobs/" + JOB + "/tip/x",
        ):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path

    calling(sample_app(), conversation)


def test_a_websocket_at_an_http_address_is_refused_politely() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(sample_app()({"type": "websocket", "path": "/api/near", "headers": []}, receive, send))
    assert sent == [{"type": "websocket.close"}]


def test_under_a_sub_path_addresses_work_whether_or_not_the_proxy_strips_it() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for prefix in ("", "/tracking"):
            assert (await client.get(f"{prefix}/api/near?lat=1&lng=1")).status_code == 200
        assert (await client.get("/trackingapi/near?lat=1&lng=1")).status_code == 404

    calling(sample_app(root_path="/tracking"), conversation)


def test_every_answer_carries_the_security_headers() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for path in ("/api/near?lat=1&lng=1", "/api/near", "/nope", "/api/broken", f"/api/jobs/{JOB}/tip"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "DENY"
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "strict-transport-security" not in headers

    calling(sample_app(public_url="http://go.example"), conversation)


def test_browsers_are_told_to_stay_with_https_only_where_the_public_address_is_https() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        headers = (await client.get("/nope")).headers
        assert headers["strict-transport-security"] == "max-age=31536000"

    calling(sample_app(public_url="https://go.example"), conversation)


def test_a_page_may_load_its_own_files_tiles_and_sockets_and_nothing_else() -> None:
    policy = page_policy(
        public_url="https://go.example/tracking",
        map_tiles_url="https://{s}.tiles.example:8443/{z}/{x}/{y}.png",
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["img-src"] == "'self' data: https://*.tiles.example:8443"
    assert rules["connect-src"] == "'self' wss://go.example"
    assert rules["frame-ancestors"] == "'none'"
    bare = page_policy(public_url=None, map_tiles_url="/tiles/{z}/{x}/{y}.png")
    assert "img-src 'self' data:;" in bare
    assert "connect-src 'self';" in bare


def test_requests_are_counted_by_declared_route_and_never_by_id() -> None:
    seen: list[tuple[str, str, int]] = []

    async def conversation(client: httpx.AsyncClient) -> None:
        await client.post(f"/api/jobs/{JOB}/tip")
        await client.get("/api/near?lat=1&lng=1")
        await client.get("/somewhere/else")

    calling(
        sample_app(observe=lambda method, route, status, _: seen.append((method, route, status))),
        conversation,
    )
    assert seen == [
        ("POST", "/api/jobs/{id}/tip", 422),  # an empty body
        ("GET", "/api/near", 200),
        ("GET", "other", 404),
    ]
