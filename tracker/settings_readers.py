"""How one variable's text becomes a value.

A reader raises ValueError saying what it wants, and never quotes the text: it may be a secret.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from rooms.redis_bus.url import each_seed
from tracker.jobs.lifecycle import Status

MIN_SECRET_CHARS = 32
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def text(raw: str) -> str:
    """A short printable text."""
    if len(raw) > 500 or not raw.isprintable():
        raise ValueError("must be a short printable text")
    return raw


def secret(raw: str) -> str:
    """A secret that cannot be guessed: RFC 7518 §3.2 asks HS256 for 256 bits."""
    if len(raw) < MIN_SECRET_CHARS:
        raise ValueError(f"must have at least {MIN_SECRET_CHARS} characters")
    if len(set(raw)) < 8 or not raw.isprintable():
        raise ValueError("must be random (try: openssl rand -base64 48)")
    return raw


def postgres_url(raw: str) -> str:
    """`postgresql://…`; a socket folder may be given as `?host=/folder`."""
    parts = _split(raw)
    if parts.scheme not in ("postgres", "postgresql") or not (parts.netloc or "host=" in parts.query):
        raise ValueError("must be like postgresql://user:password@host:5432/name")
    return raw


def redis_url(raw: str) -> str:
    """`redis://`, `rediss://` (TLS), `unix://`, or `memory://`; several of one cluster as `redis://a:1,b:2`."""
    try:
        servers = each_seed(raw)
    except ValueError:  # which may quote the password
        raise ValueError("must be a well-formed address") from None
    for one in servers:
        parts = _split(one)
        if raw == "memory://" or (parts.scheme == "unix" and parts.path):
            continue
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise ValueError("must be like redis://host:6379, rediss://… with TLS, or memory://")
    return raw


def web_url(raw: str) -> str:
    """An http or https address without query or fragment; its last slash is dropped."""
    parts = _split(raw)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username is not None
        or not raw.isascii()
        or any(letter in raw for letter in " ;,'\"<>")
    ):
        raise ValueError("must be like https://host/path")
    return raw.rstrip("/")


def outside_url(raw: str) -> str:
    """An https address (http only on this machine): what is fetched there decides who comes in."""
    parts = _split(raw)
    if not parts.hostname or parts.scheme not in ("http", "https") or parts.fragment:
        raise ValueError("must be like https://host/path")
    if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
        raise ValueError("must be https, because its keys decide who comes in")
    return raw


def tiles_url(raw: str) -> str:
    """A tile template with {z}, {x} and {y}: an http address, or a path on this server."""
    parts = _split(raw)
    absolute = parts.scheme in ("http", "https") and parts.netloc != ""
    if not all(name in raw for name in ("{z}", "{x}", "{y}")) or not (absolute or raw.startswith("/")):
        raise ValueError("must be like https://host/{z}/{x}/{y}.png")
    if any(letter in parts.netloc for letter in " ;,'\""):  # it goes into a header
        raise ValueError("must name a plain host")
    return raw


def origins(raw: str) -> tuple[str, ...]:
    """Comma-separated origins: scheme, host and port, nothing more."""
    found = tuple(part.strip().rstrip("/") for part in raw.split(",") if part.strip())
    for origin in found:
        parts = _split(origin)
        if origin != f"{parts.scheme}://{parts.netloc}" or parts.scheme not in ("http", "https"):
            raise ValueError("must be origins like https://app.example, comma-separated")
    return found


def statuses(raw: str) -> tuple[str, ...]:
    """Comma-separated statuses of a job."""
    found = tuple(part.strip() for part in raw.split(",") if part.strip())
    if not found or not {*found} <= {status.value for status in Status}:
        raise ValueError(f"must be of {', '.join(status.value for status in Status)}")
    return found


def folder(raw: str) -> Path:
    """A folder's path; that it exists is checked where it is used."""
    if "\0" in raw:
        raise ValueError("must be a path")
    return Path(raw)


def file(raw: str) -> Path:
    """A file that exists."""
    path = Path(raw)
    if not path.is_file():
        raise ValueError("must be a file that exists")
    return path


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""

    def reader(raw: str) -> int:
        if not (raw.isascii() and raw.isdecimal() and len(raw) < 12 and low <= int(raw) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(raw)

    return reader


def number(low: float, high: float) -> Callable[[str], float]:
    """A number from `low` to `high`."""

    def reader(raw: str) -> float:
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}") from None
        return value

    return reader


def one_of(*words: str, fold: Callable[[str], str] = str.lower) -> Callable[[str], str]:
    """One of a few words, in any case."""

    def reader(raw: str) -> str:
        if fold(raw) not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return fold(raw)

    return reader


def _split(raw: str) -> SplitResult:
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError:
        raise ValueError("must be a well-formed address") from None
    return parts
