"""Signing in by OpenID Connect: the authorization code flow with PKCE, at one or more issuers."""
