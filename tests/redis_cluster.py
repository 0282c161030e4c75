"""A real Redis Cluster that a test may mistreat: three masters with a replica each, on 127.0.0.1."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import RedisError

from tests.ports import free_port
from tests.servers import Valkey, start_valkey

MASTERS = 3
NODE_TIMEOUT_MS = 1000
PATIENCE_S = 20.0


class RedisCluster:
    """Six servers that know each other. Who is a master changes; ask `owner` and `masters`."""

    def __init__(self, servers: list[Valkey]) -> None:
        self.servers = servers

    @property
    def url(self) -> str:
        """One URL that names all servers, so that any may be dead."""
        return "redis://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers)

    def owner(self, channel: str) -> Valkey:
        """The server that owns the slot of a channel, as Redis names it."""
        slot = key_slot(channel.encode())
        for first, last, node, *_ in self.slots():
            if first <= slot <= last:
                return next(server for server in self.servers if server.port == node[1])
        raise LookupError(f"nobody owns slot {slot}")

    def masters(self) -> list[Valkey]:
        """The servers that own slots."""
        ports = {node[1] for _, _, node, *_ in self.slots()}
        return [server for server in self.servers if server.port in ports]

    def slots(self) -> list[Any]:
        """CLUSTER SLOTS of the first server that answers."""
        for server in self.servers:
            try:
                answer: list[Any] = server.command("CLUSTER", "SLOTS")
            except (RedisError, OSError):
                continue
            return answer
        raise ConnectionError("no server of the cluster answers")

    def move_slot(self, channel: str, to: Valkey) -> None:
        """Migrate the slot of a channel, in the steps of `valkey-cli --cluster reshard` (no keys to move)."""
        slot, source = key_slot(channel.encode()), self.owner(channel)
        source_id, target_id = (server.command("CLUSTER", "MYID") for server in (source, to))
        to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        to.command("CLUSTER", "SETSLOT", slot, "NODE", target_id)
        source.command("CLUSTER", "SETSLOT", slot, "NODE", target_id)

    def replica_of(self, master: Valkey) -> Valkey:
        """The server that follows a master."""
        roles = ((server, server.command("ROLE")) for server in self.servers if server is not master)
        return next(server for server, role in roles if role[0] == b"slave" and role[2] == master.port)

    def fail_over(self, master: Valkey) -> None:
        """Let a replica take over from its living master, as before a restart. Returns when it has."""
        replica = self.replica_of(master)
        replica.command("CLUSTER", "FAILOVER")
        wait_until(lambda: replica.command("ROLE")[0] == b"master")

    def mend(self) -> None:
        """Wake the frozen, start the killed again, and return when the cluster is whole."""
        for server in self.servers:
            server.thaw()
            if not server.lives:
                server.restart()
        self.wait_whole()

    def wait_whole(self) -> None:
        """Return when every server is well and every replica follows its master."""
        wait_until(lambda: all(_is_well(server) for server in self.servers))
        wait_until(lambda: len({_view(server) for server in self.servers}) == 1)


@contextmanager
def redis_cluster(program: Path | None = None, **options: str) -> Iterator[RedisCluster]:
    """A running cluster, ended on the way out. `program` and `options` as for `start_valkey`."""
    with ExitStack() as stack:
        servers = []
        for _ in range(2 * MASTERS):
            bus_port = str(free_port())  # the default, port + 10000, may be a source port of the kernel's
            own = {
                "cluster_enabled": "yes",
                "cluster_port": bus_port,
                "cluster_node_timeout": str(NODE_TIMEOUT_MS),
                "cluster_replica_validity_factor": "0",
                "cluster_allow_replica_migration": "no",  # every master keeps its own replica
                "repl_diskless_sync_delay": "0",
            }
            servers.append((stack.enter_context(start_valkey(None, program, **own, **options)), bus_port))
        cluster = RedisCluster([server for server, _ in servers])
        _join(servers)
        cluster.wait_whole()
        yield cluster


def _join(servers: list[tuple[Valkey, str]]) -> None:
    first, first_bus_port = servers[0]
    masters = [server for server, _ in servers[:MASTERS]]
    share = REDIS_CLUSTER_HASH_SLOTS / MASTERS
    for number, (server, _) in enumerate(servers):
        server.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        if server is not first:
            server.command("CLUSTER", "MEET", "127.0.0.1", first.port, first_bus_port)
    for number, master in enumerate(masters):
        master.command("CLUSTER", "ADDSLOTSRANGE", round(number * share), round((number + 1) * share) - 1)
    for number, (replica, _) in enumerate(servers[MASTERS:]):
        master_id = masters[number].command("CLUSTER", "MYID")
        wait_until(lambda r=replica, m=master_id: m in r.command("CLUSTER", "NODES"))  # type: ignore[misc]
        replica.command("CLUSTER", "REPLICATE", master_id)


def _is_well(server: Valkey) -> bool:
    if b"cluster_state:ok" not in server.command("CLUSTER", "INFO"):
        return False
    about = server.command("INFO", "replication")
    return bool(about["role"] == "master" or about["master_link_status"] == "up")


def _view(server: Valkey) -> str:
    """Who owns what and who follows whom, as one server sees it."""
    slots = server.command("CLUSTER", "SLOTS")
    return str(
        sorted(
            (first, last, node[1], sorted(other[1] for other in others))
            for first, last, node, *others in slots
        )
    )


def wait_until(condition: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Return as soon as the condition holds; a server that does not answer yet is waited for.

    Raises TimeoutError when it does not in time.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (RedisError, OSError):
            pass
        time.sleep(0.02)
    raise TimeoutError("the cluster did not come to rest in time")
