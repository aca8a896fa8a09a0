"""Where records come from: files, pipes, the log of events at hand or behind a gateway elsewhere."""
