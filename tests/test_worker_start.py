"""A machine starts its processes in any order: a worker that comes before PostgreSQL waits for it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from tests.running import wait_for, working


def test_a_worker_that_starts_before_postgresql_waits_and_then_works(database_url: str, folder: Path) -> None:
    place = parse_qs(urlsplit(database_url).query)["host"][0]  # where the server's socket is
    later = folder / "run"
    url = database_url.replace(quote(place, safe=""), quote(str(later), safe=""))
    assert url != database_url
    with working(folder, url, "memory://") as worker:
        wait_for(lambda: "does not answer yet" in worker.words(), "the worker waiting")
        later.symlink_to(place)
        try:
            wait_for(lambda: "queued keep_house" in worker.words(), "the worker working")
        finally:
            later.unlink()  # `folder` goes with all that it links to
        assert "Traceback" not in worker.words()
