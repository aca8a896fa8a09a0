"""The administrators' view: everybody's jobs, work that was given up, workers, queues, and the log's lag."""
