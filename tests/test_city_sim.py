"""Simulated pros do what pros do, through the public interfaces only."""

from __future__ import annotations

import asyncio
import itertools
import statistics

from pyproj import Geod

from tests.stand_in import TOKEN, StandIn, eventually, run_with_stand_in
from tracker.city.reporter import Coverage
from tracker.city.seed import build_city
from tracker.city.sim import Assignment, Tempo, simulate

CITY = build_city(1)
EARTH = Geod(ellps="WGS84")
PRO = CITY.person["pro-1"]
NEARBY = CITY.person["customer-1"].home
QUICK = Tempo(pace=200, unload_s=(0.05, 0.1), work_s=(0.05, 0.1), rest_s=(0.01, 0.02))
TO_THE_END = ["arrived", "in_progress", "completed"]


def job(status: str, pro_id: str | None = "pro-1") -> dict[str, object]:
    """A job near customer-1 as the stand-in keeps it."""
    pro = {"id": pro_id} if pro_id else None
    return {"id": "job-1", "status": status, "lat": NEARBY.lat, "lng": NEARBY.lng, "pro": pro}


def simulated(served: StandIn, tempo: Tempo = QUICK, job_id: str | None = "job-1") -> asyncio.Task[None]:
    """The simulation of one pro, running."""
    assignment = Assignment("pro-1", TOKEN, job_id)
    return asyncio.create_task(
        simulate(served.url, CITY, [assignment], dispatcher_token="office", tempo=tempo)
    )


async def stop(running: asyncio.Task[None]) -> None:
    """Cancel and see that nothing else went wrong."""
    running.cancel()
    (outcome,) = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)


def test_a_pro_on_the_way_drives_arrives_works_and_finishes() -> None:
    async def work(served: StandIn) -> None:
        served.jobs["job-1"] = job("en_route")
        running = simulated(served)
        await eventually(lambda: served.jobs["job-1"]["status"] == "completed", 20)
        assert [status for _, status in served.taps[:3]] == TO_THE_END
        first = served.heartbeats[0]
        start = CITY.network.nearest(PRO.home.lat, PRO.home.lng)
        assert abs(first["lat"] - start.lat) < 0.001
        assert {item["job_id"] for item in served.heartbeats if item["seq"] < 5} == {"job-1"}
        await stop(running)

    run_with_stand_in(work)


def test_a_pro_goes_on_from_where_the_job_is() -> None:
    async def work(served: StandIn) -> None:
        served.jobs["job-1"] = job("arrived")
        running = simulated(served)
        await eventually(lambda: served.jobs["job-1"]["status"] == "completed", 20)
        assert [status for _, status in served.taps[:2]] == TO_THE_END[1:]
        assert abs(served.heartbeats[0]["lat"] - NEARBY.lat) < 0.001
        await stop(running)

    run_with_stand_in(work)


def test_a_free_pro_claims_from_the_feed_and_the_office_brings_new_orders() -> None:
    async def work(served: StandIn) -> None:
        running = simulated(served, job_id=None)
        await eventually(lambda: [s for _, s in served.taps].count("completed") >= 2, 25)
        assert [status for _, status in served.taps[:4]] == ["en_route", *TO_THE_END]
        order = served.created[0]
        assert order["skill"] in PRO.skills
        assert order["open"] is True
        assert order["customer"]["id"] in CITY.person
        first = next(iter(served.jobs))
        assert [kind for job_id, kind in served.pictures if job_id == first] == [
            "before",
            "after",
            "signature",
        ]
        await stop(running)

    run_with_stand_in(work)


def test_a_pro_whose_job_went_to_somebody_else_leaves_it() -> None:
    async def work(served: StandIn) -> None:
        served.jobs["job-1"] = job("en_route")
        running = simulated(served)
        await eventually(lambda: len(served.heartbeats) > 3)
        served.jobs["job-1"]["pro"] = {"id": "pro-2"}
        served.refuse_jobs = {"job-1"}
        await eventually(lambda: bool(served.created), 20)
        assert served.jobs["job-1"]["status"] == "en_route"
        assert ("job-1", "arrived") not in served.taps
        await stop(running)

    run_with_stand_in(work)


def test_without_coverage_points_are_kept_and_sent_as_a_batch() -> None:
    async def work(served: StandIn) -> None:
        served.jobs["job-1"] = job("en_route")
        tempo = Tempo(pace=20, unlucky=0, coverage=Coverage(there_s=10, away_s=20), rest_s=(60, 61))
        running = simulated(served, tempo)
        await eventually(lambda: bool(served.batches), 20)
        (batch,) = served.batches[:1]
        assert len(batch) >= 5
        assert not {item["seq"] for item in batch} & {item["seq"] for item in served.heartbeats}
        assert served.heartbeats[-1]["recorded_at"] > max(item["recorded_at"] for item in batch)
        await stop(running)

    run_with_stand_in(work)


def test_a_standing_pro_is_silent_as_long_as_the_policy_allows_and_obeys_a_new_one_at_once() -> None:
    async def work(served: StandIn) -> None:
        served.jobs["job-1"] = job("in_progress")
        served.policy = {"interval_s": 60, "min_displacement_m": 10}
        running = simulated(served, Tempo(pace=10, work_s=(60, 60)))
        await asyncio.sleep(1.5)
        assert len(served.kept) == 1
        served.policy = {"interval_s": 1, "min_displacement_m": 10}
        await served.tell("policy", served.policy)
        await eventually(lambda: len(served.kept) >= 8, 2)
        await stop(running)

    run_with_stand_in(work)


def test_a_driving_pro_sends_when_they_have_moved_as_far_as_the_policy_says() -> None:
    async def work(served: StandIn) -> None:
        served.jobs["job-1"] = job("en_route")
        served.policy = {"interval_s": 600, "min_displacement_m": 300}
        running = simulated(served, Tempo(pace=100, unload_s=(60, 60)))
        await eventually(lambda: served.jobs["job-1"]["status"] == "arrived", 25)
        driven = [served.kept[key] for key in list(served.kept)[2:-1]]
        assert len(driven) > 5
        legs_m = [
            EARTH.inv(before["lng"], before["lat"], after["lng"], after["lat"])[2]
            for before, after in itertools.pairwise(driven)
        ]
        assert min(legs_m) > 150
        assert statistics.median(legs_m) < 500  # at a hundredfold pace a moment's delay is a long leg
        await stop(running)

    run_with_stand_in(work)
