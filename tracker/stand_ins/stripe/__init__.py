"""The stand-in for Stripe: payment intents, charges, refunds, transfers, keys, checkout, disputes, webhooks.

Read `routes.py` (every operation), `intents.py`, `keys.py`, then `control.py` (what a test may do to it).
"""

from __future__ import annotations
