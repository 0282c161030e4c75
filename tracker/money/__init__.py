"""Money: holds, captures, refunds, the ledger and payouts, against Stripe or its sandbox.

Read in this order: `provider.py` (what a provider can do), `terms.py` and `split.py` (the rules), `calls.py`
(how a call is made once), `books.py` and `settle.py` (what is written), `holds.py`, `capture.py`, `tips.py`
and `refunds.py` (the flows), `payouts.py`, `follow.py` (what Stripe's events cause), `reconcile.py`.
Amounts are integer cents everywhere.
"""
