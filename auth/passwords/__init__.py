"""Passwords: how they are hashed, and which may be chosen."""
