"""The pages at the moments that people know them at, for tests that look at all of them.

A scene is an address, what stands there once the page is whole, and the taps that lead to it. `shown` opens
one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser

from tests.office import open_job, section
from tests.pages import PHONE, Visitor, visiting
from tests.pro_phone import at
from tests.stage import Stage
from tests.unharmed import PAT, QUINN, Person

Size = Literal["phone", "desk"]
Scheme = Literal["light", "dark"]
SIZES: dict[Size, dict[str, int]] = {"phone": PHONE, "desk": {"width": 1440, "height": 900}}
SECTIONS = ("flags", "money", "messages", "evidence", "reviews", "timeline")


@dataclass(frozen=True)
class Scene:
    """One page at one moment. `prepare` taps what leads to it; then `ready` is seen."""

    name: str
    address: Callable[[Stage], str]
    ready: str
    prepare: Callable[[Visitor, Stage], None] = lambda _visitor, _stage: None
    sizes: tuple[Size, ...] = ("phone", "desk")
    options: dict[str, Any] = field(default_factory=dict)


def _tab(name: str) -> Callable[[Visitor, Stage], None]:
    return lambda visitor, _stage: visitor.page.click(f"[data-tab={name}]")


def _click(selector: str) -> Callable[[Visitor, Stage], None]:
    return lambda visitor, _stage: visitor.page.click(selector)


def _job(moment: str) -> Callable[[Visitor, Stage], None]:
    """Open a job on the dispatch page, and every section of it."""

    def open_it(visitor: Visitor, stage: Stage) -> None:
        open_job(visitor, stage.jobs[moment])
        for name in SECTIONS:
            section(visitor, name)

    return open_it


AT_THE_DOOR = {"geolocation": at(0.02), "permissions": ["geolocation"]}


def _pro(name: str, who: Person, ready: str, prepare: Callable[[Visitor, Stage], None]) -> Scene:
    at_the_door = AT_THE_DOOR if name == "find" else {}
    return Scene(f"pro-{name}", lambda stage: stage.phone(who), ready, prepare, ("phone",), at_the_door)


def _customer(moment: str, ready: str, sizes: tuple[Size, ...] = ("phone",)) -> Scene:
    return Scene(f"track-{moment}", lambda stage: stage.track(moment), ready, sizes=sizes)


CUSTOMER = (
    _customer("booked", "#facts dd"),
    _customer("on_the_way", "#map[data-dot]", ("phone", "desk")),
    _customer("lost", "#contact[data-signal=lost]"),
    _customer("arrived", "#facts dd"),
    _customer("working", "#facts dd"),
    _customer("done", "h1", ("phone", "desk")),
    _customer("cancelled", "h1"),
    Scene(
        "track-inactive",
        lambda stage: stage.url("track/nobody-made-this-one"),
        "main.lone h1",
        sizes=("phone",),
    ),
)
PRO = (
    Scene("pro-today", lambda stage: stage.phone(), "#jobs .button-main", options=AT_THE_DOOR),
    _pro("find", QUINN, "#feed li", _tab("feed")),
    _pro("earnings", PAT, "#earnings .amount", _tab("earnings")),
    _pro("me", PAT, "#reviews li", _tab("me")),
    _pro("messages", PAT, "dialog[open] li", _click("#bell")),
    Scene("pro-signed-out", lambda stage: stage.url("pro"), "main.lone h1", sizes=("phone",)),
)
DISPATCH = (
    Scene("dispatch-board", lambda stage: stage.desk(), "#jobs [data-job]"),
    Scene("dispatch-job", lambda stage: stage.desk(), "#panel [data-section=timeline] li", _job("done")),
    Scene("dispatch-flagged", lambda stage: stage.desk(), "#panel [data-flag]", _job("flagged")),
    Scene("dispatch-payouts", lambda stage: stage.desk("&page=payouts"), "#view h1"),
    Scene("dispatch-figures", lambda stage: stage.desk("&page=figures"), "#view svg"),
    Scene("dispatch-outbox", lambda stage: stage.desk("&page=outbox"), "#view h1"),
    Scene("dispatch-sandbox", lambda stage: stage.desk(), "dialog[open] li", _click("#sandbox")),
    Scene("dispatch-alerts", lambda stage: stage.desk(), "dialog[open] li", _click("#bell"), sizes=("desk",)),
    Scene("dispatch-signed-out", lambda stage: stage.url("dispatch"), "main.lone h1", sizes=("desk",)),
)
LONE = (
    Scene("paid", lambda stage: stage.url("paid"), "main.lone h1", sizes=("phone",)),
    Scene("not-paid", lambda stage: stage.url("not-paid"), "main.lone h1", sizes=("phone",)),
    Scene("docs", lambda stage: stage.url("docs"), "#endpoints h2"),
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
