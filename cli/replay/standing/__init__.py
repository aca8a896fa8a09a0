"""The standing of log, queues and views: what is to be known, how it is found out and shown."""
