"""Whatever crashes, and however many send the same at once: no row without its files, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.errors import Busy, NotFound, Unavailable
from db.evidence import evidence_of_job, note_loose_files, photos_of_job
from tests.effects import shared_company
from tests.fresh import freshened
from tests.locking import DEE, DRAWN, JPEG, PAT, Stage, staged
from tests.photos import photo
from tracker.evidence import locker as module
from tracker.evidence import sweep
from tracker.evidence.locker import EvidenceRemoved, Kept, Piece, UploadKeyUsed
from tracker.evidence.rules import Kind, Taken, TooMuchEvidence
from tracker.evidence.store_problems import StoreUnavailable
from tracker.evidence.sweep import LOOSE_FOR, sweep_orphans
from tracker.jobs.facts import Actor
from tracker.local_postgres import PostgresServer


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def test_the_same_upload_again_and_twenty_times_at_once_is_kept_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "draw", lambda _: DRAWN)  # twenty times the same, two seconds of a core
    monkeypatch.setattr(module, "UPLOADS_AT_ONCE", 99)
    monkeypatch.setattr(module, "UPLOADS_PER_PERSON", 99)

    async def story(stage: Stage) -> None:
        kept = await asyncio.gather(*(stage.sign("same") for _ in range(20)))
        assert sum(one.created for one in kept) == 1
        assert len({one.evidence.id for one in kept}) == 1
        again = await stage.sign("same")
        assert (again.created, again.version) == (False, kept[0].version)
        assert await stage.asked("SELECT count(*) FROM job_events WHERE kind = 'evidence_added'") == 1
        await sweep_orphans(stage.store, stage.database, datetime.now(UTC) + LOOSE_FOR)
        assert stage.files() == await stage.named()
        assert len(stage.files()) == 2

    staged(database_url, tmp_path, story)


def test_a_key_stands_for_one_file_of_one_kind(database_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.send("1")
        for data, kind in ((photo(65, 64), Kind.BEFORE), (JPEG, Kind.AFTER)):
            with pytest.raises(UploadKeyUsed):
                await stage.send("1", data, kind)
        assert (await stage.send("2", JPEG, Kind.AFTER)).created

    staged(database_url, tmp_path, story)


def test_twenty_of_a_kind_are_enough_whoever_sends_them_at_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "draw", lambda _: DRAWN)
    monkeypatch.setattr(module, "MAX_PER_KIND", 3)
    monkeypatch.setattr(module, "UPLOADS_PER_PERSON", 99)

    async def story(stage: Stage) -> None:
        sent = await asyncio.gather(*(stage.sign(f"{number}") for number in range(8)), return_exceptions=True)
        assert sum(isinstance(one, Kept) for one in sent) == 3
        assert sum(isinstance(one, TooMuchEvidence) for one in sent) == 5
        kept = next(one for one in sent if isinstance(one, Kept))
        assert (await stage.sign(kept.evidence.upload_key)).evidence.id == kept.evidence.id

    staged(database_url, tmp_path, story)


def test_a_store_that_fails_at_either_file_leaves_no_row_and_the_sweep_takes_the_rest(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        put = stage.store.put
        for works in (0, 1):
            left = [works]

            async def failing(key: str, data: bytes, media_type: str, left: list[int] = left) -> None:
                if not left[0]:
                    raise StoreUnavailable
                left[0] -= 1
                await put(key, data, media_type)

            monkeypatch.setattr(stage.store, "put", failing)
            with pytest.raises(StoreUnavailable):
                await stage.send(f"{works}")
        monkeypatch.undo()
        assert await stage.asked("SELECT count(*) FROM evidence") == 0
        assert len(stage.files()) == 1
        assert await sweep_orphans(stage.store, stage.database, datetime.now(UTC)) == 0  # it may be under way
        assert await sweep_orphans(stage.store, stage.database, datetime.now(UTC) + LOOSE_FOR) == 4
        assert not stage.files()
        assert (await stage.send("0")).created

    staged(database_url, tmp_path, story)


def test_a_crash_before_the_commit_leaves_files_that_the_sweep_finds(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        async def crash(*_: object, **__: object) -> int:
            raise KeyboardInterrupt

        monkeypatch.setattr(module, "record_fact", crash)
        with pytest.raises(KeyboardInterrupt):
            await stage.send()
        monkeypatch.undo()
        assert len(stage.files()) == 2
        assert not await stage.named()
        await sweep_orphans(stage.store, stage.database, datetime.now(UTC) + LOOSE_FOR)
        assert not stage.files()

    staged(database_url, tmp_path, story)


def test_a_file_that_the_sweep_has_begun_to_delete_is_never_named(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that took longer than the sweep waits loses, whole; the phone sends it again."""

    async def story(stage: Stage) -> None:
        put = stage.store.put

        async def slow(key: str, data: bytes, media_type: str) -> None:
            await put(key, data, media_type)
            await sweep_orphans(stage.store, stage.database, datetime.now(UTC) + LOOSE_FOR)

        monkeypatch.setattr(stage.store, "put", slow)
        with pytest.raises(Unavailable):
            await stage.send()
        monkeypatch.undo()
        assert not await stage.named()
        assert (await stage.send()).created
        assert stage.files() >= await stage.named()

    staged(database_url, tmp_path, story)


