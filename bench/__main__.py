"""`python -m bench [name …] [--write]`: run the benchmarks, print what they find, hold it against targets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import uvloop

from bench import (
    badinput,
    bystander,
    claim,
    claims_http,
    cluster,
    demo_start,
    effects,
    feed,
    heartbeats,
    ingest,
    live,
    pages,
    steps,
    watcher_memory,
)
from bench.harness import Report


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One module's two functions."""

    options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Awaitable[Report]]


BENCHMARKS = {
    module.__name__.rpartition(".")[2]: Benchmark(module.options, module.run)
    for module in (
        feed,
        ingest,
        claim,
        heartbeats,
        watcher_memory,
        claims_http,
        effects,
        demo_start,
        bystander,
        cluster,
        badinput,
        steps,
        live,
        pages,
    )
}


def main() -> int:
    """Run what the command line names (everything without names). 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--write", action="store_true", help="keep the reports in docs/bench")
    for benchmark in BENCHMARKS.values():
        benchmark.options(parser)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    missed = 0
    for name in arguments.names or BENCHMARKS:
        print(f"\n=== {name}", flush=True)
        report = uvloop.run(_run(BENCHMARKS[name], arguments))
        footer = report.footer()
        print(footer)
        if arguments.write:
            print(f"written to {report.write(footer)}")
        missed += report.missed
    print(f"\n{missed} targets missed" if missed else "\nall targets met")
    return 1 if missed else 0


async def _run(benchmark: Benchmark, arguments: argparse.Namespace) -> Report:
    return await benchmark.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
