"""The command line: `tracker COMMAND`.

Every command prints one clear sentence and exits 1 when something is wrong that the operator can mend.

A command imports what it needs when it is the one that was asked for: all of them together are half a second
of imports, which every start of a web process or a worker would pay.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence

from db.errors import OperatorError, Problem
from tracker.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    args = _parser(next((word for word in argv if not word.startswith("-")), None)).parse_args(argv)
    try:
        return int(args.run(args))
    except OperatorError as error:
        print(f"tracker: {error}", file=sys.stderr)
    except Problem as error:
        print(f"tracker: {error.detail}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    return 1


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    """The parser of all commands, of which only `wanted` knows its arguments."""
    parser = argparse.ArgumentParser(prog="tracker", description=__doc__, formatter_class=_Help)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, (purpose, describe) in _COMMANDS.items():
        command = commands.add_parser(name, help=purpose)
        if name == wanted:
            describe(command)
    return parser


def _demo(command: argparse.ArgumentParser) -> None:
    from tracker.demo import run_demo

    command.add_argument("--port", type=int, default=None, help="the web port (default 8080, or PORT)")
    command.add_argument("--pros", type=int, default=12, help="how many simulated pros drive")
    command.add_argument("--fresh", action="store_true", help="forget the data of earlier runs first")
    command.set_defaults(run=lambda args: run_demo(port=args.port, pros=args.pros, fresh=args.fresh))


def _serve(command: argparse.ArgumentParser) -> None:
    from tracker.collector import pause_collector

    pause_collector()
    from tracker.serve import serve

    command.add_argument("--workers", type=int, default=1, help="processes behind the one port")
    command.set_defaults(run=lambda args: serve(Settings.from_env(os.environ), workers=args.workers))


def _worker(command: argparse.ArgumentParser) -> None:
    from tracker.collector import pause_collector

    pause_collector()
    from tracker.work import work

    command.set_defaults(run=lambda _args: work(_running()))


def _migrate(command: argparse.ArgumentParser) -> None:
    from db.migrate import migrate

    def run(_args: argparse.Namespace) -> int:
        applied = asyncio.run(migrate(_running().need_database_url()))
        print("\n".join(f"applied {name}" for name in applied) or "the database is up to date")
        return 0

    command.set_defaults(run=run)


def _token(command: argparse.ArgumentParser) -> None:
    from rooms.principal import Role
    from tracker.identity.tokens import mint

    def run(args: argparse.Namespace) -> int:
        secret = Settings.from_env(os.environ).need_secret()
        print(mint(secret, args.sub, Role(args.role), ttl_s=args.hours * 3600))
        return 0

    command.add_argument("--role", choices=[role.value for role in Role], required=True)
    command.add_argument("--sub", required=True, help="the person's id")
    command.add_argument("--hours", type=float, default=12.0, help="how long it is good for")
    command.set_defaults(run=run)


def _simulate(command: argparse.ArgumentParser) -> None:
    from tracker.demo_pros import run_pros

    command.add_argument("--pros", type=int, default=12, help="how many drive")
    command.set_defaults(run=lambda args: run_pros(_running(), args.pros))


def _replay(command: argparse.ArgumentParser) -> None:
    from tracker import replay

    replay.add_arguments(command)
    command.set_defaults(run=lambda args: asyncio.run(replay.run(args)))


def _stand_ins(command: argparse.ArgumentParser) -> None:
    from tracker.stand_ins import command as stand_ins

    stand_ins.add_arguments(command)
    command.set_defaults(run=stand_ins.run)


def _vapid(command: argparse.ArgumentParser) -> None:
    from tracker.messages import vapid

    command.set_defaults(run=lambda _args: vapid.print_new_key())


def _payouts(command: argparse.ArgumentParser) -> None:
    from tracker import payouts_command

    payouts_command.add_arguments(command)
    command.set_defaults(run=lambda args: asyncio.run(payouts_command.payouts(_running(), args)))


def _verify(command: argparse.ArgumentParser) -> None:
    from tracker import verify

    def run(args: argparse.Namespace) -> int:
        return asyncio.run(verify.verify(_running(), provider=not args.no_provider, days=args.days))

    verify.add_arguments(command)
    command.set_defaults(run=run)


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "demo": ("a whole demo city on this machine", _demo),
    "serve": ("the web process", _serve),
    "worker": ("carry out effects and keep the house", _worker),
    "migrate": ("bring the database up to date", _migrate),
    "token": ("print a token for somebody", _token),
    "simulate": ("the demo's pros, against a running server", _simulate),
    "replay": ("play a recorded trace (GPX, CSV) as a pro", _replay),
    "stand-ins": ("local Stripe, Twilio, SendGrid and push services to try", _stand_ins),
    "vapid": ("print a new key for web push", _vapid),
    "payouts": ("list, approve or run payouts", _payouts),
    "verify": ("check job events, ledger and the payment provider's objects", _verify),
}


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the module's docstring as it is written."""


def _running() -> Settings:
    from tracker.serve import with_running_servers

    return with_running_servers(Settings.from_env(os.environ))


if __name__ == "__main__":
    raise SystemExit(main())