def test_two_sweeps_at_once_and_one_that_fails_halfway_finish_the_work(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        kept = [await stage.send(f"{number}") for number in range(3)]
        later = datetime.now(UTC) + timedelta(minutes=1)

        async def away(_key: str) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(stage.store, "delete", away)
        for one in kept:
            await stage.locker.remove(Actor.of(DEE), one.evidence.id, "blurred", datetime.now(UTC))
        assert len(stage.files()) == 6
        with pytest.raises(StoreUnavailable):
            await sweep_orphans(stage.store, stage.database, later)
        monkeypatch.undo()
        later += sweep.AGAIN_AFTER
        await asyncio.gather(*(sweep_orphans(stage.store, stage.database, later) for _ in range(2)))
        assert not stage.files()
        assert await stage.asked("SELECT count(*) FROM loose_files") == 0

    staged(database_url, tmp_path, story)


def test_a_file_that_the_store_will_not_delete_keeps_no_other_from_being_deleted(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One object under a legal hold, the oldest of them all, must not end every sweep."""

    async def story(stage: Stage) -> None:
        now = datetime.now(UTC)
        keys = [f"{number:032}" for number in range(6)]
        async with stage.database.transaction() as conn:
            for number, key in enumerate(keys):
                await note_loose_files(conn, [key], delete_after=now - timedelta(minutes=10 - number))
                await stage.store.put(key, b"x", "image/jpeg")
        delete = stage.store.delete

        async def held(key: str) -> None:
            if key == keys[0]:
                raise StoreUnavailable
            await delete(key)

        monkeypatch.setattr(stage.store, "delete", held)
        monkeypatch.setattr(sweep, "SWEPT_AT_ONCE", 2)
        with pytest.raises(StoreUnavailable):
            await sweep_orphans(stage.store, stage.database, now)
        assert stage.files() == {keys[0]}
        assert await sweep_orphans(stage.store, stage.database, now) == 0  # it is put off
        monkeypatch.undo()
        assert await sweep_orphans(stage.store, stage.database, now + sweep.AGAIN_AFTER) == 1
        assert not stage.files()

    staged(database_url, tmp_path, story)


def test_what_dispatch_removed_is_gone_and_stays_on_the_record(database_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        kept = await stage.send()
        removed = await stage.locker.remove(Actor.of(DEE), kept.evidence.id, "wrong flat", datetime.now(UTC))
        assert removed.version == kept.version + 1
        assert not stage.files()
        async with stage.database.connection() as conn:
            assert await evidence_of_job(conn, stage.job_id) == []
            event = await conn.fetchrow(
                "SELECT actor_id, data FROM job_events WHERE kind = 'evidence_removed'"
            )
        assert event is not None
        assert event["actor_id"] == "dee"
        assert "wrong flat" in str(event["data"])
        with pytest.raises(NotFound):
            await stage.locker.remove(Actor.of(DEE), kept.evidence.id, "again", datetime.now(UTC))
        with pytest.raises(EvidenceRemoved):
            await stage.send()

    staged(database_url, tmp_path, story)


def test_a_job_that_was_lost_while_the_photo_was_on_its_way_takes_it_no_more(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        put = stage.store.put

        async def meanwhile(key: str, data: bytes, media_type: str) -> None:
            await put(key, data, media_type)
            async with stage.database.connection() as conn:
                await conn.execute("UPDATE jobs SET pro_id = 'quinn'")

        monkeypatch.setattr(stage.store, "put", meanwhile)
        with pytest.raises(NotFound):
            await stage.send()
        assert not await stage.named()

    staged(database_url, tmp_path, story, "accepted")


def test_one_slow_phone_leaves_room_for_the_others(database_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        go_on = asyncio.Event()

        async def slow() -> bytes:
            await go_on.wait()
            return JPEG

        def sends(key: str) -> Awaitable[Kept]:
            piece = Piece(stage.job_id, Kind.BEFORE, key, Taken())
            return stage.locker.add_photo(PAT, piece, slow, "image/jpeg", datetime.now(UTC))

        under_way = [asyncio.ensure_future(sends(f"{n}")) for n in range(module.UPLOADS_PER_PERSON)]
        while stage.locker.under_way < module.UPLOADS_PER_PERSON:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
        with pytest.raises(Busy) as busy:
            await stage.send("3")
        assert busy.value.facts == {"retry_after_s": 2}
        assert (await stage.send("4", who=DEE)).created
        go_on.set()
        assert all(one.created for one in await asyncio.gather(*under_way))
        assert stage.locker.under_way == 0

    staged(database_url, tmp_path, story)


def test_a_receipt_shows_the_photos_and_no_signature(database_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.send("1", kind=Kind.BEFORE)
        await stage.send("2", kind=Kind.AFTER)
        await stage.sign("3")
        async with stage.database.connection() as conn:
            assert [one.kind for one in await photos_of_job(conn, stage.job_id)] == ["before", "after"]

    staged(database_url, tmp_path, story)
