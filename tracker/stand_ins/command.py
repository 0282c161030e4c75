"""`tracker stand-ins`: the stand-ins in a process of their own, for trying things out by hand."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading

from tracker.stand_ins.serving import StandIns, running_stand_ins

FIRST_PORT = 12_110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--port", type=int, default=FIRST_PORT, help="the first of six ports (default %(default)s)"
    )
    parser.add_argument(
        "--tracker",
        default="http://127.0.0.1:8080",
        metavar="URL",
        help="where webhooks go (default %(default)s)",
    )
    parser.add_argument("--mail", choices=["sendgrid", "smtp"], default="sendgrid", help="how mail is sent")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with running_stand_ins(args.port) as stand_ins:
            stand_ins.tell_tracker_at(args.tracker.rstrip("/"))
            print(introduction(stand_ins, args.mail), flush=True)
            ended.wait()
    except OSError:
        print(f"tracker: ports {args.port} to {args.port + 5} are not all free; choose others with --port")
        return 1
    return 0


def introduction(stand_ins: StandIns, mail: str) -> str:
    """The settings for a Tracker, ready to paste, and where the controls are."""
    settings = [f"export {name}={shlex.quote(value)}" for name, value in stand_ins.env(mail=mail).items()]
    return "\n".join(
        [
            "# No real money, no real messages. Settings for a Tracker that uses these stand-ins:",
            *settings,
            f"# Controls: POST {stand_ins.control_url}/_control/…  (any unknown name lists them all)",
            "# Ctrl-C ends them, and everything they hold is forgotten.",
        ]
    )
