"""What people think of each other, and what a home has had done to it.

`rating.py` is the rule of averages and of the alert line, `reviews.py` takes a review in, `moderation.py`
lets dispatch hide one. `home_score.py` is the rule of a home's score, `scoring.py` keeps scores up to date.
"""
