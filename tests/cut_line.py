"""A line between a browser and a server that can really be cut.

Chromium's own offline emulation leaves an open websocket alone; a tunnel does not. While the line is cut,
open connections are reset and new ones are refused.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing says "reset" instead of "the end"


class Line:
    """Listens on `port` of 127.0.0.1 and passes everything to `target` and back, while it is whole."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self._target = target
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.mend()

    @property
    def url(self) -> str:
        """Where the browser goes instead of to the server."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Cut for a while."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def mend(self) -> None:
        """Take connections (again)."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Reset what is open and refuse what comes."""
        with self._lock:
            listener, self._listener = self._listener, None
            if listener is not None:
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
                listener.close()
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    one.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads
            self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                near.close()  # the server is down: the browser finds out at once
                continue
            far.settimeout(None)
            with self._lock:
                whole = self._listener is listener
                self._open |= {near, far} if whole else set()
            if not whole:
                near.close()
                far.close()
                return
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        """From one end to the other until either is gone; then both are."""
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self._lock:
            self._open.discard(source)
        source.close()


@contextmanager
def line_to(port: int, *, at: int) -> Iterator[Line]:
    """A whole line that listens at `at` and leads to the server at `port`."""
    line = Line(at, port)
    try:
        yield line
    finally:
        line.cut()
