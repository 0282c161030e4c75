"""Which bus a process uses: Redis when there is a URL, its own memory when there is none."""

from __future__ import annotations

import hashlib
import secrets

from rooms.bus import Bus, LocalBus
from rooms.redis_bus import RedisBus


def new_node_id() -> str:
    """A name for this process on the bus, new at every start."""
    return secrets.token_hex(6)


def open_bus(redis_url: str | None, secret: str, node_id: str) -> Bus:
    """The bus of this process, not yet started. `secret` signs what is said on it.

    The URL does not say whether the Redis is a cluster: the bus asks it.
    """
    if redis_url is None or redis_url.startswith("memory:"):
        return LocalBus()
    key = hashlib.sha256(b"tracker bus\0" + secret.encode()).digest()
    return RedisBus(redis_url, key, node_id)
