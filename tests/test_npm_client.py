"""The client that most pages and apps will use, npm's socket.io-client, against the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.company import found_company, with_database
from tests.errands import fix, job, link_to, move
from tests.npm_client import NpmClient
from tests.running import Process, serving, token

WEBSOCKET = ["websocket"]


@pytest.fixture
def web(folder: Path, database_url: str) -> Iterator[Process]:
    """One process, with its own memory for a bus."""
    with_database(database_url, found_company)
    with serving(folder, database_url) as process:
        yield process


def test_it_follows_a_job_and_catches_up_by_itself_after_the_server_was_restarted(web: Process) -> None:
    job_id = job(web, "en_route")
    link = link_to(web, job_id)
    with (
        NpmClient(web.url, transports=WEBSOCKET, auth={"link": link}, watches=True) as customer,
        NpmClient(web.url, transports=WEBSOCKET, auth={"token": token("pro", "pat")}) as pat,
    ):
        joined = customer.hears("watched")
        assert (joined["ok"], joined["recovered"]) == (True, False)
        assert joined["snapshot"]["job"]["status"] == "en_route"
        pat.hears("connect")
        first = fix(3000, ago_s=30)
        ack = pat.call("heartbeat", first)
        assert (ack["ok"], ack["accepted"], ack["duplicates"]) == (True, 1, 0)
        assert customer.hears("location_update")["seq"] == first["recorded_at"]

        web.stop()
        for client in (customer, pat):
            assert client.hears("drain")["retry_in_s"] > 0
            lost = client.hears("disconnect")
            assert lost["active"], "the client must come back by itself"
            assert lost["reason"] == "transport close"
        web.start()
        move(web, job_id, "arrived")
        back = customer.hears("watched", lambda ack: ack["recovered"])
        assert {missed["data"]["status"] for missed in back["missed"]} <= {"arrived"}
        second = fix(2990)
        pat.hears("connect", lambda _: len(pat.all("connect")) == 2)
        assert pat.call("heartbeat", second)["accepted"] == 1
        customer.hears("location_update", lambda dot: dot["seq"] == second["recorded_at"])
        assert pat.call("heartbeat", second)["duplicates"] == 1


def test_polling_is_refused_with_a_reason_and_websocket_after_it_works(web: Process) -> None:
    auth = {"token": token("pro", "pat")}
    with NpmClient(web.url, transports=["polling"], auth=auth, reconnection=False) as polling:
        refused = polling.hears("connect_error")
        assert refused["status"] == 400
        problem = json.loads(refused["body"])
        assert problem["code"] == "websocket_only"
        assert "transports" in problem["detail"]
    with NpmClient(web.url, transports=["polling", "websocket"], tryAllTransports=True, auth=auth) as patient:
        patient.hears("connect")


def test_a_client_without_a_right_is_told_why_and_does_not_try_again(web: Process) -> None:
    with NpmClient(web.url, transports=WEBSOCKET, auth={"link": "never-was-a-link"}) as stranger:
        refused = stranger.hears("connect_error")
        assert refused["data"]["code"] == "unauthorized"
        assert refused["data"]["retry"] is False
        assert refused["active"] is False
