"""What drills work with: a private stack, people who use it, and a checker of promises."""
