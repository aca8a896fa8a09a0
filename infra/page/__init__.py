"""The page in a real browser: icons, pictures for the documents, and how fast it is there."""
