"""Alive, ready, counted: what whoever runs this can see."""

from __future__ import annotations

import asyncio
import re
import time

import httpx
from prometheus_client.parser import text_string_to_metric_families

from api.ops import Readiness, ops_routes
from rooms.bus import BusState
from tests.sample_api import calling, sample_app
from tracker.metrics import BUS_STATES, Metrics


class World:
    """What readiness looks at."""

    def __init__(self) -> None:
        self.database = True
        self.bus = BusState.UP
        self.readiness = Readiness(database_answers=self.answers, bus_state=lambda: self.bus.value)

    async def answers(self) -> bool:
        return self.database


def test_a_process_is_ready_unless_it_can_say_why_not() -> None:
    world = World()
    app = sample_app(more=[*ops_routes(readiness=world.readiness, scrape=Metrics().text, openapi={})])

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        world.bus = BusState.LOCAL
        assert (await client.get("/readyz")).status_code == 200
        world.bus, world.database = BusState.DEAF, False
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["no_database", "bus_deaf"]
        assert answer.headers["retry-after"] == "2"
        assert (await client.get("/healthz")).status_code == 200  # restarting it would not help
        assert (await client.post("/readyz")).status_code == 405

    calling(app, conversation)


def test_metrics_are_prometheus_text_and_tell_what_happened() -> None:
    metrics = Metrics()
    metrics.count_heartbeats({"good": 3, "stale": 1})
    metrics.observe_commit(0.004)
    metrics.observe_request("GET", "/api/near", 200, 0.003)
    metrics.observe_request("BREW", "other", 404, 0.001)
    metrics.watch(
        engine=lambda: {"sockets": 7, "rooms": 2, "deliveries": 40, "slow_readers": 1},
        bus=lambda: {"state": BusState.DEAF, "published": 5, "channels": 3},
    )
    app = sample_app(more=[*ops_routes(readiness=World().readiness, scrape=metrics.text, openapi={})])

    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        values = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }
        assert values["tracker_heartbeats_total", "good"] == 3
        assert values["tracker_commit_seconds_bucket", "0.005"] == 1
        assert values["tracker_http_requests_total", "GET", "/api/near", "200"] == 1
        assert values["tracker_http_requests_total", "other", "other", "404"] == 1
        assert values["tracker_sockets",] == 7
        assert values["tracker_rooms",] == 2
        assert values["tracker_sockets_deliveries_total",] == 40
        assert values["tracker_sockets_slow_readers",] == 1
        assert values["tracker_bus_published_total",] == 5
        assert (values["tracker_bus_state", "deaf"], values["tracker_bus_state", "up"]) == (1, 0)
        assert not re.search(r'="[0-9a-f]{8}-', answer.text)  # no label holds an id

    calling(app, conversation)


def test_the_states_of_the_bus_are_all_counted() -> None:
    assert {state.value for state in BusState} == set(BUS_STATES)


def test_a_blocked_loop_is_seen() -> None:
    metrics = Metrics()

    async def run() -> None:
        sampler = asyncio.create_task(metrics.sample_loop_lag(every_s=0.01))
        await asyncio.sleep(0.05)
        time.sleep(0.12)  # noqa: ASYNC251 - the point
        await asyncio.sleep(0.02)
        sampler.cancel()
        await asyncio.gather(sampler, return_exceptions=True)

    asyncio.run(run())
    lags = {
        sample.labels.get("le"): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if family.name == "tracker_loop_lag_seconds" and sample.name.endswith("_bucket")
    }
    assert lags["+Inf"] - lags["0.1"] == 1
