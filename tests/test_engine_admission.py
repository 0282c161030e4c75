"""Who may open a websocket at all: polling, versions, origins, pace, and requests that never end."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
import websockets

from rooms import http_door
from rooms.guard import origin_allowed
from rooms.limits import Limits
from tests.engine_stage import Stage, run, stage, until


async def refused(place: Stage, **options: object) -> tuple[int, dict[str, object]]:
    """Open a websocket that must be refused; the HTTP answer."""
    with pytest.raises(websockets.InvalidStatus) as answer:
        await place.raw(**options)
    response = answer.value.response
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, json.loads(response.body)


def test_polling_is_refused_clearly() -> None:
    async def story() -> None:
        async with stage() as place, aiohttp.ClientSession() as http:
            address = f"{place.url}/socket.io/?EIO=4&transport=polling"
            for method in ("GET", "POST", "OPTIONS"):
                async with http.request(method, address) as answer:
                    assert answer.status == 400
                    assert answer.headers["content-type"] == "application/problem+json"
                    problem = json.loads(await answer.text())
                    assert problem["code"] == "websocket_only"
                    assert "websocket" in problem["detail"]

    run(story())


def test_other_protocol_versions_transports_and_upgrades_are_refused() -> None:
    async def story() -> None:
        async with stage() as place:
            status, problem = await refused(place, query="EIO=3&transport=websocket")
            assert (status, problem["code"]) == (400, "protocol_version")
            for query in ("EIO=4&transport=polling", "EIO=4", "EIO=4&transport=websocket&sid=abc"):
                status, problem = await refused(place, query=query)
                assert (status, problem["code"]) == (400, "websocket_only")
            assert place.engine.stats()["refused"] == 4

    run(story())


def test_pages_of_other_origins_may_not_connect_and_native_apps_may() -> None:
    async def story() -> None:
        async with stage() as place:
            await place.raw()  # a native app sends none
            await place.raw(origin=f"http://127.0.0.1:{place.port}")
            for origin in ("null", "https://evil.example", "http://127.0.0.1:1", "file://"):
                status, problem = await refused(place, origin=origin)
                assert (status, problem["code"]) == (403, "origin")

    run(story())


@pytest.mark.parametrize(
    ("origins", "host", "allowed", "expected"),
    [
        ([], "a.example", None, True),
        (["https://a.example"], "a.example", None, True),
        (["https://A.example"], "a.Example", None, True),
        (["https://a.example"], "a.example:443", None, True),
        (["http://a.example:80"], "a.example", None, True),
        (["http://a.example:8000"], "a.example:8000", None, True),
        (["http://[::1]:8000"], "[::1]:8000", None, True),
        (["http://a.example:8000"], "a.example", None, False),
        (["http://a.example"], "a.example:8000", None, False),
        (["https://a.example.evil"], "a.example", None, False),
        (["https://a.example:99999"], "a.example", None, False),
        (["https://a.example", "https://evil"], "a.example", None, False),
        (["null"], "a.example", None, False),
        ([""], "", None, False),
        (["https://track.example"], "internal", ["https://track.example/"], True),
        (["https://internal"], "internal", ["https://track.example"], True),  # its own, beside the listed
        (["https://other"], "internal", ["https://track.example"], False),
        (["http://track.example"], "internal", ["https://track.example"], False),
        (["null"], "internal", [], False),
    ],
)
def test_origins(origins: list[str], host: str, allowed: list[str] | None, expected: bool) -> None:
    assert origin_allowed(origins, host, allowed) is expected


def test_more_handshakes_than_the_bucket_holds_are_told_to_come_back() -> None:
    async def story() -> None:
        limits = Limits(handshakes_per_s=0.001, handshakes_burst=3)
        async with stage(limits=limits) as place:
            for _ in range(3):
                await place.raw()
            with pytest.raises(websockets.InvalidStatus) as answer:
                await place.raw()
            assert answer.value.response.status_code == 503
            assert int(answer.value.response.headers["retry-after"]) >= 1

    run(story())


def test_half_open_connections_and_half_requests_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_door, "HEADER_TIMEOUT_S", 0.5)
    monkeypatch.setattr(http_door, "BODY_TIMEOUT_S", 1.0)
    beginnings = [
        b"",
        b"GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: x\r\n",
        b"\r\n",
        b"POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
    ]

    async def story() -> None:
        async with stage() as place:
            opened = [await place.tcp() for _ in range(150)]
            for number, (_, writer) in enumerate(opened):
                writer.write(beginnings[number % len(beginnings)])
            async with asyncio.timeout(5):
                for reader, writer in opened:
                    await reader.read()
                    writer.close()
            await until(lambda: not place.server.server_state.connections)

    run(story())


def test_a_byte_between_two_requests_does_not_stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_door, "HEADER_TIMEOUT_S", 0.5)

    async def story() -> None:
        async with stage() as place:
            reader, writer = await place.tcp()
            writer.write(b"GET /socket.io/?transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"\r\n0\r\n\r\n")
            writer.write(b"\r\n")
            async with asyncio.timeout(3):
                assert await reader.read() == b""
            writer.close()

    run(story())


def test_a_mistaken_upgrade_request_gets_an_http_error() -> None:
    upgrade = (
        b"%s /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\n%s\r\n"
    )
    key, version = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"Sec-WebSocket-Version: 13\r\n"

    async def answer(place: Stage, request: bytes) -> bytes:
        reader, writer = await place.tcp()
        writer.write(request)
        async with asyncio.timeout(3):
            status = await reader.readline()
            if b"101" not in status:
                status += await reader.read()
        writer.close()
        return status

    async def story() -> None:
        async with stage() as place:
            assert b"101" in await answer(place, upgrade % (b"GET", key + version))
            assert b"405" in await answer(place, upgrade % (b"POST", key + version))
            assert b"426" in await answer(place, upgrade % (b"GET", key))
            old = await answer(place, upgrade % (b"GET", key + b"Sec-WebSocket-Version: 8\r\n"))
            assert b"sec-websocket-version: 13" in old
            assert b"400" in await answer(place, upgrade % (b"GET", version))
            assert b"400" in await answer(place, upgrade % (b"GET", version + key + key))
            assert b"400" in await answer(
                place, upgrade % (b"GET", version + b"Sec-WebSocket-Key: short\r\n")
            )
            assert b"400" in await answer(place, upgrade % (b"GET", version + b"Sec-WebSocket-Key: \xff\r\n"))

    run(story())
