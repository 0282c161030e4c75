"""What is forgiven to the machine that runs the tests."""

from __future__ import annotations

BUSY_S = 2.0  # beside what is promised: two busy cores stall for a second now and then; `bench/` measures
