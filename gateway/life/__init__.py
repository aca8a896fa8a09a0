"""The life of a job after its upload, as its owner decides: cancel it, convert it again, delete it."""
