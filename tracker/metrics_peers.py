"""One scrape for several processes behind one port: each leaves its counts in a folder for the others.

A scrape of `/metrics` reaches any one of them. It answers with its own counts, fresh, and its siblings', at
most two seconds old, all told apart by the label `process`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry

from tracker.metrics import Metrics

EVERY_S = 2.0
FORGOTTEN_AFTER_S = 10.0  # a process that left nothing for so long is gone


class MetricsPeers:
    """This process's place among its siblings. `name` must be a file name, like its process id."""

    def __init__(self, metrics: Metrics, folder: Path, name: str) -> None:
        self._metrics = metrics
        self._folder = folder
        self._mine = folder / f"{name}.prom"

    async def leave_counts(self) -> None:
        """Write this process's counts every two seconds; run it as a task. Its file goes with it."""
        try:
            while True:
                whole = self._mine.with_suffix(".new")
                whole.write_bytes(self._metrics.text())
                whole.replace(self._mine)
                await asyncio.sleep(EVERY_S)
        finally:
            self._mine.unlink(missing_ok=True)

    def text(self) -> bytes:
        """Everybody's counts in Prometheus' text format."""
        texts = {self._mine.stem: self._metrics.text().decode()}
        oldest = time.time() - FORGOTTEN_AFTER_S
        for path in sorted(self._folder.glob("*.prom")):
            try:
                if path != self._mine and path.stat().st_mtime >= oldest:
                    texts[path.stem] = path.read_text(encoding="utf-8")
            except FileNotFoundError:
                continue  # it left just now
        registry = CollectorRegistry()
        registry.register(_Merged(texts))
        return generate_latest(registry)


class _Merged(Collector):
    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before it is read."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The families of all texts, each once, their samples labelled with the process."""
        families: dict[str, Metric] = {}
        for process, text in self._texts.items():
            for found in text_string_to_metric_families(text):
                family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                for sample in found.samples:
                    labels = {**sample.labels, "process": process}
                    family.samples.append(sample._replace(labels=labels))
        return families.values()
