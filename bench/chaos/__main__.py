"""`python -m bench.chaos [part …] [--full] [--write]`: break things, and count what was lost."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from bench.chaos import claims, consequences, kills, money, pages, postgres, rights, valkey
from bench.harness import Report

PARTS = {
    "kills": kills.run,
    "postgres": postgres.run,
    "valkey": valkey.run,
    "claims": claims.run,
    "rights": rights.run,
    "consequences": consequences.run,
    "money": money.run,
}


def main() -> int:
    """Run what the command line names (everything without names). 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--full", action="store_true", help="the counts that reliability asks for: hours")
    parser.add_argument("--write", action="store_true", help="keep what was found in docs/chaos.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    missed = 0
    for name in arguments.parts or PARTS:
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        report: Report = asyncio.run(PARTS[name](arguments.full))
        report.say(f"\nThis took {time.monotonic() - began:.0f} s. {report.footer()}")
        if arguments.write:
            print(f"written to {pages.write(report)}")
        missed += report.missed
    print(f"\n{missed} targets missed" if missed else "\nall targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
