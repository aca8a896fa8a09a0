"""Stores: what auth asks of a database, and each database that answers."""
