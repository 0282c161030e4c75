"""Breaking things on purpose, over and over, and counting what was lost: the figures of reliability.

`python -m bench.chaos` runs every part with small counts in less than ten minutes, `--full` with the
counts that reliability asks for, `python -m bench.chaos kills rights` some parts, `--write` keeps what
they found in docs/chaos.md.

Read `stage.py` (what runs) and `traffic.py` (who uses it meanwhile, and what they remember) first. Then
`kills.py`, `postgres.py` and `valkey.py` break processes, `claims.py` races, and `rights.py` walks at
random over roles, jobs and steps with the oracle of `rights_model.py` beside it.

`consequences.py` has a stage of its own, with providers that can be asked what they did: read
`consequences_stage.py`, `consequences_crowd.py` and `consequences_traffic.py`, then what is counted
afterwards, in `consequences_reckoning.py`.
"""
