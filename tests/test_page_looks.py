"""The pages look as they were last agreed to look: a lost stylesheet, an overlap or a vanished part is seen.

What a picture is and how two are compared is told in `looks.py`; `make looks` draws them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import looks
from tests.scenes import SCENES, Scene, Size, shown
from tests.stage import Stage, open_stage
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
LOOKED_AT = (
    "track-booked", "track-on_the_way", "track-arrived", "track-done",
    "pro-today", "pro-find", "pro-me",
    "dispatch-board", "dispatch-job", "dispatch-payouts", "dispatch-figures", "dispatch-outbox",
)  # fmt: skip
PICTURES = [(scene, size) for scene in SCENES if scene.name in LOOKED_AT for size in scene.sizes]


@pytest.fixture(scope="module")
def stage(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Stage]:
    with open_stage(postgres, template_database, browser) as stage:
        yield stage


@pytest.mark.parametrize(
    ("scene", "size"), PICTURES, ids=[f"{scene.name}-{size}" for scene, size in PICTURES]
)
def test_it_looks_as_agreed(stage: Stage, browser: Browser, scene: Scene, size: Size, tmp_path: Path) -> None:
    with shown(browser, stage, scene, size) as visitor:
        looks.dress(visitor.page)
        looks.check(f"{scene.name}-{size}", visitor.page, tmp_path)
        visitor.page.emulate_media(color_scheme="dark")
        looks.check(f"{scene.name}-{size}-dark", visitor.page, tmp_path)


UNSTYLED = "for (const sheet of document.styleSheets) sheet.disabled = true"
DAMAGES = {
    "a lost stylesheet": ("track-on_the_way", UNSTYLED),
    "vanished facts": ("track-on_the_way", "document.querySelector('#facts').hidden = true"),
    "an overlap": ("track-on_the_way", "document.querySelector('.card').style.translate = '0 60px'"),
    "a vanished card": ("pro-today", "document.querySelector('#jobs li').hidden = true"),
    "a vanished section": ("dispatch-job", "document.querySelector('[data-section=flags]').hidden = true"),
    "another colour": ("pro-today", "document.documentElement.style.setProperty('--accent', '#8a5100')"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_breaks_a_page_is_seen(stage: Stage, browser: Browser, damage: str) -> None:
    name, script = DAMAGES[damage]
    scene = next(scene for scene in SCENES if scene.name == name)
    size: Size = "desk" if name.startswith("dispatch") else "phone"
    agreed = looks.kept(f"{name}-{size}")
    with shown(browser, stage, scene, size) as visitor:
        looks.dress(visitor.page)
        assert not looks.difference(looks.picture(visitor.page), agreed).is_large
        visitor.page.evaluate(f"() => {{ {script} }}")
        assert looks.difference(looks.picture(visitor.page), agreed).is_large


def test_every_kept_picture_is_of_a_scene() -> None:
    wanted = {f"{scene.name}-{size}{dark}.png" for scene, size in PICTURES for dark in ("", "-dark")}
    assert {file.name for file in looks.KEPT.iterdir()} == wanted
