"""Migrations run once, in order, and history cannot be rewritten behind the database's back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from db.migrate import MigrationError, migrate, read_migrations
from tests.postgres import ask

MIGRATE = "import asyncio, sys; from db.migrate import migrate; print(*asyncio.run(migrate(sys.argv[1])))"
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A release of two small migrations."""
    (tmp_path / "0001_houses.sql").write_text("CREATE TABLE houses (id integer)")
    (tmp_path / "0002_doors.sql").write_text("CREATE TABLE doors (id integer); INSERT INTO doors VALUES (1)")
    return tmp_path


def test_an_empty_database_gets_all_of_them_once(empty_database_url: str, migrations: Path) -> None:
    assert asyncio.run(migrate(empty_database_url, migrations)) == ["0001_houses", "0002_doors"]
    assert asyncio.run(migrate(empty_database_url, migrations)) == []
    assert ask(empty_database_url, "SELECT count(*) FROM doors") == 1


def test_a_later_release_adds_only_what_is_new(empty_database_url: str, migrations: Path) -> None:
    asyncio.run(migrate(empty_database_url, migrations))
    (migrations / "0003_keys.sql").write_text("CREATE TABLE keys (id integer)")
    assert asyncio.run(migrate(empty_database_url, migrations)) == ["0003_keys"]


def test_processes_that_start_together_take_turns(empty_database_url: str) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, empty_database_url], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    printed = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    names = [f"{migration.number:04d}_{migration.name}" for migration in read_migrations()]
    assert sorted(printed) == [[], [], names]


def test_an_edited_file_is_refused_by_name_and_nothing_is_run(
    empty_database_url: str, migrations: Path
) -> None:
    asyncio.run(migrate(empty_database_url, migrations))
    (migrations / "0001_houses.sql").write_text("CREATE TABLE houses (id bigint)")
    (migrations / "0003_keys.sql").write_text("CREATE TABLE keys (id integer)")
    with pytest.raises(MigrationError, match=r"migration 1 \(houses\) was edited after it was applied"):
        asyncio.run(migrate(empty_database_url, migrations))
    assert ask(empty_database_url, "SELECT to_regclass('keys')") is None


def test_a_database_of_a_newer_release_is_refused(empty_database_url: str, migrations: Path) -> None:
    asyncio.run(migrate(empty_database_url, migrations))
    (migrations / "0002_doors.sql").unlink()
    with pytest.raises(MigrationError, match=r"has migration 2, which this release does not know"):
        asyncio.run(migrate(empty_database_url, migrations))


def test_a_migration_that_fails_halfway_leaves_nothing_of_itself(
    empty_database_url: str, migrations: Path
) -> None:
    (migrations / "0003_keys.sql").write_text("CREATE TABLE keys (id integer); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        asyncio.run(migrate(empty_database_url, migrations))
    assert ask(empty_database_url, "SELECT to_regclass('keys')") is None
    assert ask(empty_database_url, "SELECT max(number) FROM schema_migrations") == 2
    (migrations / "0003_keys.sql").write_text("CREATE TABLE keys (id integer)")
    assert asyncio.run(migrate(empty_database_url, migrations)) == ["0003_keys"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("0004_windows.sql", "without a gap or a twin"),
        ("0002_windows.sql", "without a gap or a twin"),
        ("windows.sql", "windows.sql is not named like 0001_base.sql"),
        ("0003_Windows.sql", "0003_Windows.sql is not named like 0001_base.sql"),
    ],
)
def test_a_misnumbered_file_is_named(migrations: Path, name: str, sentence: str) -> None:
    (migrations / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=sentence):
        read_migrations(migrations)


def test_a_file_may_hold_anything_utf_8_can(empty_database_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_words.sql").write_text(
        "CREATE TABLE words (w text DEFAULT 'Käse; -- 日本');", encoding="utf-8"
    )
    assert asyncio.run(migrate(empty_database_url, tmp_path)) == ["0001_words"]


def test_the_lock_is_free_afterwards_even_when_it_failed(empty_database_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_bad.sql").write_text("SELEKT")
    for _ in range(2):
        with pytest.raises(asyncpg.PostgresSyntaxError):
            asyncio.run(asyncio.wait_for(migrate(empty_database_url, tmp_path), 10))


def test_the_schema_needs_no_extension(database_url: str) -> None:
    assert ask(database_url, "SELECT string_agg(extname, ',') FROM pg_extension") == "plpgsql"
