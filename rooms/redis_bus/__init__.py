"""The bus of several processes: Redis or Valkey, one server or a cluster.

`joined.py` is the bus itself. Below it: `servers.py` (which server a channel belongs to), `lookout.py` and
`layout.py` (how that is known), `server.py` (one server's `publisher.py` and `subscriber.py`), `link.py` and
`shard_link.py` (connections), `codec.py` (what a message looks like, signed).
"""

from __future__ import annotations

from rooms.redis_bus.joined import RedisBus

__all__ = ["RedisBus"]
