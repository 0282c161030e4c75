"""What follows from heartbeats: contact, pace, ETA, arrival, and how often the phone is asked to send."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from db.pool import Database
from tests.company import DOOR, add_job, with_company
from tests.receiving import METRE, Heard, at, fix, receiving, set_status
from tracker.positions.contact import Contact
from tracker.positions.receive import Receiver
from tracker.positions.routing import Routing, RoutingKind

TRACE = Path(__file__).parent / "data" / "liverpool_bus_route14.csv"


async def sweep(receiver: Receiver, first: int, last: int) -> None:
    """The clock of the composition root, from one second to another."""
    for second in range(first, last + 1):
        await receiver.sweep_contacts(at(second))


def contacts(heard: Heard) -> list[tuple[Contact, str]]:
    return [payload for _, payload in heard.of("contact_changed")]


def iso(second: int) -> str:
    return at(second).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# Contact


def test_a_phone_that_falls_silent_is_delayed_then_lost_then_live_again(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            assert contacts(heard) == [(Contact.LIVE, iso(0))]
            await sweep(receiver, 0, 200)
            await receiver.receive("pat", [fix(1, 201)], at(201))
            assert heard.of("contact_changed")[0][0] == job
            assert contacts(heard)[1:] == [
                (Contact.DELAYED, iso(0)),
                (Contact.LOST, iso(0)),
                (Contact.LIVE, iso(201)),
            ]

    with_company(database_url, work)


def test_points_that_cannot_be_believed_are_no_contact(database_url: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            for second in range(1, 20):
                await receiver.receive("pat", [fix(0, second, accuracy=5000)], at(second))
                await receiver.sweep_contacts(at(second))
            assert contacts(heard)[1:] == [(Contact.DELAYED, iso(0))]

    with_company(database_url, work)


def test_a_pro_whom_another_node_hears_is_not_called_lost(database_url: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        async with receiving(database) as (one, heard_by_one), receiving(database) as (other, heard_by_other):
            await one.receive("pat", [fix(0, 0)], at(0))
            for second in range(5, 200, 5):
                await other.receive("pat", [fix(second, second)], at(second))
                await sweep(one, second, second + 4)
                await sweep(other, second, second + 4)
            assert contacts(heard_by_one) == [(Contact.LIVE, iso(0))]
            assert contacts(heard_by_other) == []
            await sweep(one, 200, 400)
            await sweep(other, 200, 400)
            assert contacts(heard_by_one)[1:] == []
            assert contacts(heard_by_other) == [(Contact.DELAYED, iso(195)), (Contact.LOST, iso(195))]

    with_company(database_url, work)


def test_the_node_that_takes_over_says_live_again(database_url: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        async with receiving(database) as (one, _):
            await one.receive("pat", [fix(0, 0)], at(0))
        async with receiving(database) as (other, heard):  # the first node is dead
            await other.receive("pat", [fix(10, 300)], at(300))
            assert contacts(heard) == [(Contact.LIVE, iso(300))]

    with_company(database_url, work)


def test_a_completed_job_is_not_called_lost(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "in_progress")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            await set_status(database, job, "completed")
            receiver.refresh_jobs("pat")
            await asyncio.sleep(0.2)
            await sweep(receiver, 0, 400)
            assert contacts(heard) == [(Contact.LIVE, iso(0))]

    with_company(database_url, work)


# Policy


def test_a_watcher_and_a_step_change_what_the_phone_is_asked(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "accepted", at=(53.6, -2.99))
        async with receiving(database) as (receiver, heard):
            ack = await receiver.receive("pat", [fix(0, 0)], at(0))
            assert ack["policy"] == {"interval_s": 60, "min_displacement_m": 100}
            assert heard.of("policy") == []
            heard.watched.add(job)
            receiver.watchers_changed(job)
            await set_status(database, job, "en_route")
            receiver.refresh_jobs("pat")
            await asyncio.sleep(0.2)
            heard.watched.clear()
            receiver.watchers_changed(job)
            ack = await receiver.receive("pat", [fix(1, 2, battery=0.05)], at(2))
            assert ack["policy"] == {"interval_s": 60, "min_displacement_m": 200}
            assert [(whom, policy["interval_s"]) for whom, policy in heard.of("policy")] == [
                ("pat", 15),
                ("pat", 5),
                ("pat", 20),
                ("pat", 60),
            ]
            assert heard.dots(job)[-1]["next_in_s"] == 60

    with_company(database_url, work)


def test_watchers_of_a_job_that_is_nobodys_here_change_nothing(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "open")
        async with receiving(database) as (receiver, heard):
            receiver.watchers_changed(job)
            receiver.refresh_jobs("pat")
            receiver.forget("pat")
            assert heard.all == []

    with_company(database_url, work)


# Arrival and ETA


def test_the_eta_falls_on_the_way_and_the_arrival_is_suggested_once(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route", at=(53.4 + 3000 * METRE, -2.99))
        async with receiving(database) as (receiver, heard):
            for second in range(0, 300, 5):
                await receiver.receive("pat", [fix(10 * second, second, speed=10)], at(second))
            for second in range(300, 420, 5):
                await receiver.receive("pat", [fix(3000, second, speed=0)], at(second))
            seconds = [dot["eta"]["seconds"] for dot in heard.dots(job)]
            assert seconds == sorted(seconds, reverse=True)
            assert seconds[0] > 300
            assert seconds[-1] == 0
            assert heard.of("arrival_suggested") == [("pat", job)]

    with_company(database_url, work)


@pytest.mark.parametrize("status", ["arrived", "in_progress"])
def test_after_the_arrival_there_is_no_eta_and_no_suggestion(database_url: str, status: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, status)
        async with receiving(database) as (receiver, heard):
            for second in range(0, 100, 10):
                here = fix(0, second, lat=DOOR[0], lng=DOOR[1])
                await receiver.receive("pat", [here], at(second))
            assert [dot["eta"] for dot in heard.dots(job)] == [None] * 10
            assert heard.of("arrival_suggested") == []

    with_company(database_url, work)


def test_an_old_upload_suggests_no_arrival(database_url: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            before = len(heard.all)
            late = [fix(0, s, lat=DOOR[0], lng=DOOR[1]) for s in range(-900, -600, 10)]
            await receiver.receive("pat", late, at(1))
            assert {kind for kind, _, _ in heard.all[before:]} == {"trail_changed"}

    with_company(database_url, work)


def recorded_trip() -> list[tuple[float, dict[str, object]]]:
    """A real bus trip of almost an hour: (seconds since its start, lat, lng and heading if known)."""
    with TRACE.open(encoding="utf-8") as file:
        lines = [
            line for line in csv.DictReader(file) if (line["vehicle_id"], line["trip_id"]) == ("4836", "1105")
        ]
    times = [datetime.fromisoformat(line["timestamp"]) for line in lines]
    return [
        (
            (when - times[0]).total_seconds(),
            {
                "lat": float(line["latitude"]),
                "lng": float(line["longitude"]),
                "heading": float(line["bearing"]) if line["bearing"] else None,
            },
        )
        for line, when in zip(lines, times, strict=True)
    ]


def test_a_recorded_bus_trip_is_believed_and_its_eta_falls_as_it_nears_the_end(database_url: str) -> None:
    async def work(database: Database) -> None:
        trip = recorded_trip()
        _, end = trip[-1]
        job = await add_job(database, "en_route", at=(float(str(end["lat"])), float(str(end["lng"]))))
        async with receiving(database) as (receiver, heard):
            for second, place in trip:
                raw = {**place, "recorded_at": at(second).isoformat()}
                await receiver.receive("pat", [raw], at(second))
                await asyncio.sleep(0.01)  # a phone does not send a hundred a second
            assert receiver.take_counts() == {"good": len(trip)}
            seconds = [dot["eta"]["seconds"] for dot in heard.dots(job)]
            sixths = [seconds[len(seconds) * sixth // 6] for sixth in range(1, 6)]
            assert sixths == sorted(sixths, reverse=True)
            assert seconds[-1] == 0
            true = [trip[-1][0] - second for second, _ in trip]
            within = [
                dot["eta"]["low"] <= t <= dot["eta"]["high"]
                for dot, t in zip(heard.dots(job), true, strict=True)
            ]
            assert sum(within) > 0.6 * len(trip)

    with_company(database_url, work)


# The routing service

Answer = Callable[[str, bytes], Awaitable[tuple[int, object]]]


@asynccontextmanager
async def routing_service(answer: Answer) -> AsyncIterator[tuple[str, list[str]]]:
    """A local HTTP server; `answer(path, body)` gives status and JSON. Yields its URL and the paths asked."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (
                    int(li.split(":")[1])
                    for li in head.splitlines()
                    if li.lower().startswith("content-length")
                ),
                0,
            )
            asked.append(" ".join(head.split()[:2]))
            status, value = await answer(head.split()[1], await reader.readexactly(length))
            body = json.dumps(value).encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/", asked
    finally:
        server.close()


