"""Stored views against the log, in bulk: built anew, compared, and put into words."""
