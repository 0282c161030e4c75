"""Ten thousand bad inputs over HTTP and sockets against one server: its answers, and what was left of them.

    python -m bench.badinput [--inputs 10000] [--seed 1] [--write]

The requests come from the server's own /openapi.json (bad_requests.py), the packets from the events it
knows (bad_packets.py). Each input is sent at least once when there are as many inputs as kinds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.app import App, fetch, running_app, token
from bench.bad_packets import ENDING, REFUSED_AS_JSON, refused_events
from bench.bad_requests import bad_requests
from bench.bad_senders import PEOPLE, BadInput, Run, bytes_kind, ending_kind, refused_kind, request_kind
from bench.bad_values import NO_HTTP, ROLES
from bench.harness import Report, resident_kb
from bench.raw_http import RawHttp
from rooms.principal import Role

INPUTS = 10_000
LEAST_KINDS = 400
WARM_UP = 1500  # inputs before the figures count: pools, caches and the allocator's arenas are full then
AT_ONCE = 8
SETTLE_S = 30.0
SETTLE_STEP_S = 0.2
MOST_GROWTH_MB = 20
GAUGES = ("tracker_sockets", "tracker_sockets_closing", "tracker_sockets_tasks", "tracker_rooms")
HARM = re.compile(r"Traceback|\bERROR\b|\bCRITICAL\b| failed: |never retrieved")
GOOD = {
    "customer_id": "customer1",
    "skill": "gutters",
    "status": "accepted",
    "pro_id": "pro1",
    "role": "customer",
}


@dataclass(frozen=True, slots=True)
class State:
    """The process between inputs: what it holds, in numbers."""

    resident_mb: float
    descriptors: int
    left: float  # sockets, tasks and rooms
    server_errors: float


async def run(arguments: argparse.Namespace) -> Report:
    """Send them, look, report."""
    report = Report("badinput", "Ten thousand bad inputs")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        async with running_app(PEOPLE, log) as app:
            kinds = await _all_kinds(app)
            await _attack(Run(app), _pick(kinds, WARM_UP, arguments.seed))
            await _fill_pool(app)
            before = await _settled(app)
            attack = Run(app)
            begun = time.monotonic()
            await _attack(attack, _pick(kinds, arguments.inputs, arguments.seed + 1))
            seconds = time.monotonic() - begun
            after = await _settled(app)
            async with RawHttp(app.port) as http:
                alive = (await http.ask("GET", "/readyz")).status == 200
        words = log.read_text(errors="replace")
    report.say(
        f"{arguments.inputs} inputs of {len(kinds)} kinds, {AT_ONCE} at once, in {seconds:.0f} s; one worker,"
        f" {app.database_version}. {WARM_UP} inputs came before the first look at memory and descriptors."
    )
    report.rows(["answer", "times"], [[answer, str(n)] for answer, n in sorted(attack.answers.items())])
    for wrong in attack.wrong[:10]:
        report.say(f"- wrong: {wrong}")
    report.target("inputs", [sum(attack.answers.values())], least=arguments.inputs)
    report.target("kinds", [len(kinds)], least=LEAST_KINDS)
    report.target("answers that were not the right ones", [len(attack.wrong)], most=0)
    report.target("answers of 5xx and failed handlers", [after.server_errors - before.server_errors], most=0)
    report.target("errors in the log", [len(HARM.findall(words))], most=0)
    report.target("sockets, rooms and tasks left", [after.left], most=0)
    report.target("more descriptors than before", [after.descriptors - before.descriptors], most=0)
    report.target(
        "more memory than before, MB", [after.resident_mb - before.resident_mb], most=MOST_GROWTH_MB
    )
    report.target("still ready", [int(alive)], least=1)
    return report


def options(parser: argparse.ArgumentParser) -> None:
    """How many, and in which order."""
    parser.add_argument("--inputs", type=int, default=INPUTS, help="bad inputs to send")
    parser.add_argument("--seed", type=int, default=1, help="of the order")


async def _all_kinds(app: App) -> list[BadInput]:
    async with RawHttp(app.port) as http:
        document = (await http.ask("GET", "/openapi.json")).json()
    ((job_id,),) = await fetch(app.database_url, "SELECT id::text FROM jobs WHERE pro_id = 'pro1'")
    requests = bad_requests(document, {"id": job_id, "person": "somebody"}, GOOD)
    kinds = [request_kind(one) for one in requests if not one.path.endswith("sign-out") or one.role is None]
    kinds += [bytes_kind(number, data) for number, data in enumerate(NO_HTTP)]
    kinds += [ending_kind(role, message) for role in ROLES for message in ENDING]
    for role in ROLES:
        kinds += [refused_kind(role, packet) for packet in REFUSED_AS_JSON]
        kinds += [refused_kind(role, f'["{event}",{data}]') for event, data in refused_events()]
    return kinds


def _pick(kinds: list[BadInput], number: int, seed: int) -> list[BadInput]:
    """Each kind in turn, the whole in a random order that the seed decides."""
    chance = random.Random(seed)
    picked: list[BadInput] = []
    while len(picked) < number:
        picked += chance.sample(kinds, min(len(kinds), number - len(picked)))
    return picked


async def _attack(attack: Run, inputs: list[BadInput]) -> None:
    queue = iter(inputs)

    async def sender() -> None:
        for one in queue:
            attack.answers[await one.send(attack)] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(sender())


async def _fill_pool(app: App) -> None:
    """Have the server open all the database connections it will ever want."""
    headers = {"Authorization": f"Bearer {token(Role.ADMIN, 'admin0')}"}

    async def ask() -> None:
        async with RawHttp(app.port) as http:
            await http.ask("GET", "/api/dispatch/jobs?limit=200", headers)

    await asyncio.gather(*(ask() for _ in range(100)))


async def _settled(app: App) -> State:
    """The state once nothing is left of what was sent, or when that takes too long."""
    for _ in range(round(SETTLE_S / SETTLE_STEP_S)):
        await asyncio.sleep(SETTLE_STEP_S)
        if not (await _state(app)).left:
            break
    await asyncio.sleep(1)
    return await _state(app)


async def _state(app: App) -> State:
    async with RawHttp(app.port) as http:
        text = (await http.ask("GET", "/metrics")).body.decode()
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    figures = {name: float(value) for name, _, value in samples}
    errors = sum(
        value
        for name, value in figures.items()
        if (name.startswith("tracker_http_requests_total") and 'status="5' in name)
        or name == "tracker_sockets_failures_total"
    )
    return State(
        resident_mb=resident_kb(app.pid) / 1024,
        descriptors=_descriptors(app.pid),
        left=sum(figures[name] for name in GAUGES),
        server_errors=errors,
    )


def _descriptors(pid: int) -> int:
    """How many files and sockets a process has open (Linux)."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def main() -> int:
    """1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.badinput", description=__doc__)
    options(parser)
    parser.add_argument("--write", action="store_true", help="keep the report in docs/bench")
    arguments = parser.parse_args()
    report = uvloop.run(run(arguments))
    footer = report.footer()
    print(footer)
    if arguments.write:
        print(f"written to {report.write(footer)}")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
