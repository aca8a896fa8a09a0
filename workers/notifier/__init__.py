"""The notifier: tells people by mail how their jobs ended, and what concerns their accounts."""

SERVICE = "notifier"
