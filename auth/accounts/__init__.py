"""Accounts: made, confirmed, changed and removed, and the letters about them."""
