"""Heartbeats through the whole path: a phone's socket to a durable row and back to the ack.

A phone each on 2000 sockets sends one a second. Every heartbeat is authorised, judged, committed and
broadcast; afterwards the rows in the database are counted against the acks.
"""

from __future__ import annotations

import argparse
import os

from bench.app import App, Crowd, fetch, running_app, token
from bench.harness import Report, Sample, Turns, Way, cpu_us, take_turns
from rooms.principal import Role

WARM_UP_S = 3
RUNS = 3
NAME = "whole path"


def options(parser: argparse.ArgumentParser) -> None:
    """What the command line may set."""
    parser.add_argument("--phones", type=int, default=2000, help="sockets, each with a heartbeat a second")
    parser.add_argument("--seconds", type=int, default=15, help="measured time of one run")


async def run(arguments: argparse.Namespace) -> Report:
    """Several runs of one load, each with new sockets."""
    report = Report("heartbeats", "Heartbeats through the whole path")
    phones, seconds = arguments.phones, arguments.seconds
    async with running_app(phones) as app:
        report.say(
            f"{phones} sockets, {phones} heartbeats/s for {seconds} s after {WARM_UP_S} s of warm-up,"
            f" {RUNS} runs; `tracker serve` with one worker on one core of {os.cpu_count()}, the load"
            f" generator on another, {app.database_version} on what both leave."
        )
        turns = await take_turns({NAME: _way(app, phones, seconds)}, RUNS)
    _report(report, turns, phones)
    return report


def _report(report: Report, turns: Turns, phones: int) -> None:
    report.table(
        turns,
        {
            "rate": "acked/s",
            "p50": "ack p50 ms",
            "p99": "ack p99 ms",
            "longest": "longest ms",
            "cpu": "server CPU µs/heartbeat",
            "busy": "server core busy %",
            "late_p99": "generator late, p99 ms",
        },
    )
    report.target("heartbeats acked a second", turns.values(NAME, "rate"), least=0.99 * phones)
    report.target("ack p50 ms", turns.values(NAME, "p50"), most=10)
    report.target("ack p99 ms", turns.values(NAME, "p99"), most=30)
    report.target("heartbeats refused or unanswered", [sum(turns.values(NAME, "errors"))], most=0)
    report.target("rows in the database − acks", [sum(turns.values(NAME, "missing"))], least=0, most=0)


def _way(app: App, phones: int, seconds: int) -> Way:
    """A sample: one run of the whole load."""
    runs = 0

    async def sample() -> Sample:
        nonlocal runs
        runs += 1
        sockets = [{"auth": {"token": token(Role.PRO, f"pro{n}")}} for n in range(1, phones + 1)]
        before = await _rows(app)
        plan = {"warm_up_s": WARM_UP_S, "heartbeats_s": seconds, "session": f"run{runs}"}
        with Crowd(app.port, sockets, **plan) as crowd:
            crowd.hear("open")
            crowd.hear("warm")
            cpu = cpu_us(app.pid)
            sent = crowd.hear("sent")
            cpu = cpu_us(app.pid) - cpu
        if sent["example"]:
            report_example = sent["example"][0]
            print(f"an ack that was not one: {report_example}")
        acked = sent["acked"] + sent["warm_up_acked"]
        return {
            "rate": sent["acked"] / sent["took_s"],
            "cpu": cpu / sent["sent"],
            "busy": cpu / sent["took_s"] / 1e4,
            "errors": sent["sent"] + sent["warm_up_sent"] - acked,
            "missing": await _rows(app) - before - acked,
            **{figure: sent[figure] for figure in ("p50", "p99", "longest", "late_p99")},
        }

    return sample


async def _rows(app: App) -> int:
    (row,) = await fetch(app.database_url, "SELECT count(*) FROM positions")
    return int(row[0])
