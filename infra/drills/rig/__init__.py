"""The rig of the drills: a private stack, people who use it, and a checker of promises."""
