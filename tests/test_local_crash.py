"""Whatever was killed, the next start works, keeps what was committed, and ends nothing that is not ours."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.local_holder import Holder, hold, socket_of
from tests.postgres import ask, make_postgres
from tracker import local_process
from tracker.local import LocalServers
from tracker.local_place import find_place
from tracker.local_postgres import PostgresServer
from tracker.local_process import EndingStep, LocalProblem, end, runs, wait_until
from tracker.local_valkey import ValkeyServer

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a death signal and /proc")


@pytest.fixture
def data_dir(folder: Path, copy_cluster: Callable[[Path], None]) -> Path:
    copy_cluster(folder)
    return folder


@pytest.fixture
def server(data_dir: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL whose owner (this test) can be made to forget it."""
    server = make_postgres(data_dir)
    server.start()
    yield server
    server.stop()


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def valkey_pid(holder: Holder) -> int:
    assert holder.urls
    return int((socket_of(holder.urls.database_url) / "valkey.pid").read_text())


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@on_linux
def test_killing_the_parent_ends_both_servers(data_dir: Path) -> None:
    holder = hold(data_dir)
    pids = (postmaster_pid(data_dir), valkey_pid(holder))
    holder.kill()
    assert wait_until(lambda: not any(map(exists, pids)), 10)


def test_a_start_right_after_the_parent_was_killed_keeps_what_was_committed(data_dir: Path) -> None:
    for number in range(3):
        holder = hold(data_dir)
        assert holder.urls
        ask(holder.urls.database_url, f"CREATE TABLE kept_{number} AS SELECT 1")
        holder.kill()
    with LocalServers(data_dir) as urls:
        assert ask(urls.database_url, "SELECT count(*) FROM pg_class WHERE relname LIKE 'kept%'") == 3


def test_a_start_after_everything_was_killed_at_once_keeps_what_was_committed(data_dir: Path) -> None:
    holder = hold(data_dir)
    assert holder.urls
    ask(holder.urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in (holder.process.pid, postmaster_pid(data_dir), valkey_pid(holder)):
        os.kill(pid, signal.SIGKILL)
    holder.process.communicate()
    with LocalServers(data_dir) as urls:
        assert ask(urls.database_url, "SELECT answer FROM kept") == 42


def test_a_server_left_over_is_ended_before_the_next_one_starts(
    data_dir: Path, server: PostgresServer
) -> None:
    left_over = server.pid
    ask(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with LocalServers(data_dir) as urls:
        assert server.pid is None
        assert postmaster_pid(data_dir) != left_over
        assert ask(urls.database_url, "SELECT answer FROM kept") == 42


def test_a_server_left_over_and_frozen_is_ended_too(data_dir: Path, server: PostgresServer) -> None:
    assert server.pid
    os.kill(server.pid, signal.SIGSTOP)
    with LocalServers(data_dir) as urls:
        assert server.pid is None
        assert ask(urls.database_url, "SELECT 1") == 1


def test_a_valkey_left_over_is_ended_before_the_next_one_starts(data_dir: Path) -> None:
    place = find_place(data_dir)
    left_over = ValkeyServer(place.valkey, place.run, data_dir / "valkey.log", place.account)
    left_over.start()
    with LocalServers(data_dir):
        assert left_over.pid is None
    left_over.stop()


def test_backends_that_outlive_their_killed_postmaster_do_not_block_the_next_start(
    data_dir: Path, server: PostgresServer
) -> None:
    async def scenario() -> None:
        connection = await asyncpg.connect(server.url)
        busy = asyncio.create_task(connection.execute("SELECT pg_sleep(2)"))
        await asyncio.sleep(0.1)
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        with LocalServers(data_dir):
            pass
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await busy
        connection.terminate()

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["a stranger", "a zombie"])
def test_a_stale_pid_file_with_somebody_elses_number_does_not_block(data_dir: Path, kind: str) -> None:
    account = find_place(data_dir).account
    uid = account.uid if account else None  # PostgreSQL looks only at processes of its own user
    stranger = subprocess.Popen(["sleep", "0" if kind == "a zombie" else "60"], user=uid, cwd="/")
    try:
        time.sleep(0.2)
        stale = f"{stranger.pid}\n{data_dir / 'postgres'}\n1\n5432\n/nowhere\n\n  1 1\nready   \n"
        (data_dir / "postgres" / "postmaster.pid").write_text(stale)
        with LocalServers(data_dir) as urls:
            assert ask(urls.database_url, "SELECT 1") == 1
        assert exists(stranger.pid)
        assert kind == "a zombie" or stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("content", ["", "not a number\n", "999999\n", "-1\n", "1\n"])
def test_a_damaged_pid_file_does_not_block(data_dir: Path, content: str) -> None:
    (data_dir / "postgres" / "postmaster.pid").write_text(content)
    with LocalServers(data_dir) as urls:
        assert ask(urls.database_url, "SELECT 1") == 1


def test_a_killed_initdb_leaves_nothing_that_blocks(folder: Path) -> None:
    half = folder / "postgres.unfinished"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with LocalServers(folder) as urls:
        assert ask(urls.database_url, "SELECT 1") == 1
    assert not half.exists()


def test_a_start_that_fails_says_why_in_postgresqls_words(data_dir: Path) -> None:
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(LocalProblem, match=r"initialized by PostgreSQL version 17"), LocalServers(data_dir):
        pass


def test_a_log_that_grew_long_is_set_aside_at_the_next_start(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_process, "LOG_LIMIT_BYTES", 10)
    for name in ("postgres.log", "valkey.log"):
        (data_dir / name).write_text("an old complaint\n")
    with LocalServers(data_dir):
        pass
    for name in ("postgres.log", "valkey.log"):
        assert (data_dir / f"{name}.1").read_text() == "an old complaint\n"
        assert "an old complaint" not in (data_dir / name).read_text()


def test_ctrl_c_reaches_the_servers_only_after_our_own_process_is_done(data_dir: Path) -> None:
    holder = hold(data_dir)
    pids = (postmaster_pid(data_dir), valkey_pid(holder))
    assert holder.interrupt() == "still there\n"
    assert not any(map(exists, pids))
    assert not (data_dir / "postgres" / "postmaster.pid").exists()  # it was ended in order


def test_ctrl_c_ends_nothing_but_its_own_servers(folder: Path, copy_cluster: Callable[[Path], None]) -> None:
    holders = []
    for name in ("one", "two"):
        (folder / name).mkdir()
        copy_cluster(folder / name)
        holders.append(hold(folder / name))
    holders[0].interrupt()
    assert holders[1].urls
    assert ask(holders[1].urls.database_url, "SELECT 1") == 1
    holders[1].let_go()


def test_a_process_is_recognised_by_program_and_argument_not_by_number() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        assert wait_until(lambda: runs(process.pid, "sleep", "60"), 5)
        assert not runs(process.pid, "sleep", "6")
        assert not runs(process.pid, "postgres", "60")
    finally:
        process.kill()
    assert wait_until(lambda: not runs(process.pid, "sleep", "60"), 5)  # a zombie, not yet waited for
    process.wait()


def test_a_process_that_ignores_every_signal_is_named() -> None:
    with pytest.raises(LocalProblem, match=rf"process {os.getpid()} does not end"):
        end(os.getpid(), lambda: True, [EndingStep(signal.SIGCONT, 0.05)])
