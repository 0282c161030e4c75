"""Samples taken in turns, their medians and ratios, and the report that shows them."""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

REPORTS = Path(__file__).resolve().parent.parent / "docs" / "bench"

Sample = Mapping[str, float]  # figure → value
Way = Callable[[], Awaitable[Sample]]


@dataclass
class Turns:
    """Samples of several ways, taken in turns: the n-th samples of all ways belong together."""

    samples: dict[str, list[Sample]]

    def values(self, way: str, figure: str) -> list[float]:
        """All values of one figure, in the order of their taking."""
        return [sample[figure] for sample in self.samples[way]]

    def ratios(self, figure: str, above: str, below: str) -> list[float]:
        """Pair by pair, `above` ÷ `below`."""
        pairs = zip(self.values(above, figure), self.values(below, figure), strict=True)
        return [a / b for a, b in pairs]


async def take_turns(ways: Mapping[str, Way], pairs: int) -> Turns:
    """Sample every way `pairs` times, forwards and backwards in turn so that drift hits all alike."""
    samples: dict[str, list[Sample]] = {name: [] for name in ways}
    for turn in range(pairs):
        for name in list(ways) if turn % 2 == 0 else reversed(list(ways)):
            samples[name].append(await ways[name]())
    return Turns(samples)


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds of processor time: of the whole machine (Linux), and of this process and its ended children."""

    at: float
    machine_s: float
    own_s: float

    @classmethod
    def now(cls) -> CpuTimes:
        """The times so far."""
        fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        user, nice, system, _idle, _iowait, irq, softirq = fields[:7]
        ticks = user + nice + system + irq + softirq
        own = os.times()
        own_s = own.user + own.system + own.children_user + own.children_system
        return cls(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), own_s)

    def cores_of_others(self) -> float:
        """How many cores all other processes have kept busy since."""
        now = CpuTimes.now()
        others = (now.machine_s - self.machine_s) - (now.own_s - self.own_s)
        return max(0.0, others / (now.at - self.at))


@dataclass
class Report:
    """What one benchmark found. `name` is also its file name in docs/bench."""

    name: str
    title: str
    lines: list[str] = field(default_factory=list)
    missed: int = 0
    _noise_before: list[float] = field(default_factory=lambda: calibrate())
    _cpu_before: CpuTimes = field(default_factory=lambda: CpuTimes.now())

    def say(self, text: str = "") -> None:
        """One line of prose (Markdown)."""
        self.lines.append(text)
        print(text, flush=True)

    def table(self, turns: Turns, figures: Mapping[str, str]) -> None:
        """One row per way; `figures` maps a figure to its heading. Cells are median (min–max)."""
        self.rows(
            ["way", *figures.values()],
            [[way, *(spread(turns.values(way, f)) for f in figures)] for way in turns.samples],
        )

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A plain table."""
        self.say()
        self.say("| " + " | ".join(head) + " |")
        self.say("|" + "---|" * len(head))
        for row in rows:
            self.say("| " + " | ".join(row) + " |")
        self.say()

    def target(
        self, what: str, values: Sequence[float], *, least: float | None = None, most: float | None = None
    ) -> None:
        """Hold the median of `values` against a target, and say so."""
        median = statistics.median(values)
        met = (least is None or median >= least) and (most is None or median <= most)
        self.missed += not met
        wanted = f"≥ {least:g}" if least is not None else f"≤ {most:g}"
        kind = "pairs" if "÷" in what else "runs"
        count = f", {len(values)} {kind}" if len(values) > 1 else ""
        self.say(f"- {what}: **{spread(values)}**{count}; target {wanted}: {'met' if met else 'MISSED'}")

    def write(self, footer: str) -> Path:
        """Keep the report in docs/bench."""
        REPORTS.mkdir(parents=True, exist_ok=True)
        path = REPORTS / f"{self.name}.md"
        head = [f"# {self.title}", "", f"Written by `python -m bench {self.name} --write`.", ""]
        path.write_text("\n".join([*head, *self.lines, "", footer, ""]), encoding="utf-8")
        return path

    def footer(self) -> str:
        """The machine, the date, and how noisy the machine was meanwhile."""
        others = self._cpu_before.cores_of_others()
        return (
            f"{datetime.now(UTC):%Y-%m-%d}, {machine()}. Cells are median (min–max). Noise: a fixed loop took"
            f" {spread(self._noise_before)} ms before and {spread(calibrate())} ms after; processes that have"
            f" nothing to do with this kept {others:.2f} cores busy meanwhile"
            + (f", against which this ran at nice {os.nice(0)}." if os.nice(0) else ".")
        )


def calibrate() -> list[float]:
    """Milliseconds that a fixed loop takes, eleven times: the noise of this machine just now."""
    times = []
    for _ in range(11):
        start = time.perf_counter()
        sum(i * i for i in range(200_000))
        times.append((time.perf_counter() - start) * 1e3)
    return times


def machine() -> str:
    """Processor, cores and Python, in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def spread(values: Sequence[float]) -> str:
    """`median (min–max)`, in three significant digits."""
    if any(math.isnan(value) for value in values):
        return "–"
    if len(values) == 1:
        return short(values[0])
    return f"{short(statistics.median(values))} ({short(min(values))}–{short(max(values))})"


def short(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def cpu_us(pid: int) -> float:
    """Microseconds of processor time that all threads of a process have used (Linux, nanosecond clock)."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e3


def resident_kb(pid: int) -> int:
    """Resident memory of a process in KB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)
