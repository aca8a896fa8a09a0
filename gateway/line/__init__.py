"""The line of jobs that wait for a converter: whose turn it is, and how long it will take."""
