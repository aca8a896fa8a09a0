"""The source: a stored video, of which no more is fetched than its sound needs."""
