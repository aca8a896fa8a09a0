"""Drills: what the runbook says, done for real to a stack of its own. See `infra/README.md`."""
