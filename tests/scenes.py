"""The pages at the moments that people know them at, for tests that look at all of them.

A scene is an address, what stands there once the page is whole, and the taps that lead to it. `shown` opens
one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from playwright.sync_api import Browser

from tests.office import open_job
from tests.pages import PHONE, Visitor, visiting
from tests.pro_phone import at
from tests.stage import Stage
from tests.unharmed import PAT, QUINN, Person

Size = Literal["phone", "desk"]
Scheme = Literal["light", "dark"]
Sizes: TypeAlias = tuple[Size, ...]
PHONES: Sizes = ("phone",)
BOTH: Sizes = ("phone", "desk")
SIZES: dict[Size, dict[str, int]] = {"phone": PHONE, "desk": {"width": 1440, "height": 900}}
Prepare: TypeAlias = Callable[[Visitor, Stage], None]


def _nothing(_visitor: Visitor, _stage: Stage) -> None:
    """The page as it opens."""


@dataclass(frozen=True)
class Scene:
    """One page at one moment. `prepare` taps what leads to it; then `ready` is seen."""

    name: str
    address: Callable[[Stage], str]
    ready: str
    prepare: Prepare = _nothing
    sizes: Sizes = PHONES
    options: dict[str, Any] = field(default_factory=dict)


def _click(*selectors: str) -> Prepare:
    def tap(visitor: Visitor, _stage: Stage) -> None:
        for selector in selectors:
            visitor.page.click(selector)

    return tap


def _many(*then: str) -> Prepare:
    """Tick all jobs of the board, and tap on."""

    def tick(visitor: Visitor, stage: Stage) -> None:
        visitor.page.locator("#jobs [data-job]").first.wait_for()
        _click("#all", *then)(visitor, stage)

    return tick


def _job(moment: str) -> Prepare:
    """Open a job on the dispatch page, and every section of it."""

    def open_it(visitor: Visitor, stage: Stage) -> None:
        open_job(visitor, stage.jobs[moment])
        _unfold(visitor, "#panel [data-section]")

    return open_it


def _read_about(words: str) -> Prepare:
    """Find endpoints in the API's reader, and open them."""

    def find(visitor: Visitor, _stage: Stage) -> None:
        visitor.page.locator("#endpoints h2").first.wait_for()
        visitor.page.fill("#find", words)
        _unfold(visitor, "details:not([hidden])")

    return find


def _extras(visitor: Visitor, _stage: Stage) -> None:
    """Open what a customer may do beside watching."""
    visitor.page.locator("#map[data-dot]").wait_for()
    _unfold(visitor, "#extras details")


def _unfold(visitor: Visitor, details: str) -> None:
    """Open all of these, once the first is there."""
    visitor.page.locator(details).first.wait_for()
    visitor.page.evaluate(
        "(details) => { for (const one of document.querySelectorAll(details)) one.open = true }", details
    )


def _customer(name: str, ready: str, prepare: Prepare = _nothing, sizes: Sizes = PHONES) -> Scene:
    """The page of the customer whose job is at this moment."""
    return Scene(f"track-{name}", lambda stage: stage.track(name), ready, prepare, sizes)


def _pro(name: str, who: Person, ready: str, prepare: Prepare = _nothing, sizes: Sizes = PHONES) -> Scene:
    """The page of a pro whose phone may read its location, near the jobs."""
    may = {"geolocation": at(0.02), "permissions": ["geolocation"]}
    return Scene(f"pro-{name}", lambda stage: stage.phone(who), ready, prepare, sizes, may)


def _desk(
    name: str, ready: str, prepare: Prepare = _nothing, sizes: Sizes = PHONES, fragment: str = ""
) -> Scene:
    """The dispatch page, signed in."""
    return Scene(f"dispatch-{name}", lambda stage: stage.desk(fragment), ready, prepare, sizes)


CUSTOMER = (
    _customer("booked", "#facts dd"),
    _customer("on_the_way", "#extras .fold-body", _extras, BOTH),
    _customer("lost", "#contact[data-signal=lost]"),
    _customer("arrived", "#facts dd"),
    _customer("working", "#facts dd"),
    _customer("done", "#tip .choice", sizes=BOTH),
    _customer("cancelled", ".money-state"),
    Scene("track-inactive", lambda stage: stage.url("track/nobody-made-this-one"), "main.lone h1"),
)
PRO = (
    _pro("today", PAT, "#jobs .button-main", sizes=BOTH),
    _pro("find", QUINN, "#feed li", _click("[data-tab=feed]")),
    _pro("map", QUINN, "#feed-map .offer-pin", _click("[data-tab=feed]", "#feed-as-map")),
    _pro("earnings", PAT, "#earnings .amount", _click("[data-tab=earnings]")),
    _pro("me", PAT, "#reviews li", _click("[data-tab=me]")),
    _pro("messages", PAT, "dialog[open] li", _click("#bell")),
    _pro("signature", PAT, ".signature-pad", _click("[data-key$=':sign']")),
    Scene("pro-signed-out", lambda stage: stage.url("pro"), "main.lone h1"),
)
DISPATCH = (
    _desk("board", "#jobs [data-job]", sizes=BOTH),
    _desk("filters", "#narrow select", _click("#filters")),
    _desk("many", "#bulk-bar button", _many()),
    _desk("assign", "#bulk-pro", _many("#bulk-bar button")),
    _desk("job", "#panel [data-section=timeline] li", _job("done"), BOTH),
    _desk("flagged", "#panel [data-flag]", _job("flagged")),
    _desk("payouts", "#view [data-payout], #view li", fragment="&page=payouts", sizes=BOTH),
    _desk("figures", "#view svg", fragment="&page=figures"),
    _desk("outbox", "#view li", fragment="&page=outbox"),
    _desk("sandbox", "dialog[open] li", _click("#sandbox")),
    _desk("alerts", "dialog[open] li", _click("#bell")),
    Scene("dispatch-signed-out", lambda stage: stage.url("dispatch"), "main.lone h1"),
)
LONE = (
    Scene("paid", lambda stage: stage.url("paid"), "main.lone h1"),
    Scene("not-paid", lambda stage: stage.url("not-paid"), "main.lone h1"),
    Scene("docs", lambda stage: stage.url("docs"), "details[open] td", _read_about("tracking-link")),
)
SCENES = (*CUSTOMER, *PRO, *DISPATCH, *LONE)


@contextmanager
def shown(
    browser: Browser, stage: Stage, scene: Scene, size: Size, *, script: str | None = None, **options: Any
) -> Iterator[Visitor]:
    """Somebody who looks at a scene; `script` runs in the page before its own."""
    settings = {"viewport": SIZES[size], "has_touch": size == "phone", **scene.options, **options}
    with visiting(browser, "about:blank", timezone_id="Europe/London", **settings) as visitor:
        if script is not None:
            visitor.context.add_init_script(script)
        stage.pat_is_seen()
        visitor.page.goto(scene.address(stage))
        scene.prepare(visitor, stage)
        visitor.page.locator(scene.ready).first.wait_for(state="visible", timeout=15_000)
        yield visitor
