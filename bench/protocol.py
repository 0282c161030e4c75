"""Run the official protocol suites against `protocol_server.py`: `python -m bench.protocol FOLDER [--write]`.

FOLDER is a clone of github.com/socketio/socket.io. The suites are copied into `.tracker/bench`, where npm
installs what they need. Each runs twice: as published but for its address and its times (this server
advertises whole seconds, so all are stretched alike), and with its one multi-argument payload replaced by
the single JSON object that events here carry. `--write` keeps the result in docs/protocol.md.
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
ONE_OBJECT = {
    '42["message",1,"2",{"3":[true]}]': '42["message",{"3":[true]}]',
    '42["message-back",1,"2",{"3":[true]}]': '42["message-back",{"3":[true]}]',
    '42456["message-with-ack",1,"2",{"3":[false]}]': '42456["message-with-ack",{"3":[false]}]',
    '43456[1,"2",{"3":[false]}]': '43456[{"3":[false]}]',
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
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.protocol_server", str(port)], cwd=ROOT)
    try:
        _wait(port)
        published, adapted = [], []
        for name, path in SUITES.items():
            folder = _copy(arguments.folder / path)
            published += _run(name, folder, port, one_object=False)
            adapted += _run(name, folder, port, one_object=True)
    finally:
        server.terminate()
        server.wait(30)
    page = _page(published, adapted)
    print(page)
    if arguments.write:
        PAGE.write_text(page, encoding="utf-8")
    return int(any(not case.passed and not reason(case.title, case.transport) for case in published))


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


def _run(suite: str, folder: Path, port: int, *, one_object: bool) -> list[Case]:
    text = (folder / "test-suite.js").read_text()
    changes = {
        "http://localhost:3000": f"http://{HOST}:{port}",
        "PING_INTERVAL = 300": f"PING_INTERVAL = {PING_INTERVAL_S * 1000}",
        "PING_TIMEOUT = 200": f"PING_TIMEOUT = {PING_TIMEOUT_S * 1000}",
    }
    for old, new in {**changes, **(ONE_OBJECT if one_object else {})}.items():
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


def _page(published: list[Case], adapted: list[Case]) -> str:
    lines = [
        "# The official protocol suites",
        "",
        "Written by `python -m bench.protocol FOLDER --write`, FOLDER being a clone of"
        " github.com/socketio/socket.io, whose Engine.IO v4 and Socket.IO v5 test suites this is. They run"
        " against `bench/protocol_server.py`, which is `rooms.engine.Engine` with the events the suites"
        f" expect. Changed in them: the address, and the times: pings after {PING_INTERVAL_S} s and"
        f" {PING_TIMEOUT_S} s, since this server advertises whole seconds, and mocha's patience with them."
        " *One object* is a second run in which the suite's event with three arguments carries one JSON"
        " object, as every event here must.",
        "",
        "| suite | transport | passed, as published | passed, one object |",
        "|---|---|---|---|",
    ]
    groups = dict.fromkeys((case.suite, case.transport) for case in published)
    for suite, transport in groups:
        scores = [_score(cases, suite, transport) for cases in (published, adapted)]
        lines.append(f"| {suite} | {transport} | {scores[0]} | {scores[1]} |")
    lines += ["", "## What does not pass, and why", "", "| case | transport | why |", "|---|---|---|"]
    failed_adapted = {(case.suite, case.title) for case in adapted if not case.passed}
    for case in published:
        if not case.passed and (case.transport == "websocket" or not reason(case.title, case.transport)):
            why = reason(case.title, case.transport) or f"**not explained**: {case.failure}"
            also = "" if (case.suite, case.title) in failed_adapted else " Passes with one object."
            lines.append(
                f"| {case.suite.split(' suite')[0]}: {case.title} | {case.transport} | {why}{also} |"
            )
    polling = [case.title for case in published if case.transport == "polling" and not case.passed]
    lines += [
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
