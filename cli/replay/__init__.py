"""The replay tool: read the log, travel in it, check the views against it, and build them anew."""
