"""A whole office on one machine: a server, its worker, a database of its own, and its dispatch page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser

from db.pool import Database
from tests.company import add_job, found_company, with_database
from tests.pages import DESK, Visitor, visiting
from tests.postgres import database_like, open_folder
from tests.running import Process, serving, token, working
from tests.servers import start_valkey
from tests.unharmed import DEE, Person
from tracker.local_postgres import PostgresServer

T = TypeVar("T")


@dataclass
class Office:
    """A server with its worker, and people who call the API beside the page."""

    server: Process
    browser: Browser

    def job(self, status: str, **facts: Any) -> str:
        """A new job that has come to `status`; its id."""

        async def add(database: Database) -> str:
            return str(await add_job(database, status, **facts))

        return self.write(add)

    def write(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """Work on the database behind the server's back."""
        return with_database(self.server.env["DATABASE_URL"], work)

    def call(self, who: Person, method: str, path: str, **what: Any) -> dict[str, Any]:
        """A request that succeeds; its answer, `{}` where there is none."""
        with self.server.http(token(*who)) as http:
            answer = http.request(method, path, **what)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def visit(self, address: str) -> AbstractContextManager[Visitor]:
        """Somebody who opens a page of ours, at a desk in America."""
        return visiting(self.browser, f"{self.server.url}/{address}", viewport=DESK, locale="en-US")

    def desk(self, fragment: str = "") -> AbstractContextManager[Visitor]:
        """Dee, who signs in at the dispatch page."""
        return self.visit(f"dispatch#token={token(*DEE)}{fragment}")


@contextmanager
def open_office(postgres: PostgresServer, template: str, browser: Browser, **more: str) -> Iterator[Office]:
    """Found a company, start its processes, and end them afterwards. No provider has a key.

    `more`: other settings.
    """
    with ExitStack() as stack:
        url = stack.enter_context(database_like(template, postgres))
        with_database(url, found_company)
        folder = Path(stack.enter_context(open_folder()))
        redis = stack.enter_context(start_valkey()).url
        settings = {"EVIDENCE_FOLDER": str(folder / "evidence"), **more}
        server = stack.enter_context(serving(folder, url, redis, **settings))
        stack.enter_context(working(folder, url, redis, **settings))
        yield Office(server, browser)


def open_job(visitor: Visitor, job_id: str) -> None:
    """Open a job of any status, as a link to it does."""
    visitor.page.evaluate("(job_id) => { location.hash = `job=${job_id}`; }", job_id)
    visitor.page.locator("#panel h2").wait_for()


def section(visitor: Visitor, name: str) -> str:
    """Open a section of the job panel, unless it is; what selects it."""
    found = f"#panel [data-section='{name}']"
    if visitor.page.locator(found).get_attribute("open") is None:
        visitor.page.click(f"{found} summary")
    return found
