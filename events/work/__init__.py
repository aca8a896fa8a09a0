"""Work from queues: a piece of it, the worker that takes it, and what becomes of it."""
