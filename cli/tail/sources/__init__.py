"""The sources of records: files, pipes, the log of events at hand or behind a gateway elsewhere."""
