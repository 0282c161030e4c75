"""A node of the bench as a process: orders go in as lines, and each is answered by one line."""

from __future__ import annotations

import select
import subprocess
import sys

from bench.app import ROOT
from bench.harness import cpu_us
from bench.live_peers import die_with_parent

ANSWER_PATIENCE_S = 60.0


class NodeProcess:
    """`python -m MODULE WORDS…`, which says `ready` once it is. Raises RuntimeError when it does not."""

    def __init__(self, module: str, *words: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, words)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        answer = self._answer()
        if answer != "ready":
            self.stop()
            raise RuntimeError(f"a node of the bench does not start: {answer}")

    @property
    def cpu_us(self) -> float:
        """Processor time that it has used so far, in microseconds."""
        return cpu_us(self._process.pid)

    def order(self, words: str) -> str:
        """Give an order; returns the answer once it is carried out. Raises RuntimeError without one."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """Let it end by itself, or end it when it will not."""
        try:
            self._process.communicate(timeout=ANSWER_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], ANSWER_PATIENCE_S)
        line = self._process.stdout.readline() if readable else ""
        if not line:
            raise RuntimeError(f"a node of the bench gives no answer: {self._process.args!r}")
        return line.strip()
