"""Who is calling, and whether that still holds.

Read in this order: `claims.py` (what a token must say), `tokens.py` (whose signature counts), `jwks.py`
(the keys of an identity provider), `links.py` (tracking links), `shared_links.py` (those that a customer
passes on), `authenticate.py` (all of it, for a request or a socket).
"""
