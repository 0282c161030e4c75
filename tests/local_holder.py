"""A process of its own that holds local servers until it is told to let go, for the tests to kill.

`python tests/local_holder.py DATA_DIR UID` prints the servers' URLs as JSON, waits for a line on stdin,
and prints "still there" when Ctrl-C reaches it while PostgreSQL still answers.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tracker.local import LocalServers, LocalUrls  # noqa: E402
from tracker.local_process import LocalProblem  # noqa: E402


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
    interpreter = sys.executable if uid is None else interpreter_for(uid)
    assert interpreter
    packages = [path for path in sys.path if path.endswith("site-packages")]
    process = subprocess.Popen(
        [interpreter, __file__, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=uid,
        group=uid,
        extra_groups=[] if uid else None,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(packages)} | ({"HOME": str(home)} if home else {}),
    )
    assert process.stdout
    said = json.loads(process.stdout.readline())
    if "refusal" in said:
        process.communicate()
        return Holder(process, None, said["refusal"])
    return Holder(process, LocalUrls(**said), "")


def interpreter_for(uid: int) -> str | None:
    """A Python ≥ 3.11 that this user may run; ours may lie in a folder that only root can enter."""
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    for path in (
        sys.executable,
        *(shutil.which(f"python3{minor}", path="/usr/bin") for minor in ("", ".12")),
    ):
        try:
            if path and subprocess.run([path, "-c", new_enough], user=uid, check=False).returncode == 0:
                return path
        except OSError:
            continue
    return None


def socket_of(url: str) -> Path:
    """The folder of PostgreSQL's socket, from its URL."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def main(data_dir: str) -> None:
    try:
        with LocalServers(Path(data_dir)) as urls:
            print(json.dumps(asdict(urls)), flush=True)
            try:
                sys.stdin.readline()
            except KeyboardInterrupt:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(socket_of(urls.database_url) / ".s.PGSQL.5432"))
                print("still there", flush=True)
    except LocalProblem as problem:
        print(json.dumps({"refusal": problem.detail}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
