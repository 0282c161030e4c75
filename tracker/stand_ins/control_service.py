"""The stand-ins controlled from another process: `POST /_control/stripe/pay_checkout {"session_id": "cs_…"}`.

The words after `/_control/` are a service and one of its controls; the JSON object has its arguments. Every
service has `plan_fault` and `clear_faults` besides; `all/advance {"seconds": 86400}` moves time.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from tracker.stand_ins.faults import Faults
from tracker.stand_ins.wire import Answer, Request, json_answer

PREFIX = "/_control/"


class ControlService:
    """Calls controls by name. Nobody signs in: it listens on 127.0.0.1 and holds nothing of worth."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._controls: dict[str, Callable[..., Any]] = {}

    def offer(self, service: str, owner: object, names: tuple[str, ...]) -> None:
        """Let these methods be called."""
        for name in names:
            self._controls[f"{service}/{name}"] = getattr(owner, name)

    def offer_faults(self, service: str, faults: Faults) -> None:
        """Let a service's faults be planned."""
        self._controls[f"{service}/plan_fault"] = lambda **told: dataclasses.asdict(faults.plan(**told))
        self._controls[f"{service}/clear_faults"] = faults.clear

    def begin(self, _request: Request) -> Answer | None:
        """Everybody may come in."""
        return None

    def answer(self, request: Request) -> Answer:
        """Call one control; what it cannot do is answered with 400."""
        control = self._controls.get(request.path.removeprefix(PREFIX))
        if request.method != "POST" or control is None:
            known = sorted(f"POST {PREFIX}{name}" for name in self._controls)
            return json_answer(404, {"problem": "no such control", "controls": known})
        try:
            told: Mapping[str, Any] = json.loads(request.body or b"{}")
            return json_answer(200, {"result": control(**told)})
        except Exception as error:  # noqa: BLE001 - whatever a control raises is the caller's to read
            return json_answer(400, {"problem": f"{type(error).__name__}: {error}"})

    def fail(self, _request: Request, status: int, *, done: bool) -> Answer:
        """An injected error."""
        return json_answer(status, {"problem": "injected", "done": done})

    def end(self, _request: Request) -> None:
        """Nothing to tidy up."""
