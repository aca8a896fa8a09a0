"""The system that operators look at: its servers, workers, queues and disks, in words for people."""
