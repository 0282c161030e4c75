"""Where received positions go: the rooms, the fleet, the pro's own phone, and the counters."""

from __future__ import annotations


