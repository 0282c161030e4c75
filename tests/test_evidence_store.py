"""A store keeps a file whole or not at all, on this machine's disk and in anything that speaks S3."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.s3_server import S3Server, s3_server
from tracker.evidence import s3_store
from tracker.evidence.disk_store import DiskStore
from tracker.evidence.s3_store import S3Store
from tracker.evidence.store import Store, open_store
from tracker.evidence.store_problems import NoSuchFile, StoreUnavailable
from tracker.settings import Settings

KEY, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
SECRET = {"TRACKER_SECRET": "a secret of thirty-two characters", "DATABASE_URL": "postgresql://x@y/z"}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    monkeypatch.setattr(s3_store, "READ_TIMEOUT_S", 0.3)
    with s3_server() as server:
        yield server


def with_store(store: Store, work: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        try:
            await work(store)
        finally:
            await store.aclose()

    asyncio.run(run())


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def keeps_files(store: Store) -> None:
    with pytest.raises(NoSuchFile):
        await store.get(KEY)
    await store.delete(KEY)  # what is not there is removed already
    await store.put(KEY, b"one", "image/jpeg")
    await store.put(OTHER, b"", "image/png")
    assert (await store.get(KEY), await store.get(OTHER)) == (b"one", b"")
    await store.delete(KEY)
    with pytest.raises(NoSuchFile):
        await store.get(KEY)
    assert await store.get(OTHER) == b""


def test_files_are_kept_on_disk(tmp_path: Path) -> None:
    with_store(DiskStore(tmp_path / "not" / "there" / "yet"), keeps_files)


def test_files_are_kept_in_an_s3_store(s3: S3Server) -> None:
    with_store(S3Store(s3.url), keeps_files)
    assert set(s3.requests) == {
        f"{method} /evidence/photos/{key}" for method in ("PUT", "GET", "DELETE") for key in (KEY, OTHER)
    } - {f"DELETE /evidence/photos/{OTHER}"}


def test_the_settings_choose_the_store(tmp_path: Path, s3: S3Server) -> None:
    disk = open_store(Settings.from_env({**SECRET, "EVIDENCE_FOLDER": str(tmp_path)}))
    assert isinstance(disk, DiskStore)
    assert isinstance(open_store(Settings.from_env({**SECRET, "EVIDENCE_S3_URL": s3.url})), S3Store)


def test_on_disk_only_the_owner_may_read_and_nothing_half_lies_there(tmp_path: Path) -> None:
    async def story(store: Store) -> None:
        await store.put(KEY, b"one", "image/jpeg")
        (path,) = files_in(tmp_path)
        assert path == tmp_path / KEY[:2] / KEY[2:4] / KEY
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    with_store(DiskStore(tmp_path), story)


def test_what_a_crash_left_half_on_disk_is_no_file_and_goes_with_its_key(tmp_path: Path) -> None:
    async def story(store: Store) -> None:
        await store.put(KEY, b"one", "image/jpeg")
        whole = tmp_path / KEY[:2] / KEY[2:4] / KEY
        whole.rename(whole.with_name(KEY + ".part"))
        with pytest.raises(NoSuchFile):
            await store.get(KEY)
        await store.delete(KEY)
        assert not files_in(tmp_path)

    with_store(DiskStore(tmp_path), story)


def test_a_key_can_name_no_other_place(tmp_path: Path) -> None:
    async def story(store: Store) -> None:
        for key in ("../../etc/passwd", "a/b/c/d/e", "A" * 32, "", "a" * 7, "a" * 65, "abcdefgh\x00"):
            with pytest.raises(ValueError, match="a-z0-9"):
                await store.get(key)

    with_store(DiskStore(tmp_path), story)


def test_a_disk_that_refuses_is_a_store_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    async def story(store: Store) -> None:
        with pytest.raises(StoreUnavailable) as away:
            await store.put(KEY, b"one", "image/jpeg")
        assert (away.value.status, away.value.retry) == (503, True)

    with_store(DiskStore(tmp_path / "file"), story)


def test_a_full_disk_leaves_nothing_under_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    async def story(store: Store) -> None:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreUnavailable):
            await store.put(KEY, b"one", "image/jpeg")
        monkeypatch.undo()
        with pytest.raises(NoSuchFile):
            await store.get(KEY)

    with_store(DiskStore(tmp_path), story)


@pytest.mark.parametrize("fault", [500, 503, 403, 404, "hang"])
def test_an_s3_store_that_fails_is_a_retryable_503_and_keeps_nothing(s3: S3Server, fault: int | str) -> None:
    async def story(store: Store) -> None:
        s3.faults.append(fault)
        with pytest.raises(StoreUnavailable) as away:
            await store.put(KEY, b"one", "image/jpeg")
        assert (away.value.status, away.value.retry) == (503, True)
        assert not s3.objects
        await store.put(KEY, b"one", "image/jpeg")
        assert await store.get(KEY) == b"one"

    with_store(S3Store(s3.url), story)


def test_what_an_s3_store_says_it_has_not_is_removed_already(s3: S3Server) -> None:
    """Amazon's answers 204; others say 404, and a sweep must not stumble over it for ever."""

    async def story(store: Store) -> None:
        s3.faults.append("gone")
        await store.delete(KEY)
        s3.faults.append(404)  # of a proxy, say: nothing is known to be removed
        with pytest.raises(StoreUnavailable):
            await store.delete(KEY)

    with_store(S3Store(s3.url), story)


def test_half_an_answer_is_no_file(s3: S3Server) -> None:
    async def story(store: Store) -> None:
        await store.put(KEY, b"one", "image/jpeg")
        s3.faults.append("cut")
        with pytest.raises(StoreUnavailable):
            await store.get(KEY)
        assert await store.get(KEY) == b"one"

    with_store(S3Store(s3.url), story)


def test_nobody_at_the_stores_address_is_a_store_that_is_away() -> None:
    async def story(store: Store) -> None:
        for call in (store.get(KEY), store.delete(KEY), store.put(KEY, b"x", "image/jpeg")):
            with pytest.raises(StoreUnavailable):
                await call

    with_store(S3Store("http://k:s@127.0.0.1:9/evidence"), story)
