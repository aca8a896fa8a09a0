"""Webhooks as the gateway, which keeps them, and the notifier, which delivers to them, both know them."""
