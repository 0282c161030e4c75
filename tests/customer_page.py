"""A customer's phone in a real browser: a server, one Chromium, and jobs whose money is a sandbox's."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from db.pool import Database
from tests.company import DOOR, add_job, found_company, with_database
from tests.pages import Phone, Visitor, visiting
from tests.photos import exif_of, photo
from tests.postgres import database_like, open_folder
from tests.running import Process, serving, token, wait_for
from tracker.local_postgres import PostgresServer

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@dataclass
class House:
    """A server without any provider's key, and a browser for its customers and their neighbours."""

    server: Process
    browser: Browser
    dispatcher: httpx.Client
    pro: httpx.Client

    def job(self, status: str, **facts: Any) -> str:
        """A new job that has come to `status`; its id."""

        async def add(database: Database) -> str:
            return str(await add_job(database, status, **facts))

        return str(self.beside(add))

    def held(self, **facts: Any) -> str:
        """A job at work, whose price is held."""
        job_id = self.job("in_progress", **facts)
        self.dispatcher.post(f"/api/dispatch/jobs/{job_id}/hold", json={}).raise_for_status()
        wait_for(lambda: self.money(job_id)["state"] == "held", "the price being held")
        return job_id

    def finished(self, **facts: Any) -> tuple[str, str]:
        """A job that was just completed, and the address that its customer has."""
        job_id = self.held(**facts)
        link = self.own_link(job_id)
        self.move(job_id, "completed")
        return job_id, link

    def money(self, job_id: str) -> dict[str, Any]:
        """The job's money as dispatch sees it."""
        answer = self.dispatcher.get(f"/api/dispatch/jobs/{job_id}/money").raise_for_status()
        return answer.json()  # type: ignore[no-any-return]

    def move(self, job_id: str, status: str) -> None:
        """Dispatch moves the job."""
        self.dispatcher.post(f"/api/jobs/{job_id}/status", json={"status": status}).raise_for_status()

    def add_photo(self, job_id: str, kind: str) -> None:
        """The pro adds a photo."""
        query = {"kind": kind, "upload_key": uuid.uuid4().hex}
        picture = photo(640, 480, exif=exif_of(taken=datetime.now(UTC)))
        answer = self.pro.post(
            f"/api/jobs/{job_id}/evidence",
            params=query,
            content=picture,
            headers={"Content-Type": "image/jpeg"},
        )
        assert answer.is_success, answer.text

    def drive(self, *norths: float) -> None:
        """The pro sends positions north of the door."""
        Phone(self.pro, DOOR).drive(*norths)

    def own_link(self, job_id: str) -> str:
        """The address that is texted to the customer."""
        made = self.dispatcher.post(f"/api/jobs/{job_id}/tracking-link").raise_for_status().json()
        return f"{self.server.url}/track/{made['link']}"

    @contextmanager
    def opens(self, address: str, *, script: str | None = None, **options: Any) -> Iterator[Visitor]:
        """Somebody in America opens a page; `script` runs before it does."""
        with visiting(self.browser, "about:blank", **{"locale": "en-US", **options}) as visitor:
            if script is not None:
                visitor.context.add_init_script(script)
            visitor.page.goto(address)
            yield visitor

    def beside(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        """Work on the database behind the server's back."""
        return with_database(self.server.env["DATABASE_URL"], work)


@contextmanager
def open_house(postgres: PostgresServer, template: str, browser: Browser) -> Iterator[House]:
    """A server for a whole file of tests, and their browser."""
    with ExitStack() as stack:
        url = stack.enter_context(database_like(template, postgres))
        with_database(url, found_company)
        folder = Path(stack.enter_context(open_folder()))
        server = stack.enter_context(serving(folder, url, EVIDENCE_FOLDER=str(folder / "evidence")))
        dispatcher = stack.enter_context(server.http(token("dispatcher", "dee")))
        pro = stack.enter_context(server.http(token("pro", "pat")))
        yield House(server, browser, dispatcher, pro)
