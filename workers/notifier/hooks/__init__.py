"""Webhooks: from news of a job to deliveries, and from these to receivers.

The message is `message.py`, its signatures `signature.py`, by Standard Webhooks. What an answer means is in
`outcome.py`.
"""
