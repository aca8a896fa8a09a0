"""Who you are: accounts, passwords, tokens. Imports `events`; nobody imports it, they ask over HTTP."""
