"""The failure plan names tests that exist, and no test of bad input is missing from it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLAN = (ROOT / "docs" / "failure-plan.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(test_\w+)::(test_\w+)`", PLAN))


def found_in(path: Path) -> set[tuple[str, str]]:
    """(file without its ending, test) of every test that pytest collects from a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return {(path.stem, node.name) for node in found if node.name.startswith("test_")}


def test_every_test_that_the_plan_names_exists() -> None:
    existing = {test for path in (ROOT / "tests").glob("test_*.py") for test in found_in(path)}
    assert len(NAMED) > 80
    assert NAMED - existing == set()


def test_every_test_of_bad_input_is_in_the_plan() -> None:
    bad = {test for path in (ROOT / "tests").glob("test_bad_*.py") for test in found_in(path)}
    assert bad - NAMED == set()


def test_every_row_of_the_plan_names_a_test() -> None:
    rows = [line for line in PLAN.splitlines() if line.startswith("| ") and not line.startswith("| what ")]
    assert len(rows) > 50
    assert [row for row in rows if "::" not in row] == []
