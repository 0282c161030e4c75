"""Readers for the settings of outside services; the same rules as `settings_readers.py`."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.messages.vapid import public_key_of
from tracker.settings_readers import LOCAL_HOSTS

_QUIET = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)", re.ASCII)
_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?", re.ASCII)


def key(raw: str) -> str:
    """A provider's key or token."""
    if not 8 <= len(raw) <= 500 or not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError("must be a key of 8 to 500 characters without spaces")
    return raw


def vapid_key(raw: str) -> str:
    """A VAPID private key, as `tracker vapid` prints it."""
    try:
        public_key_of(raw)
    except ValueError:
        raise ValueError("must be a key like `tracker vapid` prints") from None
    return raw


def currency(raw: str) -> str:
    """An ISO 4217 code, in lower case as Stripe writes it."""
    if not re.fullmatch(r"[a-zA-Z]{3}", raw, re.ASCII):
        raise ValueError("must be a currency's three letters, like usd")
    return raw.lower()


def time_zone(raw: str) -> str:
    """An IANA time zone that this machine knows."""
    try:
        ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be an IANA time zone, like America/New_York") from None
    return raw


def quiet_hours(raw: str) -> str:
    """`HH:MM-HH:MM`, also over midnight, or `off`."""
    if raw.lower() == "off":
        return "off"
    found = _QUIET.fullmatch(raw)
    try:
        ends = [time.fromisoformat(end) for end in found.groups()] if found else []
    except ValueError:
        ends = []
    if len(ends) != 2 or ends[0] == ends[1]:
        raise ValueError("must be like 21:00-08:00, or off")
    return raw


def smtp_url(raw: str) -> str:
    """`smtp://` (STARTTLS where offered) or `smtps://`."""
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must be like smtps://user:password@mail.example:465")
    return raw


def email_address(raw: str) -> str:
    """One plain address."""
    if not re.fullmatch(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,255}", raw) or len(raw) > 254:
        raise ValueError("must be one mail address")
    return raw


def hosts(raw: str) -> tuple[str, ...]:
    """Comma-separated host names; `.name` stands for all below it. A port only for tests."""
    found = tuple(part.strip().lower() for part in raw.split(",") if part.strip())
    if not found or not all(_HOST.fullmatch(host) for host in found):
        raise ValueError("must be host names, comma-separated")
    return found


def made_folder(raw: str) -> Path:
    """A folder's path, made when it is needed."""
    if "\0" in raw:
        raise ValueError("must be a path")
    return Path(raw)


def s3_url(raw: str) -> str:
    """`https://KEY:SECRET@host/bucket?region=…`; http only on this machine."""
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    local = parts.hostname in LOCAL_HOSTS
    if parts.scheme not in ("https", *(["http"] if local else [])) or not parts.path.strip("/"):
        raise ValueError("must be like https://KEY:SECRET@s3.example/bucket?region=eu-west-1")
    if not parts.username or not parts.password:
        raise ValueError("must hold the store's key and secret")
    return raw
