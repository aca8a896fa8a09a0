"""Signing in to gateways, by name: `login`, `logout`, `whoami`, `gateways`."""
