"""`tracker stand-ins`: another process reads its settings, uses it and controls it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.ports import free_port
from tests.running import Process, wait_for
from tracker.settings import Settings


@contextmanager
def stand_ins_at(port: int, log: Path) -> Iterator[Process]:
    """The command, running."""
    with Process(["stand-ins", "--port", str(port)], dict(os.environ), log) as process:
        wait_for(lambda: "Ctrl-C" in process.words() or "not all free" in process.words(), "a word from it")
        yield process


def balance_of(settings: Settings) -> int:
    """Our balance at Stripe, in cents."""
    signed_in = {"Authorization": f"Bearer {settings.stripe_secret_key}"}
    told = httpx.get(f"{settings.stripe_api_url}/v1/balance", headers=signed_in, trust_env=False).json()
    return int(told["available"][0]["amount"])


def test_the_command_prints_settings_that_a_tracker_accepts_and_serves_them(tmp_path: Path) -> None:
    port = free_port()
    with stand_ins_at(port, tmp_path / "first.log") as process:
        pairs = re.findall(r"^export (\w+)=(.*)$", process.words(), re.MULTILINE)
        told = {name: shlex.split(value)[0] for name, value in pairs}
        settings = Settings.from_env(told, state=tmp_path)
        assert balance_of(settings) == 0
        control = f"http://127.0.0.1:{port}/_control"
        assert httpx.post(f"{control}/stripe/fund", json={"amount_cents": 500}, trust_env=False).is_success
        assert balance_of(settings) == 500
        listed = httpx.post(f"{control}/help", trust_env=False).json()["controls"]
        assert "POST /_control/push/plan_fault" in listed
        with stand_ins_at(port, tmp_path / "second.log") as second:
            assert "are not all free" in second.words()
            assert second.process is not None
            assert second.process.wait(10) == 1
        assert process.process is not None
        process.process.terminate()
        assert process.process.wait(10) == 0
