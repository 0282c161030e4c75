"""How fast and how small: figures measured on this machine, never typed by hand.

`python -m bench` runs everything in about a quarter of an hour, `python -m bench feed claim` some of
it, `--write` keeps the reports in docs/bench. Ways of doing one thing are always measured in turns in
the same run, because only their ratio means anything on a shared machine.

Read `harness.py` (samples, turns, ratios, reports) and `servers.py` (private databases) first. Then
`feed.py`, `ingest.py` and `claim.py` measure the three hot paths in SQL; `app.py` starts the real
server and `wire.py` the cheap clients for `heartbeats.py`, `watcher_memory.py` and `claims_http.py`;
`demo_start.py` starts the demo.
"""
