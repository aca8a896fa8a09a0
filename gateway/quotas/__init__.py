"""Usage and its limits: what an account uses now, and who may begin something."""
