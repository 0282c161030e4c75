"""Thin HTTP: routes, auth, error bodies, OpenAPI, the composition root, the built pages.

Read `app.py` first (what is put together and in which order), then one small module per noun.
"""
