"""The gateway: HTTP in, events out. Uploads, downloads, job views and their live events."""
