"""The services that take work from a queue and publish what came of it."""
