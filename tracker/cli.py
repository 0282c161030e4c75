"""The command line: `tracker COMMAND`.

Every command prints one clear sentence and exits 1 when something is wrong that the operator can mend.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from db.errors import Problem
from db.migrate import MigrationError, migrate
from rooms.principal import Role
from tracker import payouts_command, replay, verify
from tracker.demo import run_demo
from tracker.demo_processes import DemoProblem
from tracker.demo_pros import run_pros
from tracker.identity.tokens import mint
from tracker.local_process import LocalProblem
from tracker.messages import vapid
from tracker.serve import ServeProblem, serve, with_running_servers
from tracker.settings import Settings, SettingsError
from tracker.stand_ins import command as stand_ins
from tracker.work import work


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except (SettingsError, MigrationError, LocalProblem, ServeProblem, DemoProblem) as error:
        print(f"tracker: {error}", file=sys.stderr)
    except Problem as error:
        print(f"tracker: {error.detail}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tracker", description=__doc__, formatter_class=_Help)
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("demo", help="a whole demo city on this machine")
    command.add_argument("--port", type=int, default=None, help="the web port (default 8080, or PORT)")
    command.add_argument("--pros", type=int, default=12, help="how many simulated pros drive")
    command.add_argument("--fresh", action="store_true", help="forget the data of earlier runs first")
    command.set_defaults(run=lambda args: run_demo(port=args.port, pros=args.pros, fresh=args.fresh))

    command = commands.add_parser("serve", help="the web process")
    command.add_argument("--workers", type=int, default=1, help="processes behind the one port")
    command.set_defaults(run=lambda args: serve(Settings.from_env(os.environ), workers=args.workers))

    command = commands.add_parser("worker", help="carry out effects and keep the house")
    command.set_defaults(run=lambda _args: work(_running()))

    command = commands.add_parser("migrate", help="bring the database up to date")
    command.set_defaults(run=lambda _args: _migrate(_running()))

    command = commands.add_parser("token", help="print a token for somebody")
    command.add_argument("--role", choices=[role.value for role in Role], required=True)
    command.add_argument("--sub", required=True, help="the person's id")
    command.add_argument("--hours", type=float, default=12.0, help="how long it is good for")
    command.set_defaults(run=lambda args: _token(Settings.from_env(os.environ), args))

    command = commands.add_parser("simulate", help="the demo's pros, against a running server")
    command.add_argument("--pros", type=int, default=12, help="how many drive")
    command.set_defaults(run=lambda args: run_pros(_running(), args.pros))

    command = commands.add_parser("replay", help="play a recorded trace (GPX, CSV) as a pro")
    replay.add_arguments(command)
    command.set_defaults(run=lambda args: asyncio.run(replay.run(args)))

    command = commands.add_parser("stand-ins", help="local Stripe, Twilio, SendGrid and push services to try")
    stand_ins.add_arguments(command)
    command.set_defaults(run=stand_ins.run)

    command = commands.add_parser("vapid", help="print a new key for web push")
    command.set_defaults(run=lambda _args: vapid.print_new_key())

    command = commands.add_parser("payouts", help="list, approve or run payouts")
    payouts_command.add_arguments(command)
    command.set_defaults(run=lambda args: asyncio.run(payouts_command.payouts(_running(), args)))

    command = commands.add_parser(
        "verify", help="check job events, ledger and the payment provider's objects"
    )
    verify.add_arguments(command)
    command.set_defaults(
        run=lambda args: asyncio.run(verify.verify(_running(), provider=not args.no_provider, days=args.days))
    )
    return parser


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the module's docstring as it is written."""


def _running() -> Settings:
    return with_running_servers(Settings.from_env(os.environ))


def _migrate(settings: Settings) -> int:
    applied = asyncio.run(migrate(settings.need_database_url()))
    print("\n".join(f"applied {name}" for name in applied) or "the database is up to date")
    return 0


def _token(settings: Settings, args: argparse.Namespace) -> int:
    print(mint(settings.need_secret(), args.sub, Role(args.role), ttl_s=args.hours * 3600))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
