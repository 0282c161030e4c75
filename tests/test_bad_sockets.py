"""Sockets of the whole application against clients that break the protocol, flood, stall or vanish."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
import websockets

from bench.bad_packets import ENDING, REFUSED_AS_JSON, refused_events
from rooms.events import Said
from tests.company import DOOR
from tests.engine_stage import TEXT, UPGRADE, client_frame
from tests.listening import listening
from tests.patience import BUSY_S
from tests.raw_socket import joined, opened, upgrade_answer
from tests.running import Process, token
from tests.unharmed import (
    CLEO,
    DEE,
    PAT,
    QUINN,
    ROOT,
    Person,
    abused,
    connections_of,
    job_in,
    resident_mb,
    unharmed,
)
from tracker.local_postgres import PostgresServer

EVERYBODY: list[Person] = [PAT, CLEO, DEE, ROOT]


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


@pytest.fixture
def web(company: Process) -> Iterator[Process]:
    with unharmed(company):
        yield company


def test_what_is_not_our_protocol_closes_the_socket_cleanly(web: Process) -> None:
    async def story() -> None:
        for number, message in enumerate(ENDING):
            async with joined(web, EVERYBODY[number % len(EVERYBODY)]) as client:
                await client.send(message)
                code, reason = await client.closing()
                assert (code, bool(reason)) == (1008, True), message[:60]

    asyncio.run(story())


def test_nothing_is_answered_before_connect(web: Process) -> None:
    async def story() -> None:
        for event in Said:
            async with opened(web) as client:
                await client.send(f'421["{event}",{{}}]')
                assert (await client.closing())[0] == 1008

    asyncio.run(story())


@pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: who[0])
def test_a_bad_event_is_refused_in_its_ack_and_the_socket_lives(web: Process, who: Person) -> None:
    texts = [*REFUSED_AS_JSON, *(f'["{event}",{data}]' for event, data in refused_events())]
    assert {event for event, _ in refused_events()} >= set(Said)

    async def story() -> None:
        for first in range(0, len(texts), 100):  # a socket may say two hundred things at once
            async with joined(web, who) as client:
                for text in texts[first : first + 100]:
                    ack = await client.ask(f"421{text}")
                    assert set(ack) == {"ok", "error"}, text[:80]
                    assert ack["ok"] is False, text[:80]
                    assert {"code", "message", "retry"} <= set(ack["error"]), text[:80]
                    assert len(ack["error"]["message"]) < 400, text[:80]
                    assert ack["error"]["code"] not in ("internal", "unavailable"), text[:80]

    asyncio.run(story())


def test_a_link_may_watch_its_job_and_say_nothing_else(web: Process) -> None:
    job_id = job_in(web, "en_route")
    with web.http(token(*DEE)) as http:
        link = http.post(f"/api/jobs/{job_id}/tracking-link").json()["link"]

    async def story() -> None:
        async with await listening(web.url, link=link) as customer:
            assert (await customer.call("watch"))["ok"]
            for event, data in (
                ("heartbeat", {"lat": DOOR[0], "lng": DOOR[1]}),
                ("watch_fleet", {"bbox": [-3, 53, -2, 54]}),
                ("watch_board", {}),
                ("watch_feed", {"lat": 53.4, "lng": -2.9}),
            ):
                assert (await customer.call(event, data))["error"]["code"] == "forbidden"

    asyncio.run(story())


def test_more_jobs_than_a_screen_can_show_are_refused(web: Process) -> None:
    jobs = [job_in(web, "pending") for _ in range(201)]

    async def story() -> None:
        async with await listening(web.url, token=token(*DEE)) as dee:
            for job_id in jobs[:200]:
                assert (await dee.call("watch", {"job_id": job_id}))["ok"]
                await asyncio.sleep(0.005)
            await asyncio.sleep(1)  # the socket's own allowance comes back
            assert (await dee.call("watch", {"job_id": jobs[200]}))["error"]["code"] == "invalid"
            assert (await dee.call("watch", {"job_id": jobs[0]}))["ok"]

    asyncio.run(story())


def test_three_hundred_binary_frames_and_megabytes_of_text_cost_nothing(web: Process) -> None:
    connect = client_frame(TEXT, b"40" + json.dumps({"token": token(*PAT)}).encode())
    promise = client_frame(TEXT, b'451-["watch",{"_placeholder":true,"num":0}]')
    attacks = (
        client_frame(0x2, b"\x00" * 900_000),
        client_frame(TEXT, b"x" * 1_000_000),
        promise + client_frame(0x2, b"\x00" * 60_000),
        b"".join(client_frame(0x0 if part else 0x2, b"\x00" * 3000, final=False) for part in range(300)),
    )

    def attack(data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", web.port or 0), timeout=5) as raw:
            for words, answer in ((UPGRADE, b"0{"), (connect, b"40{")):
                raw.sendall(words)
                heard = b""
                while answer not in heard:
                    heard += raw.recv(4096)
            with contextlib.suppress(ConnectionError):  # cut off in the middle
                raw.sendall(data)
            heard = b""
            with contextlib.suppress(ConnectionError):
                while b"\x88" not in heard and (part := raw.recv(4096)):
                    heard += part
            return heard

    before = resident_mb(web)
    for number in range(300):
        heard = attack(attacks[number % len(attacks)])
        close = heard.find(b"\x88")
        assert close < 0 or int.from_bytes(heard[close + 2 : close + 4], "big") in (1003, 1008, 1009)
    assert resident_mb(web) - before < 20


def test_clients_that_leave_at_any_moment_leave_nothing_behind(web: Process) -> None:
    job_id = job_in(web, "en_route")
    auth = json.dumps({"token": token(*CLEO)})
    steps = [f"40{auth}", f'421["watch",{{"job_id":"{job_id}"}}]', f'422["unwatch",{{"job_id":"{job_id}"}}]']

    async def leave(number: int) -> None:
        async with opened(web) as client:
            for step in steps[: number % 4]:
                with contextlib.suppress(websockets.ConnectionClosed):  # spoke before it was answered
                    await client.send(step)
                if number % 3:
                    await asyncio.sleep(random.uniform(0, 0.01))

    async def story() -> None:
        for first in range(0, 200, 20):
            await asyncio.gather(*(leave(number) for number in range(first, first + 20)))

    asyncio.run(story())


def test_a_client_that_asks_and_does_not_wait_leaves_nothing_behind(web: Process) -> None:
    job_id = job_in(web, "en_route")

    async def story() -> None:
        for _ in range(30):
            async with joined(web, DEE) as client:
                for number in range(20):
                    await client.send(f'42{number}["watch",{{"job_id":"{job_id}"}}]')
                    await client.send(f'42{number}["watch_fleet",{{"bbox":[-180,-90,180,90]}}]')

    asyncio.run(story())


def test_a_flood_is_told_busy_and_then_closed_and_nobody_else_waits(web: Process) -> None:
    async def story() -> None:
        async with joined(web, CLEO) as flood, await listening(web.url, token=token(*DEE)) as dee:
            for number in range(600):
                with contextlib.suppress(websockets.ConnectionClosed):
                    await flood.send(f'42{number}["unwatch_feed",{{}}]')
            begun = time.monotonic()
            assert (await dee.call("watch_fleet", {"bbox": [-3, 53, -2, 54]}))["ok"]
            assert time.monotonic() - begun < BUSY_S
            assert (await flood.closing())[0] == 1008

    asyncio.run(story())


def test_polling_and_other_ways_in_are_refused_clearly(web: Process) -> None:
    for query in (
        "EIO=4&transport=polling",
        "EIO=3&transport=websocket",
        "EIO=4",
        "",
        "EIO=4&transport=polling&sid=x",
    ):
        for method in ("GET", "POST", "OPTIONS", "DELETE"):
            answer = httpx.request(method, f"{web.url}/socket.io/?{query}", content=b"4" * 1000)
            assert answer.status_code == 400, (method, query)
            assert answer.json()["code"] in ("websocket_only", "protocol_version")
    for query in (
        "EIO=3&transport=websocket",
        "EIO=4&transport=websocket&sid=x",
        "EIO=4",
        "%00",
        "EIO=4&EIO=4",
    ):
        assert upgrade_answer(web, query=query).startswith(b"HTTP/1.1 400"), query


def test_broken_upgrades_get_an_http_error(web: Process) -> None:
    for change in (
        (b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 8"),
        (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"short"),
        (b"GET ", b"POST "),
        (b"Connection: Upgrade\r\n", b""),
        (b"/socket.io/?", b"/elsewhere?"),
    ):
        with socket.create_connection(("127.0.0.1", web.port or 0), timeout=5) as raw:
            raw.sendall(UPGRADE.replace(*change))
            status = raw.recv(4096)[9:12]
            assert b"400" <= status < b"500", (change, status)


def test_a_hundred_half_open_connections_hold_up_nobody_and_are_gone_when_they_go(web: Process) -> None:
    halves = [
        b"",
        b"G",
        b"GET /api/me HTTP/1.1\r\nHost: x\r\nAuthori",
        UPGRADE[:60],
        UPGRADE,
        UPGRADE + b"\x81",
        UPGRADE + b"\x81\xfe\xff\xff",
        b"POST /api/hauler/location HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
    ]
    held = []
    for number in range(104):
        raw = socket.create_connection(("127.0.0.1", web.port or 0), timeout=5)
        raw.sendall(halves[number % len(halves)])
        held.append(raw)
    begun = time.monotonic()
    with web.http(token(*PAT)) as http:
        assert http.get("/api/me").status_code == 200

    async def story() -> None:
        async with await listening(web.url, token=token(*DEE)) as dee:
            assert (await dee.call("watch_fleet", {"bbox": [-3, 53, -2, 54]}))["ok"]

    asyncio.run(story())
    assert time.monotonic() - begun < BUSY_S
    assert connections_of(web) >= 70
    for raw in held:
        raw.close()


def test_readers_that_stop_cost_little_and_hold_up_nobody(web: Process) -> None:
    job_id = job_in(web, "en_route", pro="quinn")

    async def story() -> None:
        stalled = []
        for _ in range(20):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.connect(("127.0.0.1", web.port or 0))
            wire = await websockets.connect(
                f"ws://127.0.0.1:{web.port}/socket.io/?EIO=4&transport=websocket",
                sock=sock,
                compression=None,
                ping_interval=None,
                max_queue=1,
                proxy=None,
            )
            await wire.recv()
            await wire.send("40" + json.dumps({"token": token(*CLEO)}))
            await wire.recv()
            await wire.send(f'420["watch",{{"job_id":"{job_id}"}}]')
            wire.transport.pause_reading()
            stalled.append(wire)
        before = resident_mb(web)
        async with (
            await listening(web.url, token=token(*CLEO)) as cleo,
            await listening(web.url, token=token(*QUINN)) as quinn,
        ):
            assert (await cleo.call("watch", {"job_id": job_id}))["ok"]
            for number in range(100):
                at = round(time.time() * 1000)
                fix = {"lat": DOOR[0] - 0.03 + number / 1e5, "lng": DOOR[1], "recorded_at": at, "accuracy": 5}
                begun = time.monotonic()
                assert (await quinn.call("heartbeat", fix))["accepted"] == 1
                assert time.monotonic() - begun < BUSY_S
                await asyncio.sleep(0.015)
            await cleo.hears("location_update", lambda dot: dot["seq"] == at)
        assert resident_mb(web) - before < 20
        for wire in stalled:
            wire.transport.abort()
            await wire.wait_closed()

    asyncio.run(story())
