"""The notifier: mails people about the ends of their jobs, and about their accounts."""

SERVICE = "notifier"
