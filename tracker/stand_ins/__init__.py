"""Local servers that speak Stripe's, Twilio's, SendGrid's and a push service's HTTP, for tests.

The real SDKs run against them unchanged. They enforce the services' rules and can be told to misbehave.

Read `serving.py` (what runs), `faults.py` (how it goes wrong), `wire.py` (the HTTP server), then one service.
"""

from __future__ import annotations

from tracker.stand_ins.faults import Kind
from tracker.stand_ins.serving import StandIns, running_stand_ins

__all__ = ["Kind", "StandIns", "running_stand_ins"]
