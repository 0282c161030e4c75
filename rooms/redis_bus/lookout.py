"""The lookout: asks Redis how things stand, and keeps `Servers` to it.

It asks one server after another, those that work first. For a single server that is done once; the layout
of a cluster is read again as soon as anything is in doubt (a connection broke, a server said MOVED or took
a subscription back), and then five times a second until all is well.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from rooms.redis_bus.layout import Layout, read_layout
from rooms.redis_bus.link import BROKEN, Dialer, backoff_s, reason
from rooms.redis_bus.servers import Servers
from rooms.redis_bus.url import Address, each_seed, url_at

LOOK_AGAIN_S: Final = 0.2  # while something is wrong
LOOK_ANYWAY_S: Final = 10.0
GATHER_DOUBTS_S: Final = 0.02

logger = logging.getLogger(__name__)


class Lookout:
    """Knows the servers of the URL and those that a layout named. `run` is its task.

    Raises ValueError for a URL that is none.
    """

    def __init__(self, url: str, name: str, servers: Servers) -> None:
        self._url = url
        self._name = name
        self._servers = servers
        self._seeds = {seed: Dialer(seed, name) for seed in each_seed(url)}
        self._replicas: frozenset[Address] = frozenset()

    async def run(self) -> None:
        """Find out what there is; in a cluster, follow what becomes of it, until cancelled."""
        failures = 0
        while True:
            self._servers.doubt.clear()
            try:
                layout = await self._look()
            except Exception as error:
                failures += 1
                if not isinstance(error, BROKEN):
                    logger.exception("looking for Redis met a surprise; looking again")
                elif failures == 1:
                    logger.warning("no Redis server says how things stand: %s", reason(error))
                await asyncio.sleep(backoff_s(failures))
                continue
            failures = 0
            self._servers.adopt(layout)
            if layout is None:
                return
            self._replicas = layout.replicas
            await self._pause()

    async def _look(self) -> Layout | None:
        """The layout of the cluster; None when the URL names one server and that is in none.

        Raises one of `BROKEN`: what the last server asked raised.
        """
        failure: BaseException = ConnectionError("no server is known")
        known = [url_at(self._url, address) for address in (*self._servers.addresses(), *self._replicas)]
        for url in dict.fromkeys((*known, *self._seeds)):
            try:
                dialer = self._seeds.get(url) or Dialer(url, self._name)
                layout = await read_layout(dialer, urlsplit(url).hostname or "")
            except BROKEN as error:
                failure = error
                continue
            if layout is not None and layout.ranges:
                return layout
            if layout is None and len(self._seeds) == 1:
                return None
            failure = ConnectionError(f"{dialer.place} is in no cluster, or in one without slots")
        raise failure

    async def _pause(self) -> None:
        """Until it is time to look again."""
        if not self._servers.sound:
            await asyncio.sleep(LOOK_AGAIN_S)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._servers.doubt.wait(), LOOK_ANYWAY_S)
            await asyncio.sleep(GATHER_DOUBTS_S)
