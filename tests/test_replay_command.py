"""`tracker replay`: what it sends, what it prints, how it ends."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pytest

from tests.stand_in import TOKEN, StandIn, run_with_stand_in
from tracker.replay import add_arguments, run

BUS = Path(__file__).parent / "data" / "liverpool_bus_route14.csv"


def options(*words: str) -> argparse.Namespace:
    """The command line, parsed."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_a_whole_vehicle_arrives_point_for_point(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(served: StandIn) -> None:
        words = (str(BUS), "--url", served.url, "--token", TOKEN, "--speed", "max", "--job", "job-1")
        assert await run(options(*words)) == 0
        kept = list(served.kept.values())
        assert len(kept) == 278
        assert {item["job_id"] for item in kept} == {"job-1"}
        times = [item["recorded_at"] for item in kept]
        assert times == sorted(set(times))
        assert abs(times[-1] / 1000 - time.time()) < 20
        assert sum("heading" not in item for item in kept) == 97

    run_with_stand_in(work)
    assert "sent 278, accepted 278, duplicates 0" in capsys.readouterr().out


def test_an_offline_period_comes_as_one_batch_after_the_next_live_point() -> None:
    async def work(served: StandIn) -> None:
        words = ("--vehicle", "4722", "--trip", "1119", "--speed", "max", "--offline", "30,120")
        assert await run(options(str(BUS), "--url", served.url, "--token", TOKEN, "--quiet", *words)) == 0
        (batch,) = served.batches
        assert len(served.kept) == 20
        seqs = [item["seq"] for item in batch]
        assert len(seqs) == 4
        assert not {item["seq"] for item in served.heartbeats} & set(seqs)
        assert seqs == list(range(seqs[0], seqs[-1] + 1))
        kept = [item["seq"] for item in served.kept.values()]
        assert kept.index(seqs[-1] + 1) < kept.index(seqs[0])

    run_with_stand_in(work)


def test_points_the_server_does_not_keep_are_counted_by_reason(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(served: StandIn) -> None:
        served.refuse_jobs = {"other"}
        words = ("--vehicle", "4722", "--trip", "1119", "--speed", "max", "--job", "other")
        assert await run(options(str(BUS), "--url", served.url, "--token", TOKEN, *words)) == 1

    run_with_stand_in(work)
    assert "rejected 20 (not_your_job 20)" in capsys.readouterr().out


def test_a_wrong_token_a_deaf_address_and_a_bad_file_end_with_their_own_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tracker.replay.command.FIRST_CONNECTION_S", 0.5)
    monkeypatch.delenv("TRACKER_TOKEN", raising=False)

    async def work(served: StandIn) -> None:
        assert await run(options(str(BUS), "--url", served.url, "--token", "stolen")) == 3
        assert await run(options(str(BUS), "--url", "http://127.0.0.1:9", "--token", TOKEN)) == 3
        assert await run(options(str(BUS), "--url", served.url)) == 2
        assert await run(options(str(tmp_path / "no.csv"), "--token", TOKEN)) == 2

    run_with_stand_in(work)
    errors = capsys.readouterr().err
    assert "does not answer" in errors
    assert "--token" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "words",
    [
        ("--speed", "0"),
        ("--speed", "-1"),
        ("--speed", "nan"),
        ("--speed", "fast"),
        ("--offline", "5"),
        ("--offline", "5,0"),
        ("--offline", "nan,5"),
    ],
)
def test_senseless_options_are_refused_by_the_parser(words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        options("trace.csv", *words)
