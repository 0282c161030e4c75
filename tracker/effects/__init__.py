"""Consequences outside the database, one small file each; `registry.py` says which one runs for which name."""
