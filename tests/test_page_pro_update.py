"""A new build of the pages: it waits until it disturbs nobody, and then the whole page is of that build."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from db.pool import Database
from tests.company import add_job, with_company
from tests.pages import chromium, visiting
from tests.running import ROOT, serving, token

pytestmark = pytest.mark.browser


def test_a_new_build_is_offered_and_loaded_when_the_pro_says_so(
    database_url: str, tmp_path: Path, chromium_path: str
) -> None:
    async def prepare(database: Database) -> None:
        await add_job(database, "accepted")

    with_company(database_url, prepare)
    dist = tmp_path / "dist"
    shutil.copytree(Path(os.environ.get("WEB_DIST", ROOT / "web" / "dist")), dist)
    with (
        serving(tmp_path, database_url, WEB_DIST=str(dist)) as server,
        chromium(chromium_path) as browser,
        visiting(browser, f"{server.url}/pro#token={token('pro', 'pat')}") as pat,
    ):
        pat.sees("#jobs", "Set off")
        controlled = "() => navigator.serviceWorker.controller !== null"
        pat.until(lambda: bool(pat.page.evaluate(controlled)), "the app being kept for offline")
        server.stop()
        release_another_build(dist)
        server.start()
        pat.page.reload()  # from what is kept: the old build, whole
        assert pat.page.locator("meta[name=build]").count() == 0
        pat.sees("#update", "A new version is ready.", within_s=20)
        pat.page.click("#update button")
        pat.page.locator("meta[name=build]").wait_for(state="attached")
        pat.sees("#jobs", "Set off")
        names = pat.page.evaluate("async () => caches.keys()")
        assert [name.rsplit("@")[-1] for name in names] == ["abcdefabcdef"]  # the old one is gone


def release_another_build(dist: Path) -> None:
    """Change the page and, as a build does, the version that its service worker names."""
    page, worker = dist / "pro.html", dist / "sw.js"
    page.write_text(page.read_text().replace("<head>", '<head><meta name="build" content="next">'))
    code = worker.read_text()
    start = code.index('"address":"pro","version":"') + len('"address":"pro","version":"')
    worker.write_text(code[:start] + "abcdefabcdef" + code[start + 12 :])
