"""Callers: their tokens, cookies and addresses, and the guard that checks them."""
