"""`tracker replay FILE`: options, messages, exit codes."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tracker.replay.device import Device
from tracker.replay.play import play
from tracker.replay.reading import read_traces
from tracker.replay.schedule import Gap, cues
from tracker.replay.traces import BadTrace, choose

FIRST_CONNECTION_S = 10.0
DONE, NOT_ALL_KEPT, BAD_FILE, NOT_LET_IN = 0, 1, 2, 3

EXIT_CODES = """\
exit codes: 0 every point was acked; 1 some were rejected or never acked; 2 the file or an option is wrong;
3 the server could not be reached or refused the token"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options on the `replay` command's parser."""
    parser.epilog = EXIT_CODES
    parser.add_argument("file", type=Path, help="a GPX or CSV file")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the server (default %(default)s)")
    parser.add_argument("--token", default=None, help="the pro's token (default: the TRACKER_TOKEN variable)")
    parser.add_argument("--job", default=None, help="the job it belongs to (default: the pro's active jobs)")
    parser.add_argument("--vehicle", default=None, help="which vehicle (default: the one with most points)")
    parser.add_argument("--trip", default=None, help="only this trip of the vehicle")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="1 for real time, 60 for a minute a second, or max"
    )
    parser.add_argument(
        "--shift-to-now",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="move the recorded times so that the last point is now when it is sent (default)",
    )
    parser.add_argument(
        "--offline",
        type=_gap,
        action="append",
        default=[],
        metavar="START,DURATION",
        help="no network for DURATION seconds of the recording, from START; may be given again",
    )
    parser.add_argument("--quiet", action="store_true", help="print the summary only")


async def run(args: argparse.Namespace) -> int:
    """Play the file; returns the exit code."""
    try:
        trace = choose(read_traces(args.file), args.vehicle, args.trip)
    except BadTrace as error:
        return _fail(f"{args.file}: {error.detail}", BAD_FILE)
    token = args.token or os.environ.get("TRACKER_TOKEN")
    if not token:
        return _fail("a pro's token is needed: --token, or the TRACKER_TOKEN variable", BAD_FILE)
    say: Callable[[str], None] = (lambda _: None) if args.quiet else _say
    async with Device(args.url, token) as device:
        if not await device.connects(FIRST_CONNECTION_S):
            reason = device.refusal.detail if device.refusal else f"{args.url} does not answer"
            return _fail(reason, NOT_LET_IN)
        performance = cues(
            trace, began_at=datetime.now(UTC), speed=args.speed, shift=args.shift_to_now, gaps=args.offline
        )
        say(f"vehicle {trace.vehicle}: {len(performance)} points over {trace.duration_s / 60:.0f} minutes")
        await play(device, performance, args.job, say)
    repeated = f", left out {trace.repeated} with a repeated time" if trace.repeated else ""
    _say(f"{device.tally}{repeated}")
    if device.refusal is not None:
        return _fail(device.refusal.detail, NOT_LET_IN)
    return DONE if device.tally.is_clean else NOT_ALL_KEPT


def _speed(text: str) -> float:
    speed = math.inf if text == "max" else float(text)
    if not speed > 0:
        raise argparse.ArgumentTypeError("the speed is a number above 0, or max")
    return speed


def _gap(text: str) -> Gap:
    start_s, duration_s = (float(part) for part in text.split(","))
    if not (0 <= start_s < math.inf and 0 < duration_s < math.inf):
        raise argparse.ArgumentTypeError("a gap is START,DURATION in seconds")
    return Gap(start_s, duration_s)


def _say(text: str) -> None:
    print(text, flush=True)


def _fail(text: str, code: int) -> int:
    print(f"tracker replay: {text}", file=sys.stderr)
    return code
