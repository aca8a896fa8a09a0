"""Sessions and API keys: what keeps somebody signed in."""
