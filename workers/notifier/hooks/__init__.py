"""Webhooks: which want to hear of an event, and the deliveries to them.

The message is `message.py`, its signatures `signature.py`, by Standard Webhooks. What an answer means is in
`outcome.py`.
"""
