"""A store that speaks S3, as far as PUT, GET and DELETE of objects go; it can be told to misbehave.

It asks every request for a signature of version 4 over the headers that matter, and for path-style names.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=the-key/\d{8}/eu-west-1/s3/aws4_request,"
    r" SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}"
)
NO_SUCH_KEY = b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>"


class S3Server:
    """`objects` by their path; `faults` are used up one per request: a status, 'hang', 'cut', or 'gone'."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.faults: list[int | str] = []
        self.requests: list[str] = []
        self.url = ""


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Running on a free port of this machine."""
    state = S3Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self._welcome():
                state.objects[self.path] = (body, self.headers["Content-Type"])
                self._answer(200)

        def do_GET(self) -> None:
            if self._welcome():
                found = state.objects.get(self.path)
                self._answer(200, found[0]) if found else self._answer(404, NO_SUCH_KEY)

        def do_DELETE(self) -> None:
            if self._welcome():
                state.objects.pop(self.path, None)
                self._answer(204)

        def _welcome(self) -> bool:
            state.requests.append(f"{self.command} {self.path}")
            fault = state.faults.pop(0) if state.faults else None
            if fault is None and not SIGNED.fullmatch(self.headers.get("Authorization", "")):
                fault = 403
            if fault == "hang":
                time.sleep(1)
            elif fault == "cut":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            elif fault == "gone":
                self._answer(404, NO_SUCH_KEY)
            elif isinstance(fault, int):
                self._answer(fault, b"<Error><Code>SlowDown</Code></Error>")
            self.close_connection = fault is not None
            return fault is None

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://the-key:the%2Fsecret@127.0.0.1:{server.server_port}/evidence/photos?region=eu-west-1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
