"""Run the official protocol suites against `protocol_server.py`: `python -m bench.protocol FOLDER [--write]`.

FOLDER is a clone of github.com/socketio/socket.io. The suites are copied into `.tracker/bench`, where npm
installs what they need, and run as published but for the server's address and the times (it advertises
whole seconds, so all are stretched alike). They run twice: against the engine with everything it can do,
and set as the product sets it. `--write` keeps the result in docs/protocol.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.app import HOST, ROOT, free_port
from bench.live_build import NODE, npm
from bench.protocol_reasons import reason
from bench.protocol_server import PING_INTERVAL_S, PING_TIMEOUT_S

WORK = ROOT / ".tracker" / "bench" / "protocol"
PAGE = ROOT / "docs" / "protocol.md"
SUITES = {
    "Engine.IO v4": Path("docs/engine.io-protocol/v4-test-suite"),
    "Socket.IO v5": Path("docs/socket.io-protocol/v5-test-suite"),
}
PATIENCE_S = 180
CASE_TIMEOUT_MS = 7_000  # mocha's 2,000, stretched as the server's times are


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a suite, and how it ended."""

    suite: str
    transport: str
    title: str
    passed: bool
    failure: str


def main() -> int:
    """Run both suites both ways. 1 when a case failed that nobody has explained."""
    parser = argparse.ArgumentParser(prog="python -m bench.protocol", description=__doc__)
    parser.add_argument("folder", type=Path, help="a clone of github.com/socketio/socket.io")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/protocol.md")
    arguments = parser.parse_args()
    whole = _against(arguments.folder)
    product = _against(arguments.folder, "--product")
    page = _page(whole, product)
    print(page)
    if arguments.write:
        PAGE.write_text(page, encoding="utf-8")
    unexplained = [case for case in whole if not case.passed and case.transport != "polling"]
    unexplained += [case for case in product if not case.passed and not reason(case.title, case.transport)]
    return int(bool(unexplained))


def _against(folder: Path, *options: str) -> list[Case]:
    """Both suites, against one server."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.protocol_server", str(port), *options], cwd=ROOT)
    try:
        _wait(port)
        return [case for name, path in SUITES.items() for case in _run(name, _copy(folder / path), port)]
    finally:
        server.terminate()
        server.wait(30)


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            httpx.get(f"http://{HOST}:{port}/socket.io/")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def _copy(suite: Path) -> Path:
    folder = WORK / suite.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "node-imports.js", "test-suite.js"):
        shutil.copy(suite / file, folder / file)
    if not (folder / "node_modules").exists():
        npm(folder, "install")
    return folder


def _run(suite: str, folder: Path, port: int) -> list[Case]:
    text = (folder / "test-suite.js").read_text()
    changes = {
        "http://localhost:3000": f"http://{HOST}:{port}",
        "PING_INTERVAL = 300": f"PING_INTERVAL = {PING_INTERVAL_S * 1000}",
        "PING_TIMEOUT = 200": f"PING_TIMEOUT = {PING_TIMEOUT_S * 1000}",
    }
    for old, new in changes.items():
        text = text.replace(old, new)
    file = folder / "run.mjs"
    file.write_text(text)
    mocha = folder / "node_modules" / "mocha" / "bin" / "_mocha"
    done = subprocess.run(
        [NODE, mocha, "--timeout", str(CASE_TIMEOUT_MS), "--reporter", "json", "--exit", file.name],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    found = json.loads(done.stdout[done.stdout.index("{") :])
    return [_case(suite, test) for test in found["tests"]]


def _case(suite: str, test: dict[str, object]) -> Case:
    full = str(test["fullTitle"])
    group = "Engine.IO" if full.startswith("Engine.IO") else "Socket.IO"
    title = full.removeprefix(f"{group} protocol ")
    polling = "HTTP long-polling" in title or title.startswith("upgrade")  # which begins with polling
    transport = "polling" if polling else "websocket"
    failure = test["err"].get("message", "") if isinstance(test["err"], dict) else ""
    return Case(f"{suite} suite, {group} part", transport, title, not failure, failure.split("\n")[0])


def _page(whole: list[Case], product: list[Case]) -> str:
    lines = [
        "# The official protocol suites",
        "",
        "Written by `python -m bench.protocol FOLDER --write`, FOLDER being a clone of"
        " github.com/socketio/socket.io, whose Engine.IO v4 and Socket.IO v5 test suites this is. They run"
        " against `bench/protocol_server.py`, which is `rooms.engine.Engine` with the events the suites"
        " expect: once with everything the engine can do, once set as `tracker serve` sets it (no binary, no"
        " namespace but `/`, one JSON object an event). Changed in the suites: the address, and the times:"
        f" pings after {PING_INTERVAL_S} s and {PING_TIMEOUT_S} s, since it advertises whole seconds,"
        " and mocha's patience with them.",
        "",
        "| suite | transport | passed | passed, as the product is set |",
        "|---|---|---|---|",
    ]
    for suite, transport in dict.fromkeys((case.suite, case.transport) for case in whole):
        scores = [_score(cases, suite, transport) for cases in (whole, product)]
        lines.append(f"| {suite} | {transport} | {scores[0]} | {scores[1]} |")
    failed = [case for case in whole if not case.passed and case.transport == "websocket"]
    if failed:
        lines += ["", "## What does not pass", ""]
        lines += [f"- {case.suite}: {case.title}: **{case.failure}**" for case in failed]
    lines += ["", "## What the product refuses, and why", "", "| case | why |", "|---|---|"]
    for case in product:
        if not case.passed and case.transport == "websocket":
            why = reason(case.title, case.transport) or f"**not explained**: {case.failure}"
            lines.append(f"| {case.suite.split(' suite')[0]}: {case.title} | {why} |")
    polling = [case.title for case in whole if case.transport == "polling" and not case.passed]
    lines += [
        "",
        "## Polling",
        "",
        f"{reason('', 'polling')} These {len(polling)} begin with a polling session: {'; '.join(polling)}.",
        "",
        "Polling is refused clearly: any plain request to `/socket.io/` is answered 400 with a problem"
        " document, code `websocket_only`, that says to set `transports: ['websocket']`. The polling cases"
        " that pass are those that expect a 400.",
        "",
        f"Run on {datetime.now(UTC):%Y-%m-%d}.",
        "",
    ]
    return "\n".join(lines)


def _score(cases: list[Case], suite: str, transport: str) -> str:
    own = [case for case in cases if (case.suite, case.transport) == (suite, transport)]
    return f"{sum(case.passed for case in own)} of {len(own)}"


if __name__ == "__main__":
    sys.exit(main())
