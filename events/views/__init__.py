"""Stored job views: what is kept, under which lease, and how it keeps in step with the log."""
