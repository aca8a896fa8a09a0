"""Jobs as their owners see them: one, a list, and live events."""
