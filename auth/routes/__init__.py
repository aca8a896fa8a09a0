"""The routes of auth: parse, one call of the domain, answer."""
