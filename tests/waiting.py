"""Wait for a condition with a deadline, instead of sleeping and hoping."""

from infra.drills.rig.conditions import wait_for

__all__ = ["wait_for"]
