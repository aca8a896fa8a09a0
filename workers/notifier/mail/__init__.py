"""Mails: what they say, whether they were sent, and the server that takes them."""
