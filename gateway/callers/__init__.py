"""Callers: who asks, from where, and what they may do."""
