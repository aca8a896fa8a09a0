"""What a person typed: sealed in events, and forgotten with its key."""
