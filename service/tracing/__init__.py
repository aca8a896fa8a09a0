"""Traces, for services: turned on by the environment, carried over HTTP, exported by OpenTelemetry."""
