"""Commands on what is your own at a gateway: presets, keys, sessions, preferences, usage, imports."""
