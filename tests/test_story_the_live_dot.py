"""A pro drives to a customer: who sees the dot, from when, until when, and what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from db.pool import Database
from db.positions import trail_of
from tests.company import DOOR, add_job, found_company, with_database
from tests.listening import Listener, listening
from tests.patience import BUSY_S
from tests.running import Process, serving, token
from tracker.socket_client import SocketRefused


@pytest.fixture
def web(folder: Path, database_url: str) -> Iterator[Process]:
    """One process, with its own memory for a bus."""
    with_database(database_url, found_company)
    with serving(folder, database_url) as process:
        yield process


def job(web: Process, status: str, **facts: object) -> str:
    async def add(database: Database) -> UUID:
        return await add_job(database, status, **facts)  # type: ignore[arg-type]

    return str(with_database(web.env["DATABASE_URL"], add))


def link_to(web: Process, job_id: str) -> str:
    with web.http(token("dispatcher", "dee")) as http:
        answer = http.post(f"/api/jobs/{job_id}/tracking-link")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["link"])


def move(web: Process, job_id: str, status: str, who: tuple[str, str] = ("pro", "pat")) -> dict[str, object]:
    with web.http(token(*who)) as http:
        answer = http.post(f"/api/jobs/{job_id}/status", json={"status": status})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def fix(metres_south: float, ago_s: float = 0.0) -> dict[str, object]:
    """A heartbeat some metres south of the door."""
    return {
        "lat": round(DOOR[0] - metres_south / 111_320, 7),
        "lng": DOOR[1],
        "accuracy": 5.0,
        "speed": 8.0,
        "recorded_at": round((time.time() - ago_s) * 1000),
    }


async def connect_pat(web: Process) -> Listener:
    return await listening(web.url, token=token("pro", "pat"))


async def connect_quinn(web: Process) -> Listener:
    return await listening(web.url, token=token("pro", "quinn"))


async def connect_dee(web: Process) -> Listener:
    return await listening(web.url, token=token("dispatcher", "dee"))


def test_the_customer_sees_the_dot_move_with_an_eta_that_falls(web: Process) -> None:
    job_id = job(web, "en_route")
    link = link_to(web, job_id)

    async def story() -> None:
        async with await listening(web.url, link=link) as customer, await connect_pat(web) as pat:
            joined = await customer.call("watch")
            assert joined["ok"]
            assert joined["snapshot"]["job"]["status"] == "en_route"
            assert joined["snapshot"]["position"] is None
            for number, metres in enumerate((3000, 2900, 2800)):
                ack = await pat.call("heartbeat", {**fix(metres, ago_s=30 - 10 * number), "seq": number})
                assert ack["ok"], ack
                assert (ack["accepted"], ack["duplicates"], ack["rejected"]) == (1, 0, [])
                assert set(ack["policy"]) == {"interval_s", "min_displacement_m"}
            last = await customer.hears("location_update", lambda dot: dot["lat"] == fix(2800)["lat"])
            etas = [dot["eta"]["seconds"] for dot in customer.all("location_update")]
            assert len(etas) == 3
            assert etas == sorted(etas, reverse=True)
            assert last["eta"]["low"] <= last["eta"]["seconds"] <= last["eta"]["high"]
            assert last["job_id"] == job_id
            assert last["version"] == 4
            assert last["next_in_s"] > 0

    asyncio.run(story())


def test_an_acked_heartbeat_is_in_the_database(web: Process) -> None:
    job_id = job(web, "en_route")

    async def story() -> None:
        async with await connect_pat(web) as pat:
            for number in range(20):
                assert (await pat.call("heartbeat", fix(3000 - number * 10, ago_s=20 - number)))[
                    "accepted"
                ] == 1

    asyncio.run(story())

    async def read(database: Database) -> int:
        async with database.connection() as conn:
            return len(await trail_of(conn, UUID(job_id)))

    assert with_database(web.env["DATABASE_URL"], read) == 20


def test_a_customer_sees_nothing_before_the_pro_sets_out_and_nothing_after_the_end(web: Process) -> None:
    job_id = job(web, "accepted")
    link = link_to(web, job_id)

    async def story() -> None:
        async with await listening(web.url, link=link) as customer, await connect_pat(web) as pat:
            joined = await customer.call("watch")
            assert joined["snapshot"]["position"] is None
            assert joined["snapshot"]["trail"] == []
            await pat.call("heartbeat", fix(3000, ago_s=60))
            await asyncio.to_thread(move, web, job_id, "en_route")
            changed = await customer.hears("status_changed")
            assert (changed["status"], changed["previous"], changed["version"]) == ("en_route", "accepted", 4)
            assert customer.all("location_update") == []
            await pat.call("heartbeat", fix(2000))
            await customer.hears("location_update")
            for status in ("arrived", "in_progress", "completed"):
                await asyncio.to_thread(move, web, job_id, status)
            await customer.hears("status_changed", lambda change: change["status"] == "completed")
            seen = len(customer.all("location_update"))
            await pat.call("heartbeat", fix(10))
            again = await customer.call("watch")
            assert again["snapshot"]["position"] is None
            assert again["snapshot"]["trail"] == []
            assert len(customer.all("location_update")) == seen

    asyncio.run(story())


def test_a_customer_does_not_follow_the_pro_to_another_customers_home(web: Process) -> None:
    mine = job(web, "in_progress", began_ago_s=3000.0)
    other = job(web, "en_route", customer="zoe")
    links = {job_id: link_to(web, job_id) for job_id in (mine, other)}

    async def story() -> None:
        async with (
            await listening(web.url, link=links[mine]) as cleo,
            await listening(web.url, link=links[other]) as zoe,
            await connect_pat(web) as pat,
        ):
            assert (await cleo.call("watch"))["ok"]
            assert (await zoe.call("watch"))["ok"]
            assert (await pat.call("heartbeat", fix(2000)))["ok"]
            await zoe.hears("location_update")
            again = await cleo.call("watch")
            assert cleo.all("location_update") == []
            assert again["snapshot"]["trail"] == []

    asyncio.run(story())


def test_only_those_with_a_right_may_follow_and_a_foreign_job_looks_like_none(web: Process) -> None:
    job_id = job(web, "en_route")
    other = job(web, "en_route", customer="zoe", pro="quinn")

    async def story() -> None:
        for who in (("customer", "zoe"), ("pro", "quinn")):
            async with await listening(web.url, token=token(*who)) as stranger:
                foreign = await stranger.call("watch", {"job_id": job_id})
                unknown = await stranger.call("watch", {"job_id": "00000000-0000-4000-8000-000000000000"})
                assert foreign == unknown
                assert foreign["error"]["code"] == "not_found"
        async with await listening(web.url, link=link_to(web, job_id)) as customer:
            assert (await customer.call("watch", {"job_id": other}))["error"]["code"] == "not_found"
        for who in (("customer", "cleo"), ("pro", "pat"), ("dispatcher", "dee"), ("admin", "root")):
            async with await listening(web.url, token=token(*who)) as member:
                assert (await member.call("watch", {"job_id": job_id}))["ok"]

    asyncio.run(story())


def test_a_returning_watcher_gets_what_it_missed(web: Process) -> None:
    job_id = job(web, "en_route")
    link = link_to(web, job_id)

    async def story() -> None:
        async with await connect_pat(web) as pat:
            async with await listening(web.url, link=link) as customer:
                await customer.call("watch")
                await pat.call("heartbeat", fix(3000, ago_s=40))
                seen = await customer.hears("location_update")
            await pat.call("heartbeat", fix(2900, ago_s=20))
            await pat.call("heartbeat", fix(2800))
            await asyncio.to_thread(move, web, job_id, "arrived")
            async with await listening(web.url, link=link) as customer:
                since = {"version": seen["version"], "seq": seen["seq"]}
                back = await customer.call("watch", {"since": since})
                assert back["recovered"]
                missed = [(entry["event"], entry["data"]) for entry in back["missed"]]
                assert [name for name, _ in missed] == [
                    "status_changed",
                    "location_update",
                    "location_update",
                ]
                assert missed[0][1]["status"] == "arrived"
                assert [dot["seq"] for _, dot in missed[1:]] == sorted(dot["seq"] for _, dot in missed[1:])
                ahead = await customer.call("watch", {"since": {"version": 99, "seq": 0}})
                assert not ahead["recovered"]
                assert ahead["snapshot"]["version"] == 5

    asyncio.run(story())


def test_a_batch_from_an_offline_phone_fills_the_trail_and_never_moves_the_dot_back(web: Process) -> None:
    job_id = job(web, "en_route")
    link = link_to(web, job_id)

    async def story() -> None:
        async with await listening(web.url, link=link) as customer, await connect_pat(web) as pat:
            await customer.call("watch")
            await pat.call("heartbeat", fix(1000))
            newest = await customer.hears("location_update")
            late = [fix(3000 - number * 100, ago_s=200 - number * 10) for number in range(15)]

            def send() -> dict[str, object]:
                with web.http(token("pro", "pat")) as http:
                    answer = http.post("/api/hauler/location", json={"positions": late})
                    assert answer.status_code == 200, answer.text
                    return dict(answer.json())

            answer = await asyncio.to_thread(send)
            assert (answer["success"], answer["accepted"], answer["duplicates"]) == (True, 15, 0)
            again = await asyncio.to_thread(send)
            assert (again["accepted"], again["duplicates"]) == (0, 15)
            await customer.hears("trail_changed")
            assert customer.all("location_update") == [newest]
            trail = (await customer.call("watch"))["snapshot"]["trail"]
            assert len(trail) == 16
            assert [point[2] for point in trail] == sorted(point[2] for point in trail)

    asyncio.run(story())


def test_a_revoked_link_ends_its_stream_at_once_and_looks_like_one_that_never_was(web: Process) -> None:
    job_id = job(web, "en_route")
    link = link_to(web, job_id)

    async def story() -> None:
        async with await listening(web.url, link=link) as customer, await connect_pat(web) as pat:
            await customer.call("watch")
            started = time.monotonic()
            await asyncio.to_thread(link_to, web, job_id)  # a new link ends the old one
            revoked = await customer.hears("revoked")
            assert revoked["job_id"] == job_id
            assert time.monotonic() - started < 1 + BUSY_S
            await pat.call("heartbeat", fix(500))
            assert customer.all("location_update") == []
        refusals = []
        for bad in (link, "never-was-a-link", "x" * 22):
            with pytest.raises(SocketRefused) as refused:
                await listening(web.url, link=bad)
            refusals.append(str(refused.value))
        assert len(set(refusals)) == 1

    asyncio.run(story())


def test_a_link_without_grace_ends_with_its_job(folder: Path, database_url: str) -> None:
    with_database(database_url, found_company)
    with serving(folder, database_url, LINK_GRACE_HOURS="0") as web:
        job_id = job(web, "in_progress")
        link = link_to(web, job_id)

        async def story() -> None:
            async with await listening(web.url, link=link) as customer:
                await customer.call("watch")
                await asyncio.to_thread(move, web, job_id, "completed")
                await customer.hears("status_changed")
                await customer.is_cut(2)
            with pytest.raises(SocketRefused):
                await listening(web.url, link=link)

        asyncio.run(story())


def test_the_crew_hears_that_somebody_watches(web: Process) -> None:
    job_id = job(web, "en_route")

    async def story() -> None:
        async with (
            await connect_pat(web) as pat,
            await listening(web.url, link=link_to(web, job_id)) as customer,
        ):
            calm = await pat.call("heartbeat", fix(9000))
            await customer.call("watch")
            await pat.hears("presence_changed", lambda presence: presence["watchers"] == 1)
            eager = await pat.call("heartbeat", fix(8990))
            assert eager["policy"]["interval_s"] < calm["policy"]["interval_s"]
            await customer.call("unwatch")
            await pat.hears("presence_changed", lambda presence: presence["watchers"] == 0)

    asyncio.run(story())


def test_a_dispatcher_sees_the_fleet_in_the_viewport_in_ticks(web: Process) -> None:
    job_id = job(web, "en_route")
    box = [DOOR[1] - 0.2, DOOR[0] - 0.2, DOOR[1] + 0.2, DOOR[0] + 0.2]

    async def story() -> None:
        async with (
            await connect_pat(web) as pat,
            await connect_dee(web) as dee,
        ):
            assert await dee.call("watch_fleet", {"bbox": box}) == {"ok": True, "positions": []}
            await pat.call("heartbeat", fix(3000))
            tick = await dee.hears("fleet_tick")
            assert [(p["pro_id"], p["job_id"]) for p in tick["positions"]] == [("pat", job_id)]
            again = await dee.call("watch_fleet", {"bbox": box})
            assert [(p["pro_id"], p["name"], p["contact"]) for p in again["positions"]] == [
                ("pat", "Pat Mason", "live")
            ]
            refused = await pat.call("watch_fleet", {"bbox": box})
            assert refused["error"]["code"] == "forbidden"

    asyncio.run(story())


def test_an_offer_reaches_pros_who_suit_it_and_leaves_when_it_is_taken(web: Process) -> None:
    here = {"lat": DOOR[0], "lng": DOOR[1], "radius": 20}

    async def story() -> None:
        async with (
            await connect_pat(web) as pat,
            await connect_quinn(web) as quinn,
        ):
            assert await pat.call("watch_feed", here) == {"ok": True, "jobs": []}
            assert (await quinn.call("watch_feed", here))["ok"]

            def order(skill: str) -> str:
                with web.http(token("dispatcher", "dee")) as http:
                    answer = http.post(
                        "/api/jobs",
                        json={
                            "customerId": "cleo",
                            "skill": skill,
                            "service": "Take the old sofa away",
                            "lat": DOOR[0] + 0.05,
                            "lng": DOOR[1],
                            "address": "482 Alder Street, Apt 3, Liverpool",
                            "price_cents": 9000,
                            "open": True,
                        },
                    )
                    assert answer.status_code == 200, answer.text
                    return str(answer.json()["id"])

            job_id = await asyncio.to_thread(order, "junk_removal")
            posted = (await pat.hears("job_posted"))["job"]
            assert posted["id"] == job_id
            assert posted["approximate_address"] == "Alder Street, Liverpool"
            assert 3.4 < posted["distance_miles"] < 3.5
            assert not {"lat", "lng", "address", "customer_id"} & set(posted)
            assert quinn.all("job_posted") == []  # lacks the skill

            def accept() -> int:
                with web.http(token("pro", "pat")) as http:
                    return http.post(f"/api/jobs/{job_id}/accept").status_code

            assert await asyncio.to_thread(accept) == 200
            assert (await quinn.hears("job_taken"))["job_id"] == job_id

    asyncio.run(story())


def test_a_suspended_pro_is_cut_off_at_once(web: Process) -> None:
    job(web, "en_route")

    async def story() -> None:
        async with await connect_pat(web) as pat:
            assert (await pat.call("heartbeat", fix(3000)))["ok"]

            def suspend() -> None:
                with web.http(token("admin", "root")) as http:
                    assert http.post("/api/dispatch/people/pat/suspend").status_code == 200

            await asyncio.to_thread(suspend)
            await pat.is_cut(2)
        with pytest.raises(SocketRefused):
            await connect_pat(web)

    asyncio.run(story())


def test_an_expiring_token_ends_its_socket(web: Process) -> None:
    async def story() -> None:
        async with await listening(web.url, token=token("dispatcher", "dee", ttl_s=2)) as dee:
            assert (await dee.call("watch_fleet", {"bbox": [-3, 53, -2, 54]}))["ok"]
            await dee.is_cut(4)

    asyncio.run(story())


def test_a_reassigned_pro_hears_it_and_stops_seeing_the_job(web: Process) -> None:
    job_id = job(web, "accepted")

    async def story() -> None:
        async with (
            await connect_pat(web) as pat,
            await connect_quinn(web) as quinn,
        ):
            assert (await pat.call("watch", {"job_id": job_id}))["ok"]

            def assign() -> None:
                with web.http(token("dispatcher", "dee")) as http:
                    answer = http.post(f"/api/dispatch/jobs/{job_id}/assign", json={"pro_id": "quinn"})
                    assert answer.status_code == 200, answer.text

            await asyncio.to_thread(assign)
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
