"""How a phone's heartbeat becomes a dot on a map, a line in the trail and a word about contact.

The rules are pure and stand alone: `heartbeat.py` (is it well formed), `filters.py` (can it be believed),
`geo.py`, `policy.py` (how often the phone should send), `contact.py` (is the pro heard from), `eta.py`,
`arrival.py`. The flow then reads from `receive.py` (the steps of one message), `judging.py` (the
rules applied to it) and `forms.py` (what is written and shown) through `live_pro.py` and `live_pros.py`
(what a node knows about each pro) to `ingest.py` (the group commit). `outputs.py` says who hears of it;
`routing.py` asks a routing service, when there is one.
"""
