"""Metrics that all services share, in Prometheus' text format.

Names follow Prometheus' conventions (base units, `_total`); where OpenTelemetry has named something already,
such as HTTP requests, its names. Labels have few values for ever: routes, states, outcomes, never an id, a
path or an address. infra/monitoring.md lists them all.
"""
