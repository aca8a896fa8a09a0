"""Links to a job, for who has no account: the link, its page with a player, and a clip of the audio."""
