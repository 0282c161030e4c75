"""What a Redis URL names: one server, or several of one cluster. Imports nothing, so that settings may."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit


class Address(NamedTuple):
    """Where a server of a cluster is."""

    host: str
    port: int


def each_seed(url: str) -> list[str]:
    """One URL per server that the URL names: `redis://a:1,b:2` names two of a cluster.

    Raises ValueError when one of several has no name.
    """
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return [url]
    if not all(hosts.split(",")):
        raise ValueError("a comma in the URL of Redis stands between two servers")
    return [parts._replace(netloc=f"{login}{at}{host}").geturl() for host in hosts.split(",")]


def url_at(url: str, address: Address) -> str:
    """The same URL for another server. Raises ValueError for a Unix socket, by which there is no other."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        raise ValueError("a cluster is reached by host and port, not by a Unix socket")
    login, at, _ = parts.netloc.rpartition("@")
    host = f"[{address.host}]" if ":" in address.host else address.host
    return parts._replace(netloc=f"{login}{at}{host}:{address.port}").geturl()
