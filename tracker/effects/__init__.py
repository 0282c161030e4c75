"""Consequences outside the database, one small file each; `registry.py` says who runs which."""
