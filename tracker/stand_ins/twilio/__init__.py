"""The stand-in for Twilio: messages, their status callbacks, numbers that say STOP.

Read `messages.py` (what a message goes through), `service.py` (the API), then `control.py`.
"""

from __future__ import annotations
