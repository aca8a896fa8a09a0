"""Webhooks: making and looking after them (`routes.py`, `webhooks.py`), and what was delivered.

`projection.py` keeps the deliveries in step with the log. The notifier delivers (`workers/notifier/hooks/`).
"""
