"""Who hears it: the Socket.IO server, transport, membership, presence and the bus.

Read in this order: `principal.py` (who is calling), `names.py` and `events.py` (the words on the wire),
`membership.py` (the one door into a room), `job_rooms.py` (joining, telling, rechecking, presence),
`broadcast.py` and `hearing.py` (telling a room, here and on other nodes), `rights.py` (rights that end),
`sockets.py` (what a client may say), `server.py` (all of it put together); below them the machinery:
`bus.py`, `engine.py`, `transport.py`.
"""
