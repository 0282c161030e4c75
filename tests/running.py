"""The application as a test sees it: real processes on free ports, started and ended by their ids."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import httpx

from rooms.principal import Role
from tests.nursery import Forked, Nursery
from tests.ports import free_port
from tracker.identity.tokens import mint

ROOT = Path(__file__).parent.parent
SECRET = "a secret that only the tests know, 32+"
PATIENCE_S = 20.0
FORKED = (["serve", "--workers", "1"], ["worker"])
nursery: Nursery | None = None  # set for a run of the tests; without one every process is started afresh


def token(role: Role | str, sub: str, ttl_s: float = 3600) -> str:
    """A token that the servers of the tests accept."""
    return mint(SECRET, sub, Role(role), ttl_s)


@dataclass
class Process:
    """One process of the application: `serve` (with a port) or `worker`."""

    argv: list[str]
    env: dict[str, str]
    log: Path
    port: int | None = None
    process: subprocess.Popen[bytes] | Forked | None = field(default=None, repr=False)

    def __enter__(self) -> Process:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, unless it was launched; a web process has answered `/healthz` when this returns."""
        if self.process is None:
            self.launch()
        if self.port is not None:
            wait_for(self._answers, "the web process answering")

    def launch(self) -> None:
        """Start it and do not wait: for starting several at once."""
        if nursery is not None and self.argv in FORKED:
            self.log.touch()
            self.process = nursery.start(self.argv, cwd=ROOT, env=self.env, log=self.log)
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tracker.cli", *self.argv],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def stop(self) -> None:
        """SIGTERM, as a deploy does, and then SIGKILL to the whole session if that was not enough."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self) -> None:
        """Kill -9 of the process and its children."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)
        self.process = None

    def words(self) -> str:
        """What it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def http(self, principal_token: str | None = None) -> httpx.Client:
        """An HTTP client for it, signed in."""
        headers = {"Authorization": f"Bearer {principal_token}"} if principal_token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=10)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the process ended:\n{self.words()[-3000:]}"
        try:
            return httpx.get(f"{self.url}/healthz", timeout=1).status_code == 200
        except httpx.TransportError:
            return False


def serving(
    folder: Path, database_url: str, redis_url: str = "memory://", *, workers: int = 1, **settings: str
) -> Process:
    """A web process, not yet started."""
    port = free_port()
    env = environment(database_url, redis_url, PORT=str(port), **settings)
    return Process(["serve", "--workers", str(workers)], env, folder / f"web-{port}.log", port)


def working(folder: Path, database_url: str, redis_url: str, **settings: str) -> Process:
    """A worker process, not yet started."""
    return Process(["worker"], environment(database_url, redis_url, **settings), folder / "worker.log")


def environment(database_url: str, redis_url: str, **settings: str) -> dict[str, str]:
    """The processes' environment: the machine's, with the settings of this test."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRACKER_SECRET": SECRET,
        **settings,
    }


def wait_for(condition: object, what: str, patience_s: float = PATIENCE_S) -> None:
    """Poll until `condition()` is true; fails the test, saying what did not happen."""
    assert callable(condition)
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {patience_s:.0f} s"
        time.sleep(0.02)
