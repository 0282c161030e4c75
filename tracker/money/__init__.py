"""Money: holds, captures, refunds, the ledger and payouts, against Stripe or its sandbox.

Read in this order: `provider.py` (what a provider can do), `calls.py` (how a call is made once), `holds.py`
and `capture.py` (a job's hold), `ledger.py` and `split.py`, `payouts.py`, `stripe_events.py`, `reconcile.py`.
Amounts are integer cents everywhere.
"""
