"""A store in a folder of this machine; processes that share the folder share the store.

A file appears under its name only when it is whole and on the disk: written beside it, synced, renamed.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tracker.evidence.store_problems import NoSuchFile, StoreUnavailable

T = TypeVar("T")

THREADS = 4  # a slow disk holds up other photos, never the process's own work
_KEY = re.compile(r"[a-z0-9]{8,64}", re.ASCII)


class DiskStore:
    """Files in `folder`, spread over 256 × 256 sub-folders by the beginning of their (random) keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="evidence")

    async def put(self, key: str, data: bytes, media_type: str) -> None:  # noqa: ARG002 - the row knows it
        """Keep a file, readable by this user only. Raises StoreUnavailable, also when the disk is full."""
        await self._run(lambda: _write(self._path(key), data))

    async def get(self, key: str) -> bytes:
        """The file. Raises NoSuchFile, StoreUnavailable."""
        path = self._path(key)

        def read() -> bytes:
            try:
                return path.read_bytes()
            except FileNotFoundError:
                raise NoSuchFile from None

        return await self._run(read)

    async def delete(self, key: str) -> None:
        """Remove the file and what a crash left of it. Raises StoreUnavailable."""
        path = self._path(key)

        def remove() -> None:
            path.unlink(missing_ok=True)
            _part_of(path).unlink(missing_ok=True)

        await self._run(remove)

    async def aclose(self) -> None:
        """End the threads; what they have begun is finished."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError("a key is 8 to 64 characters of a-z0-9")
        return self._folder / key[:2] / key[2:4] / key

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except OSError as error:
            raise StoreUnavailable from error


def _part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _write(path: Path, data: bytes) -> None:
    _make_folder(path.parent)
    part = _part_of(path)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """The folder and those above it, each of them on the disk: a synced file in a lost folder is lost."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
