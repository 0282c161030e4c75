"""The house stands as designed: imports go down the stairs, files are small and say what they are for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("api", "tracker", "rooms", "db")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
BROUGHT_ALONG = {  # half of a package, under a name of its own
    "engineio": ["python-socketio"],
    "botocore": ["boto3"],
}
LOCK_FILES = sorted((ROOT / "requirements").glob("*.txt"))


def named_in_the_house(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_only_go_down_the_stairs() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", MODULES, ids=named_in_the_house)
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    module = ast.parse(source)
    assert ast.get_docstring(module), "has no docstring"
    assert len(source.splitlines()) <= 300
    assert len(module.body) == 1 or "from __future__ import annotations" in source


def test_the_lock_files_hold_hashes_and_no_address() -> None:
    assert [path.stem for path in LOCK_FILES] == ["dev", "pages", "runtime"]
    for path in LOCK_FILES:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        requirements = re.split(r"\n(?=\S)", text.strip())
        assert all("==" in one and "--hash=sha256:" in one for one in requirements)


def test_everything_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        "runtime": project["dependencies"],
        "pages": project["optional-dependencies"]["pages"],
        "dev": project["optional-dependencies"]["dev"],
    }
    for path in LOCK_FILES:
        locked = set(re.findall(r"^([a-z0-9-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert {re.split(r"[<>=;\[]", line)[0] for line in asked[path.stem]} <= locked


def test_the_house_imports_only_what_a_server_installs() -> None:
    """A package that only the tests install is there in every test, and missing in every deployment."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    packages = {re.split(r"[<>=;\[]", line)[0].lower() for line in asked}
    known = packages_distributions()
    for path in MODULES:
        for module in imported_modules(path) - set(ROOMS) - sys.stdlib_module_names:
            brought_by = {name.lower().replace("_", "-") for name in known[module]} | set(
                BROUGHT_ALONG.get(module, ())
            )
            assert brought_by & packages, f"{named_in_the_house(path)} imports {module}"


def imported_modules(path: Path) -> set[str]:
    """The top-level names that a module imports anywhere in its source."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_a_larger_lock_file_contains_the_smaller_one() -> None:
    dev, pages, runtime = ((path.read_text(encoding="utf-8")) for path in LOCK_FILES)
    for small, large in ((runtime, pages), (pages, dev)):
        assert set(re.findall(r"^\S+==\S+", small, re.MULTILINE)) <= set(
            re.findall(r"^\S+==\S+", large, re.MULTILINE)
        )
