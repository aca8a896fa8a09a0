"""The jobs that a command is about: by ids, places or filters; and what is done to each of them."""
