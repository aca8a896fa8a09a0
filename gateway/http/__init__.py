"""HTTP as the standards have it: bodies, ranges, problems, and limits on who may wait."""