def drive(
    database_url: str, kind: RoutingKind, answer: Answer, seconds: int = 40
) -> tuple[list[dict[str, object]], list[str]]:
    """A pro drives for a while behind a routing service. Returns the ETAs shown and what was asked."""

    async def work(database: Database) -> tuple[list[dict[str, object]], list[str]]:
        job = await add_job(database, "en_route", at=(53.4 + 5000 * METRE, -2.99))
        async with (
            routing_service(answer) as (url, asked),
            receiving(database, routing=Routing(url, kind)) as (receiver, heard),
        ):
            for second in range(0, seconds, 5):
                start = asyncio.get_running_loop().time()
                await receiver.receive("pat", [fix(10 * second, second)], at(second))
                assert asyncio.get_running_loop().time() - start < 0.5  # it never waits for a route
                await asyncio.sleep(0.1)
            return [dot["eta"] for dot in heard.dots(job)], asked

    return with_company(database_url, work)


async def osrm(path: str, body: bytes) -> tuple[int, object]:
    assert path.startswith("/base/route/v1/driving/-2.99")
    return 200, {"code": "Ok", "routes": [{"duration": 900.0, "distance": 8000.0}]}


async def valhalla(path: str, body: bytes) -> tuple[int, object]:
    ask = json.loads(body)
    assert (path, ask["costing"], ask["units"]) == ("/base/route", "auto", "kilometers")
    assert [set(place) for place in ask["locations"]] == [{"lat", "lon"}] * 2
    return 200, {"trip": {"status": 0, "summary": {"time": 900.0, "length": 8.0}}}


