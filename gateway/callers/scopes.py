"""Which scope each route needs. One that is not named here is closed to everybody."""

from collections.abc import Mapping

READ, UPLOAD, ADMIN = "read", "upload", "admin"
ACCOUNT = "account"
"""Sessions and keys: only who has signed in has it, no API key does."""

_NEEDED: Mapping[str, str | Mapping[str, str]] = {
    "/upload": UPLOAD,
    "/upload/{filename}": UPLOAD,
    "/preset": {"GET": READ, "PUT": UPLOAD, "DELETE": UPLOAD},
    "/jobs": READ,
    "/jobs/{job_id}": READ,
    "/jobs/{job_id}/media": READ,
    "/jobs/{job_id}/outputs": UPLOAD,
    "/jobs/{job_id}/events": READ,
    "/jobs/{job_id}/audio": READ,
    "/events": READ,
    "/download": READ,
    "/logout/everywhere": ACCOUNT,
    "/keys": ACCOUNT,
    "/password": ACCOUNT,
    "/invitations": ADMIN,
    "/keys/{key_id}": ACCOUNT,
}


def needed(method: str, route: str) -> str | None:
    """Return the scope that a call needs; None for a route that nobody has thought of."""
    found = _NEEDED.get(route)
    if found is None or isinstance(found, str):
        return found
    return found.get("GET" if method == "HEAD" else method)
