"""The servers of the local stack, each a child process: broker, database, mail."""
