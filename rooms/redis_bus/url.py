"""What a Redis URL names: one server, or several of one cluster. Imports nothing, so that settings may."""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """Where a server of a cluster is."""

    host: str
    port: int


def each_seed(url: str) -> list[str]:
    """One URL per server that the URL names: `redis://a:1,b:2` names two of a cluster.

    Raises ValueError when one of several has no name.
    """
    before, hosts, after = _around_hosts(url)
    if "," not in hosts:
        return [url]
    if not all(hosts.split(",")):
        raise ValueError("a comma in the URL of Redis stands between two servers")
    return [f"{before}{host}{after}" for host in hosts.split(",")]


def url_at(url: str, address: Address) -> str:
    """The same URL for another server. Raises ValueError for a Unix socket, by which there is no other."""
    if url.startswith("unix:"):
        raise ValueError("a cluster is reached by host and port, not by a Unix socket")
    before, _, after = _around_hosts(url)
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{before}{host}:{address.port}{after}"


def _around_hosts(url: str) -> tuple[str, str, str]:
    """What stands before the hosts, the hosts, and what follows them.

    Not by `urlsplit`: several hosts are no URL, and Python 3.11.2 refuses an IPv6 one among them.
    """
    scheme, slashes, rest = url.partition("://")
    end = min((place for place in map(rest.find, "/?#") if place >= 0), default=len(rest))
    login, at, hosts = rest[:end].rpartition("@")
    return f"{scheme}{slashes}{login}{at}", hosts, rest[end:]
