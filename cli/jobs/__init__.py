"""`tonearm jobs`: your jobs at a gateway, as a client of its API."""
