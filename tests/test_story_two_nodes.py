"""Two processes behind two ports, one Redis and one database: nobody can tell which one they talk to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.company import DOOR, found_company, with_database
from tests.errands import connect, fix, job, link_to, move, post, times_kept
from tests.listening import listening
from tests.patience import BUSY_S
from tests.running import Process, serving, token
from tracker.socket_client import SocketRefused

STAFF = ("dispatcher", "dee")
BOX = [DOOR[1] - 0.2, DOOR[0] - 0.2, DOOR[1] + 0.2, DOOR[0] + 0.2]
CUT_WITHIN_S = 1 + BUSY_S


@dataclass(frozen=True, slots=True)
class Nodes:
    """Two web processes that share everything but memory."""

    a: Process
    b: Process


@pytest.fixture
def nodes(folder: Path, database_url: str, valkey_url: str) -> Iterator[Nodes]:
    """Both of them, running."""
    with_database(database_url, found_company)
    a, b = (serving(folder, database_url, valkey_url) for _ in range(2))
    a.launch()
    with b, a:
        yield Nodes(a, b)


def test_a_customer_on_one_node_follows_a_pro_on_the_other(nodes: Nodes) -> None:
    job_id = job(nodes.a, "accepted")
    link = link_to(nodes.a, job_id)

    async def story() -> None:
        async with (
            await connect(nodes.a, "pro", "pat") as pat,
            await listening(nodes.b.url, link=link) as customer,
        ):
            calm = await pat.call("heartbeat", fix(9000, ago_s=20))
            assert (await customer.call("watch"))["snapshot"]["position"] is None
            await pat.hears("presence_changed", lambda presence: presence["watchers"] == 1)
            await asyncio.to_thread(move, nodes.a, job_id, "en_route")
            changed = await customer.hears("status_changed")
            assert (changed["status"], changed["previous"]) == ("en_route", "accepted")
            watched = await pat.call("heartbeat", fix(8800))
            assert watched["policy"]["interval_s"] < calm["policy"]["interval_s"]
            dot = await customer.hears("location_update")
            assert (dot["lat"], dot["version"]) == (fix(8800)["lat"], changed["version"])
            assert dot["eta"]["seconds"] > 0
            again = await customer.call("watch")
            assert again["snapshot"]["contact"] == "live"
            assert again["snapshot"]["position"]["seq"] == dot["seq"]
            for call in ("watch", "unwatch"):  # the pro's own map is nobody's business
                assert (await pat.call(call, {"job_id": job_id}))["ok"]
            await customer.call("unwatch")
            await pat.hears("presence_changed", lambda presence: presence["watchers"] == 0)

    asyncio.run(story())


def test_a_step_taken_on_either_node_is_told_once_on_both(nodes: Nodes) -> None:
    job_id = job(nodes.a, "accepted")

    async def story() -> None:
        async with (
            await connect(nodes.a, "customer", "cleo") as here,
            await connect(nodes.b, "customer", "cleo") as there,
        ):
            for watcher in (here, there):
                assert (await watcher.call("watch", {"job_id": job_id}))["ok"]
            for node, status in ((nodes.a, "en_route"), (nodes.b, "arrived"), (nodes.a, "in_progress")):
                await asyncio.to_thread(move, node, job_id, status)
            for watcher in (here, there):
                await watcher.hears("status_changed", lambda change: change["status"] == "in_progress")
                steps = [change["status"] for change in watcher.all("status_changed")]
                assert steps == ["en_route", "arrived", "in_progress"]

    asyncio.run(story())


def test_a_link_revoked_on_one_node_ends_its_stream_on_the_other(nodes: Nodes) -> None:
    job_id = job(nodes.a, "en_route")
    link = link_to(nodes.a, job_id)

    async def story() -> None:
        async with (
            await listening(nodes.b.url, link=link) as customer,
            await connect(nodes.a, "pro", "pat") as pat,
        ):
            assert (await customer.call("watch"))["ok"]
            await pat.call("heartbeat", fix(1000, ago_s=10))
            await customer.hears("location_update")
            started = time.monotonic()
            await asyncio.to_thread(link_to, nodes.a, job_id)  # a new link ends the old one
            assert (await customer.hears("revoked"))["job_id"] == job_id
            assert time.monotonic() - started < CUT_WITHIN_S
            seen = len(customer.all("location_update"))
            await pat.call("heartbeat", fix(500))
            await asyncio.sleep(0.2)
            assert len(customer.all("location_update")) == seen
        with pytest.raises(SocketRefused):
            await listening(nodes.b.url, link=link)

    asyncio.run(story())


def test_a_person_suspended_on_one_node_is_cut_off_on_both(nodes: Nodes) -> None:
    job(nodes.a, "en_route")

    async def story() -> None:
        async with (
            await connect(nodes.a, "pro", "pat") as here,
            await connect(nodes.b, "pro", "pat") as there,
        ):
            started = time.monotonic()
            await asyncio.to_thread(post, nodes.a, "/api/dispatch/people/pat/suspend", ("admin", "root"))
            await here.is_cut(CUT_WITHIN_S)
            await there.is_cut(CUT_WITHIN_S)
            assert time.monotonic() - started < CUT_WITHIN_S
        for node in (nodes.a, nodes.b):
            with pytest.raises(SocketRefused):
                await connect(node, "pro", "pat")
            with node.http(token("pro", "pat")) as http:
                assert http.post("/api/hauler/location", json=fix(1000)).status_code in (401, 403)

    asyncio.run(story())


def test_a_job_reassigned_on_one_node_changes_hands_on_the_other(nodes: Nodes) -> None:
    job_id = job(nodes.a, "accepted")

    async def story() -> None:
        async with (
            await connect(nodes.b, "pro", "pat") as pat,
            await connect(nodes.b, "pro", "quinn") as quinn,
        ):
            assert (await pat.call("watch", {"job_id": job_id}))["ok"]
            assert (await pat.call("heartbeat", {**fix(4000, ago_s=5), "job_id": job_id}))["ok"]
            assign = f"/api/dispatch/jobs/{job_id}/assign"
            await asyncio.to_thread(post, nodes.a, assign, STAFF, {"pro_id": "quinn"})
            assert (await pat.hears("revoked"))["job_id"] == job_id
            refused = await pat.call("heartbeat", {**fix(3000), "job_id": job_id})
            assert refused["error"]["code"] == "not_your_job"
            for _ in range(50):  # quinn's node looks again in the background
                ack = await quinn.call("heartbeat", {**fix(3000), "job_id": job_id})
                if ack["ok"]:
                    break
                await asyncio.sleep(0.05)
            assert ack["accepted"] == 1

    asyncio.run(story())


def test_the_fleet_and_the_feed_are_one_across_nodes(nodes: Nodes) -> None:
    job_id = job(nodes.a, "en_route")
    offer = job(nodes.a, "pending")

    async def story() -> None:
        async with (
            await connect(nodes.a, "pro", "pat") as pat,
            await connect(nodes.b, "dispatcher", "dee") as dee,
            await connect(nodes.b, "pro", "quinn") as quinn,
        ):
            assert (await dee.call("watch_fleet", {"bbox": BOX}))["ok"]
            here = {"lat": DOOR[0], "lng": DOOR[1], "radius": 20}
            assert await quinn.call("watch_feed", here) == {"ok": True, "jobs": []}
            await pat.call("heartbeat", fix(3000))
            tick = await dee.hears("fleet_tick")
            assert [(place["pro_id"], place["job_id"]) for place in tick["positions"]] == [("pat", job_id)]
            await asyncio.to_thread(move, nodes.a, offer, "open", STAFF)
            assert (await quinn.hears("job_posted"))["job"]["id"] == offer
            await asyncio.to_thread(post, nodes.a, f"/api/jobs/{offer}/accept", ("pro", "pat"))
            assert (await quinn.hears("job_taken"))["job_id"] == offer
            with nodes.b.http(token("pro", "quinn")) as http:
                late = await asyncio.to_thread(http.post, f"/api/jobs/{offer}/accept")
            assert (late.status_code, late.json()["code"]) == (409, "job_taken")

    asyncio.run(story())


def test_a_heartbeat_whose_ack_was_lost_may_be_sent_again_to_the_other_node(nodes: Nodes) -> None:
    job_id = job(nodes.a, "en_route")
    link = link_to(nodes.a, job_id)
    heartbeat = {**fix(2000), "seq": 7}

    async def story() -> None:
        async with await listening(nodes.b.url, link=link) as customer:
            await customer.call("watch")
            async with await connect(nodes.a, "pro", "pat") as pat:
                await pat.client.emit("heartbeat", heartbeat)  # nobody waits for the ack
                await customer.hears("location_update")
                pat.client.cut()
            async with await connect(nodes.b, "pro", "pat") as pat:
                ack = await pat.call("heartbeat", heartbeat)
                assert (ack["ok"], ack["accepted"], ack["duplicates"]) == (True, 0, 1)
                assert len(customer.all("location_update")) == 1

    asyncio.run(story())
    assert times_kept(nodes.a.env["DATABASE_URL"], job_id) == [heartbeat["recorded_at"]]


def test_when_a_node_is_killed_its_pro_goes_on_at_the_other(nodes: Nodes) -> None:
    job_id = job(nodes.a, "en_route")
    link = link_to(nodes.a, job_id)
    acked = []

    async def story() -> None:
        async with await listening(nodes.b.url, link=link) as customer:
            await customer.call("watch")
            async with await connect(nodes.a, "pro", "pat") as pat:
                for number in range(5):
                    heartbeat = fix(3000 - 10 * number, ago_s=20 - number)
                    assert (await pat.call("heartbeat", heartbeat))["accepted"] == 1
                    acked.append(heartbeat["recorded_at"])
                await asyncio.to_thread(nodes.a.kill)
                await pat.is_cut(2)
            async with await connect(nodes.b, "pro", "pat") as pat:
                heartbeat = fix(2500)
                assert (await pat.call("heartbeat", heartbeat))["accepted"] == 1
                acked.append(heartbeat["recorded_at"])
                await customer.hears("location_update", lambda dot: dot["lat"] == heartbeat["lat"])
            assert {change["contact"] for change in customer.all("contact_changed")} <= {"live"}

    asyncio.run(story())
    assert times_kept(nodes.a.env["DATABASE_URL"], job_id) == acked


def test_a_watcher_comes_back_to_the_other_node_without_a_hole(nodes: Nodes) -> None:
    job_id = job(nodes.a, "en_route")
    link = link_to(nodes.a, job_id)

    async def story() -> None:
        async with await connect(nodes.a, "pro", "pat") as pat:
            async with await listening(nodes.a.url, link=link) as customer:
                await customer.call("watch")
                await pat.call("heartbeat", fix(3000, ago_s=40))
                seen = await customer.hears("location_update")
            await pat.call("heartbeat", fix(2900, ago_s=20))
            await asyncio.to_thread(move, nodes.a, job_id, "arrived")
            async with await listening(nodes.b.url, link=link) as customer:
                since = {"version": seen["version"], "seq": seen["seq"]}
                back = await customer.call("watch", {"since": since})
                assert back["recovered"]
                assert [entry["event"] for entry in back["missed"]] == ["status_changed", "location_update"]
                await pat.call("heartbeat", fix(2800))
                await customer.hears("location_update", lambda dot: dot["lat"] == fix(2800)["lat"])

    asyncio.run(story())
