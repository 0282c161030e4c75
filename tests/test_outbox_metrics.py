"""What the operator's dashboard shows of effects: what waits by kind, and what each process has done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from db.outbox import Backlog
from tests.company import found_company, with_database
from tests.running import wait_for, working
from tracker.metrics import Metrics

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(("tracker_outbox", "tracker_effects_total"))
    }


def test_the_backlog_is_shown_by_kind_and_a_kind_that_is_done_no_more() -> None:
    metrics = Metrics()
    metrics.show_backlog([Backlog("send_sms", 7, 2, 1, NOW - timedelta(seconds=90))], NOW)
    metrics.show_backlog(
        [Backlog("send_email", 3, 0, 0, NOW + timedelta(seconds=1)), Backlog("a", 0, 0, 4, None)], NOW
    )
    assert samples(metrics.text().decode()) == {
        ("tracker_outbox_waiting", "send_email"): 3,
        ("tracker_outbox_failing", "send_email"): 0,
        ("tracker_outbox_dead", "send_email"): 0,
        ("tracker_outbox_late_seconds", "send_email"): 0,
        ("tracker_outbox_waiting", "a"): 0,
        ("tracker_outbox_failing", "a"): 0,
        ("tracker_outbox_dead", "a"): 4,
        ("tracker_outbox_late_seconds", "a"): 0,
    }
    metrics.show_backlog([Backlog("send_sms", 7, 2, 1, NOW - timedelta(seconds=90))], NOW)
    assert samples(metrics.text().decode())["tracker_outbox_late_seconds", "send_sms"] == 90
    assert ("tracker_outbox_waiting", "a") not in samples(metrics.text().decode())


def test_a_worker_process_keeps_the_house_and_leaves_its_counts_for_the_scrape(
    database_url: str, tmp_path: Path
) -> None:
    with_database(database_url, found_company)
    counts = tmp_path / "counts"
    counts.mkdir()

    def kept_house() -> bool:
        texts = [path.read_text() for path in counts.glob("worker-*.prom")]
        return any(samples(text).get(("tracker_effects_total", "keep_house", "done")) == 1 for text in texts)

    with working(tmp_path, database_url, "memory://", METRICS_FOLDER=str(counts)) as worker:
        wait_for(kept_house, "the hour's housekeeping")
        assert "Traceback" not in worker.words()
    assert list(counts.iterdir()) == []
