"""Where the files of evidence lie: a folder of this machine, or an S3-compatible store.

A file has a random key, is written once and never changed.
"""

from __future__ import annotations

from typing import Protocol

from tracker.evidence.disk_store import DiskStore
from tracker.settings import Settings


class Store(Protocol):
    """What both can do. A key has up to 64 characters of `a-z0-9`.

    Everything raises StoreUnavailable (503, retryable) when the store does not answer.
    """

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Keep a file; when this returns, it is there whole and survives a crash. Never half of it."""
        ...

    async def get(self, key: str) -> bytes:
        """The whole file. Raises NoSuchFile."""
        ...

    async def delete(self, key: str) -> None:
        """Remove a file; one that is not there is removed already."""
        ...

    async def aclose(self) -> None:
        """Close connections and threads."""
        ...


def open_store(settings: Settings) -> Store:
    """The store that the settings name: EVIDENCE_S3_URL, else EVIDENCE_FOLDER. Nothing is called yet."""
    if settings.evidence_s3_url is not None:
        from tracker.evidence.s3_store import S3Store  # boto3 costs every start 0.1 s: only those who use it

        return S3Store(settings.evidence_s3_url)
    return DiskStore(settings.evidence_folder)
