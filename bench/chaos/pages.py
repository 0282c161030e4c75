"""docs/chaos.md: one section per part, each replaced whenever its part is run with `--write`."""

from __future__ import annotations

import re
from pathlib import Path

from bench.harness import Report

PAGE = Path(__file__).resolve().parents[2] / "docs" / "chaos.md"
HEAD = """# What was broken, and what it cost

Written by `make chaos ARGS=--write`, never by hand. Each section says what was done how often; `--full`
does it as often as the project promises to survive it. "Lost" means that somebody was told it was kept
and it was not there afterwards.
"""
SECTION = re.compile(r"<!-- (\w+) -->\n.*?(?=\n<!-- |\Z)", re.DOTALL)


def write(report: Report) -> Path:
    """Put a part's report into the page, in place of its last one."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    sections = {match[1]: match[0].strip("\n") for match in SECTION.finditer(old)}
    body = "\n".join(report.lines).strip("\n")
    sections[report.name] = f"<!-- {report.name} -->\n## {report.title}\n\n{body}"
    PAGE.write_text(HEAD + "\n" + "\n\n".join(sections.values()) + "\n", encoding="utf-8")
    return PAGE
