"""Drills: what the runbook describes, done for real to a stack of its own. See `infra/README.md`."""
