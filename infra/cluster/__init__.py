"""The parts of a cluster or a compose file that are no manifest: the broker's users and the secrets."""
