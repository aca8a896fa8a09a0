"""What a cluster or a compose file needs beside its manifests: the broker's users and what is secret."""
