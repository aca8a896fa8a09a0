"""A client of the gateway's HTTP API."""
