"""What people are told: the bell, SMS, mail and web push; who wants what, and when.

Read `kinds.py` first (every kind of message and its channels), then `notify.py` (one call tells everybody
concerned, once), `texts.py` with its two catalogues, `channels.py` (what a provider of a channel can do),
and `sending.py` (one delivery: at most one resend, and only after looking). Each provider has a file.
"""
