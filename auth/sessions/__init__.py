"""Sessions and API keys."""
