"""What every test may ask for: databases, a private PostgreSQL to mistreat, a Valkey, a port, a Chromium.

`database_url` is a fresh, migrated database, copied from a template that is made once per run, so that no
test sees another's rows. `postgres_server` is a whole server for tests that kill or freeze it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from db.migrate import migrate
from tests import ports, running
from tests.aside import run_aside
from tests.nursery import Nursery
from tests.pages import chromium
from tests.postgres import (
    PrivatePostgres,
    database_like,
    execute,
    make_postgres,
    named,
    open_folder,
    quick_parent,
)
from tests.servers import start_valkey
from tracker import bootstrap
from tracker.local_postgres import PostgresServer
from tracker.stand_ins import StandIns, running_stand_ins


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test logged or printed may hold lone surrogates, which xdist cannot send to its parent."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(scope="session", autouse=True)
def nursery() -> Iterator[None]:
    """What the web and worker processes of all tests are forked from, where the system can (Linux)."""
    if not hasattr(os, "pidfd_open"):
        yield
        return
    running.nursery = Nursery()
    try:
        yield
    finally:
        running.nursery.close()
        running.nursery = None


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can enter, unlike `tmp_path`."""
    with open_folder(quick_parent()) as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The one server that all databases of this run live on."""
    with open_folder(quick_parent()) as folder:
        server = make_postgres(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def template_database(postgres: PostgresServer) -> str:
    """The name of a migrated, empty database, made once per run."""
    execute(postgres.url, "CREATE DATABASE template_tracker")
    run_aside(migrate(named(postgres.url, "template_tracker")))
    return "template_tracker"


@pytest.fixture
def database_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    """A fresh, migrated database for one test; dropped afterwards, whoever is still connected."""
    with database_like(template_database, postgres) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh database without any tables."""
    with database_like("template1", postgres) as url:
        yield url


@pytest.fixture
def postgres_server() -> Iterator[PrivatePostgres]:
    """A server of one's own, running and migrated."""
    with open_folder(quick_parent()) as folder:
        server = PrivatePostgres(make_postgres(folder))
        try:
            server.start()
            run_aside(migrate(server.url))
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def copy_cluster() -> Iterator[Callable[[Path], None]]:
    """A function that puts an empty PostgreSQL cluster into a data folder; quicker than initdb."""
    with open_folder(quick_parent()) as folder:
        server = make_postgres(folder)
        try:
            server.start()
        finally:
            server.stop()

        def copy(data_dir: Path) -> None:
            subprocess.run(["cp", "-a", folder / "postgres", data_dir], check=True)

        yield copy


@pytest.fixture
def valkey_url() -> Iterator[str]:
    """An empty Valkey for one test."""
    with start_valkey() as valkey:
        yield valkey.url


@pytest.fixture
def stand_ins() -> Iterator[StandIns]:
    """Local servers that speak Stripe's, Twilio's, SendGrid's and a push service's HTTP."""
    with running_stand_ins() as running:
        yield running


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that returns a TCP port that nobody listens on."""
    return ports.free_port


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """An installed Chromium or Chrome; `make test` sees to it that there is one."""
    found = bootstrap.find_chromium()
    assert found, "no chromium or google-chrome on this machine; `make test` as root installs Debian's"
    return found


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One Chromium for all of a file; each visitor has a profile of their own.

    Until the file ends only `run_aside` runs coroutines: Playwright has its event loop in this thread.
    """
    with chromium(chromium_path) as browser:
        yield browser
