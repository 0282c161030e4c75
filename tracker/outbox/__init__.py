"""How effects are carried out; what each does is in `tracker/effects/`, and `tracker/worker.py` drives both.

Read `pace.py` (how many at once, how long each), `carry_out.py` (one try), `endings.py` (writing down how
tries ended), `dead_alert.py` and `dead_letters.py` (what was put aside).
"""
