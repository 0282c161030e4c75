"""The evidence locker: photos and signatures that show what was done at a job.

Read in this order: `rules.py` (who may add and see what, what is doubtful), `darkroom.py` (a stranger's bytes
become a picture of ours, in a process of its own), `develop.py` (calls it), `locker.py` (keeping one piece
of evidence, whatever crashes), `links.py` (short-lived addresses), `store.py` (where the files lie),
`retention.py` and `sweep.py` (how they go).
"""
