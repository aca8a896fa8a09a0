"""Personal fields of events: sealed, and forgotten with the key of their job."""
