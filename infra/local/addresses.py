"""Addresses at which a server of this machine is reached."""

HOST = "127.0.0.1"


def reachable(host: str) -> str:
    """Return the address at which a server that listens on `host` is reached from this machine."""
    return {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # noqa: S104 – compared, not bound


def http_url(host: str, port: int) -> str:
    """Return the URL of a server that listens there."""
    host = reachable(host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
