"""Mails: their text, the notes of those that were sent, and the server that takes them."""
