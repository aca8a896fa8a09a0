"""The parts that all services share: start, stop, settings, logs, HTTP, health, problems, metrics."""
