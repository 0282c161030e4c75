"""How pages look: pictures of them, small enough to keep, and how far one is from another.

A page is drawn with `block_font` in place of the machine's fonts, so what a picture shows is where things
are, how large they are and what colour they have. It is kept at a quarter of its size in `tests/data/looks`.

    make looks     draws all of them anew; look at what changed before committing

All numbers are drawn alike. Two pictures are compared block by block: a letter more in a line does not
count, a line more does.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Page

from tests.block_font import block_font

KEPT = Path(__file__).parent / "data" / "looks"
WRITE = "LOOKS_WRITE"  # set in the environment: write the pictures instead of comparing them
SHRINK = 4  # times smaller than on the screen
BLOCK = 4  # pixels of a small picture: 16 × 16 of the page
UNLIKE = 5  # of 255: how far the mean of a block may be off
TOLERANCE = 0.006  # the share of blocks that may be unlike: a clock, an age, another rounding
PATIENCE = 10  # looks at a page until it stands still; what still moves is compared as it is
SCRIPTS = Path(__file__).parent / "page_scripts"
DRESS = (SCRIPTS / "dress.js").read_text(encoding="utf-8")
NUMBERS = (SCRIPTS / "numbers.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Difference:
    """How far a page is from what was kept: the share of blocks, and a picture that marks them."""

    share: float
    marked: Image.Image

    @property
    def is_large(self) -> bool:
        """More than another machine or another minute can explain."""
        return self.share > TOLERANCE


def dress(page: Page) -> None:
    """Bars for letters, and nothing that moves."""
    page.evaluate(DRESS, base64.b64encode(block_font()).decode())


def picture(page: Page) -> Image.Image:
    """What is on the screen once it stands still, made small."""
    before, seen = None, _shot(page)
    for _ in range(PATIENCE):
        if before == seen:
            break
        page.wait_for_timeout(150)
        before, seen = seen, _shot(page)
    return seen


def _shot(page: Page) -> Image.Image:
    page.evaluate(NUMBERS)
    shot = page.screenshot(animations="disabled", caret="hide", scale="css")
    return Image.open(io.BytesIO(shot)).convert("RGB").reduce(SHRINK)


def difference(seen: Image.Image, kept: Image.Image) -> Difference:
    """Block by block; pictures of two sizes have nothing in common."""
    if seen.size != kept.size:
        return Difference(1.0, seen)
    red, green, blue = ImageChops.difference(seen, kept).split()
    blocks = ImageChops.lighter(ImageChops.lighter(red, green), blue).reduce(BLOCK)
    unlike = blocks.point([255 if value > UNLIKE else 0 for value in range(256)])
    marked = Image.blend(seen, Image.new("RGB", seen.size, "white"), 0.5)
    draw = ImageDraw.Draw(marked)
    for number, value in enumerate(unlike.tobytes()):
        if value:
            left, top = number % unlike.width * BLOCK, number // unlike.width * BLOCK
            draw.rectangle((left, top, left + BLOCK - 1, top + BLOCK - 1), outline="red")
    return Difference(unlike.histogram()[255] / (unlike.width * unlike.height), marked)


def kept(name: str) -> Image.Image:
    """The picture as it was last agreed on. Raises FileNotFoundError."""
    return Image.open(KEPT / f"{name}.png").convert("RGB")


def keep(name: str, seen: Image.Image) -> None:
    """Agree on how it looks now."""
    KEPT.mkdir(parents=True, exist_ok=True)
    seen.save(KEPT / f"{name}.png", optimize=True)


def check(name: str, page: Page, folder: Path) -> None:
    """Compare the page with its kept picture, or keep it; what is unlike is marked in a file of `folder`."""
    seen = picture(page)
    if os.environ.get(WRITE):
        return keep(name, seen)
    apart = difference(seen, kept(name))
    if apart.is_large:
        where = folder / f"{name}.png"
        apart.marked.resize((seen.width * 3, seen.height * 3)).save(where)
        raise AssertionError(
            f"{name} looks different in {apart.share:.1%} of the page, see {where}; "
            "if that is how it should look: make looks"
        )
    return None


def main() -> int:
    """Draw all pictures anew, with the test's own scenes."""
    words = argparse.ArgumentParser(description="The kept pictures of the pages.")
    words.add_argument("--write", action="store_true", required=True, help="draw them anew")
    words.parse_args()
    os.environ[WRITE] = "1"
    return pytest.main(["-q", "-p", "no:cacheprovider", str(Path(__file__).parent / "test_page_looks.py")])


if __name__ == "__main__":
    sys.exit(main())
