"""What a real browser makes of the page: icons, pictures for the documents, and how fast it is there."""
