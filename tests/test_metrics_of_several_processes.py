"""One scrape shows every process behind the port, told apart, and forgets those that are gone."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tracker.metrics import Metrics
from tracker.metrics_peers import FORGOTTEN_AFTER_S, MetricsPeers


def good(text: bytes) -> dict[str, float]:
    """Good heartbeats by process."""
    return {
        sample.labels["process"]: sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name == "tracker_heartbeats_total" and sample.labels["verdict"] == "good"
    }


def test_a_scrape_of_one_process_shows_all_of_them(tmp_path: Path) -> None:
    async def story() -> None:
        counts = [Metrics(), Metrics()]
        peers = [MetricsPeers(metrics, tmp_path, str(n)) for n, metrics in enumerate(counts)]
        counts[0].count_heartbeats({"good": 3})
        counts[1].count_heartbeats({"good": 4})
        tasks = [asyncio.create_task(peer.leave_counts()) for peer in peers]
        await asyncio.sleep(0.05)
        counts[0].count_heartbeats({"good": 1})
        assert good(peers[0].text()) == {"0": 4.0, "1": 4.0}  # its own are fresh
        assert good(peers[1].text()) == {"0": 3.0, "1": 4.0}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_was_killed_is_forgotten(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.count_heartbeats({"good": 9})
    left = tmp_path / "killed.prom"
    left.write_bytes(metrics.text())
    mine = MetricsPeers(Metrics(), tmp_path, "mine")
    assert good(mine.text()) == {"killed": 9.0}
    long_ago = time.time() - FORGOTTEN_AFTER_S - 1
    os.utime(left, (long_ago, long_ago))
    assert good(mine.text()) == {}


def test_every_family_is_declared_once(tmp_path: Path) -> None:
    (tmp_path / "other.prom").write_bytes(Metrics().text())
    text = MetricsPeers(Metrics(), tmp_path, "mine").text().decode()
    types = [line for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) > 0
