"""HTTP as every service serves it: the server, and the limits that hold for every client of it."""
