"""A job's life: how it comes to be, where it may go, who gets it, and what is known of it.

Read `lifecycle.py` (the table), `consequences.py` (what each step causes), `transition.py` (one step),
`claim.py` and `assign.py` (who gets it), `facts.py` (what changes beside the status). Then the ways in:
`orders.py`, `intake.py`; what is to be installed: `metadata.py`, `install.py`, `order_plan.py`; what may go
wrong: `pain_flags.py`, `flagging.py`; appointments: `windows.py`, `overlaps.py`, `schedule.py`.
"""
