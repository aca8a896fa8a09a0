"""Private podcasts: feeds of an account's audio for podcast clients, each under a token of its own."""
