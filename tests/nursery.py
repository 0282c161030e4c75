"""Processes of the application without the time their imports take: forked from one that has imported all.

A run of the suite starts some three hundred web and worker processes. Each would spend two thirds of a second
of processor time on the same imports; a fifth of the whole run. A forked process differs in nothing else:
it runs `tracker.cli.main` in a session, a folder, an environment and a log of its own. Those that are
about starting (the demo, several workers on a port, the embedded servers) are started as users start them.

`python -m tests.nursery FD` is the process that forks. It reads one JSON object per line,
`{argv, cwd, env, log}`, and answers `{"born": pid}`; later, `{"ended": pid, "code": …}`.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

BIRTH_PATIENCE_S = 20.0
IMPORTED = ("tracker.cli", "tracker.serve", "tracker.work", "api.app")


class Forked:
    """A running process; what `Popen` calls by the same names."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._over = threading.Event()

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its exit code, negative for a signal. Raises subprocess.TimeoutExpired."""
        if not self._over.wait(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Harmless when it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def ended(self, code: int) -> None:
        """Said by the nursery."""
        self.returncode = code
        self._over.set()


class Nursery:
    """The side of the tests. One per test process, for its whole life; any thread may ask."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._changed = threading.Condition()
        self._born: Forked | None = None
        self._alive: dict[int, Forked] = {}
        self._process: subprocess.Popen[bytes] | None = None  # from the first that is asked for

    def start(self, argv: list[str], *, cwd: Path, env: dict[str, str], log: Path) -> Forked:
        """Start `tracker ARGV`; its words are appended to `log`."""
        request = {"argv": argv, "cwd": str(cwd), "env": env, "log": str(log)}
        with self._asking, self._changed:
            if self._process is None:
                self._open()
            self._born = None
            self._line.sendall(json.dumps(request).encode() + b"\n")
            self._changed.wait_for(lambda: self._born is not None, BIRTH_PATIENCE_S)
            assert self._born is not None, "the nursery does not answer"
            return self._born

    def close(self) -> None:
        """End the process that forks; what it has started goes on."""
        if self._process is not None:
            self._line.shutdown(socket.SHUT_WR)
            self._process.wait(10)
            self._listener.join(10)
            self._line.close()

    def _open(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parent.parent,
                stdin=subprocess.DEVNULL,
            )
        self._listener = threading.Thread(target=self._listen, name="nursery", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        with self._line.makefile("rb") as lines:
            for line in lines:
                said: dict[str, Any] = json.loads(line)
                with self._changed:
                    if (pid := said.get("born")) is not None:
                        self._born = self._alive[pid] = Forked(pid)
                        self._changed.notify_all()
                    else:
                        self._alive.pop(said["ended"]).ended(said["code"])


def tend(line: socket.socket) -> dict[str, Any] | None:
    """Fork for every request until the line is cut: None then, or, in a child, its request."""
    children: dict[int, int] = {}  # pid by pidfd
    requests = line.makefile("rb")
    while True:
        ready, _, _ = select.select([line, *children], [], [])
        for pidfd in [one for one in ready if one in children]:
            pid = children.pop(pidfd)
            os.close(pidfd)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            line.sendall(json.dumps({"ended": pid, "code": code}).encode() + b"\n")
        if line in ready:
            asked = requests.readline()  # whole: they come one at a time, each awaited
            if not asked:
                return None
            pid = os.fork()
            if pid == 0:
                for descriptor in (line.detach(), *children):
                    os.close(descriptor)
                return dict(json.loads(asked))
            children[os.pidfd_open(pid)] = pid
            line.sendall(json.dumps({"born": pid}).encode() + b"\n")


def become(request: dict[str, Any]) -> None:
    """Take the place of a process that was started afresh."""
    os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    sys.argv = ["tracker", *request["argv"]]


if __name__ == "__main__":
    for module in IMPORTED:
        importlib.import_module(module)
    request = tend(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        become(request)
        raise SystemExit(importlib.import_module("tracker.cli").main(request["argv"]))
