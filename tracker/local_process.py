"""Starting, recognising and ending the server processes that belong to us.

A server runs in a session of its own, so that Ctrl-C in the terminal reaches only our process, which then
ends its servers in order. On Linux a server also gets a signal when our process is killed outright.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from db.errors import Problem

SHIM = Path(__file__).with_name("local_exec.py")
PROC = Path("/proc/self")
POLL_S = 0.02
LOG_LIMIT_BYTES = 10_000_000


class LocalProblem(Problem):
    """A local server could not be used."""

    code: ClassVar[str] = "local_server"
    status: ClassVar[int] = 503


class ServerFailed(LocalProblem):
    """A local server did not start."""

    code = "local_server_failed"


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system user that a server runs as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class EndingStep:
    """A signal to send and how long to wait for its effect, in seconds."""

    signal: signal.Signals
    patience_s: float


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path,
    death_signal: signal.Signals,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """Start a program in its own session, its output appended to `log`, as `account` (None: as ourselves).

    `death_signal` is what Linux sends it when the *thread* that called this ends, however it ends; so call
    this from a thread that lives as long as the program shall. `environment` None is `clean_environment()`.
    """
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    command = [sys.executable, "-I", "-S", SHIM, os.getpid(), int(death_signal), uid, gid, *argv]
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=clean_environment() if environment is None else environment,
            start_new_session=True,
        )


def keep_short(log: Path) -> int:
    """Set a log that has grown long aside as NAME.1; returns the length in bytes of the one in place."""
    length = log.stat().st_size if log.exists() else 0
    if length <= LOG_LIMIT_BYTES:
        return length
    log.replace(log.with_name(f"{log.name}.1"))
    return 0


def run_as(account: Account | None, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end as `account` (None: as ourselves)."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=clean_environment(),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def clean_environment() -> dict[str, str]:
    """What a server may know of our environment: no PG* variable, locale or home that would steer it."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def runs(pid: int, program: str, argument: str) -> bool:
    """Whether process `pid` is alive and is `program` started with `argument`.

    A zombie, a process that merely got the same number, and no process at all are all "no".
    """
    if PROC.exists():
        try:
            words = (PROC.parent / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return Path(os.fsdecode(words[0])).name == program and os.fsencode(argument) in words
    asked = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    line = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return f"/{program} " in line and argument in line


def end(pid: int, alive: Callable[[], bool], steps: Sequence[EndingStep]) -> None:
    """End a process by its number, politely first. Raises LocalProblem when even the last step fails."""
    for step in steps:
        try:
            os.kill(pid, step.signal)
            os.kill(pid, signal.SIGCONT)  # a frozen process takes no other signal
        except ProcessLookupError:
            return
        if wait_until(lambda: not alive(), step.patience_s):
            return
    raise LocalProblem(f"process {pid} does not end; end it by hand and try again")


def wait_until(happened: Callable[[], bool], patience_s: float) -> bool:
    """Wait until `happened()` is true, at most `patience_s` seconds; returns whether it became true."""
    deadline = time.monotonic() + patience_s
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
