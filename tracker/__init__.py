"""What happens: positions, jobs, identity, effects, the worker and the command line.

Read in this order: `jobs/lifecycle.py` (the table that is the business), `jobs/transition.py` and
`jobs/claim.py` (how it changes), `effects/` (what a change causes), `worker.py` (who carries it out),
`positions/receive.py` (how a heartbeat becomes a dot), `identity/`, `settings.py`, `cli.py`.
"""
