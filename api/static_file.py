"""A file served from memory: read once at the start, so no address can ever reach another file."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_COMPRESSIBLE = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
REVALIDATE = "no-cache"  # may be kept, must be asked for
FOREVER = "public, max-age=31536000, immutable"  # for names that change with their content


@dataclass(frozen=True, slots=True)
class StaticFile:
    """Bytes with their media type, their gzipped twin when it is smaller, and an entity tag."""

    body: bytes
    media_type: str
    cache: str = REVALIDATE
    headers: Mapping[str, str] = field(default_factory=dict)
    zipped: bytes | None = None
    etag: str = ""

    @classmethod
    def of(
        cls,
        body: bytes,
        media_type: str,
        *,
        cache: str = REVALIDATE,
        headers: Mapping[str, str] | None = None,
    ) -> StaticFile:
        """Make one, compressed where that helps."""
        zipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(_COMPRESSIBLE) else None
        if zipped is not None and len(zipped) > 0.9 * len(body):
            zipped = None
        tag = hashlib.sha256(body).hexdigest()[:32]
        return cls(body, media_type, cache, headers or {}, zipped, tag)

    @classmethod
    def read(
        cls, path: Path, *, cache: str = REVALIDATE, headers: Mapping[str, str] | None = None
    ) -> StaticFile:
        """Read one from disk; its suffix decides the media type. Raises OSError."""
        media_type = MEDIA_TYPES.get(path.suffix, "application/octet-stream")
        return cls.of(path.read_bytes(), media_type, cache=cache, headers=headers)

    def answer(self, scope: Scope) -> Response:
        """The response to a GET or HEAD: 304 when the client has it, gzipped when it may be."""
        asked = Headers(scope=scope)
        zipped = self.zipped if accepts_gzip(asked) else None
        etag = f'"{self.etag}{"-gz" if zipped is not None else ""}"'  # RFC 9110 §8.8.3.3: one tag per coding
        headers = {"ETag": etag, "Cache-Control": self.cache, **self.headers}
        if self.zipped is not None:
            headers["Vary"] = "Accept-Encoding"
        if etag in {tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")}:
            return Response(status_code=304, headers=headers)
        if zipped is not None:
            headers["Content-Encoding"] = "gzip"
        body = self.body if zipped is None else zipped
        headers["Content-Type"] = self.media_type
        headers["Content-Length"] = str(len(body))
        return Response(b"" if scope["method"] == "HEAD" else body, headers=headers)


def accepts_gzip(asked: Headers) -> bool:
    """Whether `Accept-Encoding` lists gzip and does not refuse it with `q=0`."""
    for part in asked.get("accept-encoding", "").lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def read_folder(folder: Path) -> dict[str, StaticFile]:
    """Every file below `folder` by its relative path; those in `assets/` carry a hash in their name."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = str(PurePosixPath(path.relative_to(folder)))
            files[name] = StaticFile.read(path, cache=FOREVER if name.startswith("assets/") else REVALIDATE)
    return files
