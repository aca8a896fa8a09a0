"""Accounts over HTTP: auth does the work, and the gateway adds cookies and pages."""
