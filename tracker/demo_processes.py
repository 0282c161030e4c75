"""The demo's own processes: started together, watched, and ended in reverse order by the ids we started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from db.errors import OperatorError
from tracker.local_process import spawn

STOP_PATIENCE_S = 12.0


class DemoProblem(OperatorError):
    """The demo cannot start or go on; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """One process of the demo."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Processes:
    """A context: whatever was started in it is ended when it is left, however it is left."""

    def __init__(self, logs: Path, env: Mapping[str, str]) -> None:
        self._logs = logs
        self._env = dict(env)
        self._running: list[Running] = []

    def __enter__(self) -> Processes:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for running in reversed(self._running):
            end(running.process)

    def start(self, name: str, *arguments: str) -> Running:
        """Start `tracker <arguments>` in a session of its own, its output in `<name>.log`."""
        log = self._logs / f"{name}.log"
        process = spawn(
            [sys.executable, "-m", "tracker.cli", *arguments],
            log=log,
            death_signal=signal.SIGKILL,  # when we are killed, nothing of ours may keep the port
            environment=self._env,
            folder=Path.cwd(),
        )
        running = Running(name, process, log)
        self._running.append(running)
        return running

    def check(self) -> None:
        """Raises DemoProblem when one of them has ended by itself."""
        for running in self._running:
            if running.process.poll() is not None:
                raise DemoProblem(
                    f"the {running.name} process ended (exit code {running.process.returncode});"
                    f" its last words are in {running.log}:\n{last_lines(running.log)}"
                )


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, patience, then SIGKILL to a process we started and to its session."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a log file, indented."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines)


def wait_until(condition: Callable[[], bool], processes: Processes, patience_s: float, what: str) -> None:
    """Poll until `condition()` is true. Raises DemoProblem when it is not in time or a process ended."""
    deadline = time.monotonic() + patience_s
    while not condition():
        processes.check()
        if time.monotonic() > deadline:
            raise DemoProblem(f"{what} did not happen within {patience_s:.0f} seconds")
        time.sleep(0.05)