@pytest.mark.parametrize(("kind", "answer"), [(RoutingKind.OSRM, osrm), (RoutingKind.VALHALLA, valhalla)])
def test_a_routing_service_makes_the_eta_from_the_second_heartbeat_on(
    database_url: str, kind: RoutingKind, answer: Answer
) -> None:
    etas, asked = drive(database_url, kind, answer)
    assert [eta["source"] for eta in etas] == ["estimate"] + ["route"] * 7
    assert 850 < etas[1]["seconds"] < 900  # type: ignore[operator]
    assert len(asked) == 3  # once per 15 s


async def failing(path: str, body: bytes) -> tuple[int, object]:
    return 503, {"message": "down"}


async def no_route(path: str, body: bytes) -> tuple[int, object]:
    return 400, {"code": "NoRoute", "message": "Impossible route"}


async def slow(path: str, body: bytes) -> tuple[int, object]:
    await asyncio.sleep(30)
    return 200, {}


@pytest.mark.parametrize("answer", [failing, no_route, slow])
def test_a_routing_service_that_fails_leaves_the_estimate(database_url: str, answer: Answer) -> None:
    etas, asked = drive(database_url, RoutingKind.OSRM, answer, 20)
    assert [eta["source"] for eta in etas] == ["estimate"] * 4
    assert 1 <= len(asked) <= 2


def test_a_routing_service_that_is_not_there_leaves_the_estimate(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route", at=(53.5, -2.99))
        async with receiving(database, routing=Routing("http://127.0.0.1:9", RoutingKind.OSRM)) as (
            receiver,
            heard,
        ):
            for second in range(3):
                await receiver.receive("pat", [fix(second, second)], at(second))
                await asyncio.sleep(0.05)
            assert [dot["eta"]["source"] for dot in heard.dots(job)] == ["estimate"] * 3

    with_company(database_url, work)
