"""Every page at every moment can be used by everybody: axe-core finds nothing serious, and thumbs hit.

axe-core looks at names, roles, contrast, order and much more; it is a package of the tests and never served.
Sizes of what is touched, what covers what, and what is cut off are rules of our own (`layout_rules.js`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.pages import visiting
from tests.scenes import SCENES, Scene, Size, shown
from tests.stage import Stage, open_stage
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
SCRIPTS = Path(__file__).parent / "page_scripts"
AXE = (Path(__file__).parent.parent / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
RULES = (SCRIPTS / "layout_rules.js").read_text(encoding="utf-8")
GRAVE = ("serious", "critical")
VIOLATIONS = (SCRIPTS / "violations.js").read_text(encoding="utf-8")
WORDY = "es-MX"  # Spanish needs more room than English: what holds in it, holds in both
VIEWS = [(scene, size) for scene in SCENES for size in scene.sizes]
CONTRAST = ["color-contrast"]  # all that light or dark can change
FAULTY = "http://faulty.test/"


@pytest.fixture(scope="module")
def stage(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Stage]:
    with open_stage(postgres, template_database, browser) as stage:
        yield stage


def grave(page: Page, only: list[str] | None = None) -> list[str]:
    """What axe-core finds serious or critical, one line for each element."""
    found: list[dict[str, Any]] = page.evaluate(VIOLATIONS, only)
    return [f"{one['id']} ({one['impact']}): {one['where']}" for one in found if one["impact"] in GRAVE]


def broken(page: Page, *rules: str) -> list[str]:
    """What breaks these rules of ours."""
    return [f"{rule}: {one}" for rule in rules for one in page.evaluate(f"() => layoutRules.{rule}()")]


@pytest.mark.parametrize(("scene", "size"), VIEWS, ids=[f"{scene.name}-{size}" for scene, size in VIEWS])
def test_nothing_stands_in_anybodys_way(stage: Stage, browser: Browser, scene: Scene, size: Size) -> None:
    with shown(browser, stage, scene, size, script=AXE + RULES, bypass_csp=True, locale=WORDY) as visitor:
        page = visitor.page
        found = grave(page)
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {one}" for one in grave(page, CONTRAST)]
        found += broken(page, "overflow", "clipped", *(("small",) if size == "phone" else ()), "covered")
    assert not found, "\n".join(sorted(set(found)))


def test_a_page_with_these_faults_is_found_out(browser: Browser) -> None:
    with visiting(browser, "about:blank", bypass_csp=True) as visitor:
        visitor.context.add_init_script(AXE + RULES)
        visitor.page.route(FAULTY, lambda route: route.fulfill(path=SCRIPTS / "faulty.html"))
        visitor.page.goto(FAULTY)
        named = {one.split(" ")[0] for one in grave(visitor.page)}
        assert {"button-name", "color-contrast"} <= named
        assert grave(visitor.page, CONTRAST)
        broke = broken(visitor.page, "overflow", "clipped", "small", "covered")
        for rule in ("overflow: the page", "clipped: <button", "small: <button", "covered: <a#under"):
            assert any(one.startswith(rule) for one in broke), (rule, broke)
