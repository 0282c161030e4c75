"""Tests: a file per behaviour, names that read as sentences."""
