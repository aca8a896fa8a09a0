"""The stored job views: their documents, their store, and the projector that follows the log."""
