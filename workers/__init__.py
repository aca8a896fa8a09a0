"""The services that take work from a queue and publish its result."""
