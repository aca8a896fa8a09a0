"""Accounts, passwords, sessions and tokens. Other services reach auth over HTTP and import nothing of it."""
