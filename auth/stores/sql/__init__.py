"""Accounts in PostgreSQL, MySQL or MariaDB. Needs the extra `sql`: nothing outside imports it unasked."""
