"""The issuers that an operator trusts: OIDC_ISSUERS names them, OIDC_<NAME>_… describes each."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from service.settings import InvalidSetting, Settings, load

LISTED = "OIDC_ISSUERS"
_NAME = re.compile(r"[a-z][a-z0-9]{0,30}")
_LONGEST = 255
"""Characters of an issuer: the directories keep it."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Issuer(Settings, frozen=True, kw_only=True):
    """One issuer, and we as its client. `client_id` is the variable OIDC_<NAME>_CLIENT_ID, and so on.

    `issuer` is the issuer's own name, to the letter. Without a secret this is a public client. Of what
    the claim `roles_claim` holds, `admin_values` make an admin and `user_values` a user (both separated by
    commas); where there are `user_values`, who has none of either is not let in, and without `admin_values`
    roles are left as they are. `registration` is whether strangers get an account; unset, as at the password
    sign-in. `link_accounts` gives somebody the account of the address that this issuer has verified.
    `trust_addresses` takes the issuer's word for an address without `email_verified`.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    client_secret_file: str = ""
    label: str = ""
    scopes: str = "openid email"
    roles_claim: str = ""
    admin_values: str = ""
    user_values: str = ""
    registration: Literal["", "open", "closed"] = ""
    link_accounts: bool = False
    trust_addresses: bool = False

    def secret(self) -> str:
        """Return the client's secret, empty for a public client. Raises InvalidSetting."""
        if not self.client_secret_file:
            return self.client_secret
        try:
            return Path(self.client_secret_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(self.name, f"CLIENT_SECRET_FILE cannot be read: {type(error).__name__}") from None

    def values(self, setting: str) -> frozenset[str]:
        """Return the values in such a setting."""
        return frozenset(each.strip() for each in getattr(self, setting).split(",") if each.strip())

    def check(self) -> None:
        """Raise InvalidSetting if settings contradict each other."""
        if not (is_safe_url(self.issuer) and self.issuer.isascii() and len(self.issuer) <= _LONGEST):
            raise _wrong(self.name, "ISSUER is an https:// URL without query (http:// for this machine only)")
        if self.client_secret and self.client_secret_file:
            raise _wrong(self.name, "CLIENT_SECRET and CLIENT_SECRET_FILE: one of them is too many")
        if "openid" not in self.scopes.split():
            raise _wrong(self.name, "SCOPES needs openid")
        if bool(self.roles_claim) != bool(self.admin_values or self.user_values):
            raise _wrong(self.name, "ROLES_CLAIM goes with ADMIN_VALUES, USER_VALUES or both")
        self.secret()


def issuers(environ: Mapping[str, str]) -> tuple[Issuer, ...]:
    """Read the issuers, in the order of OIDC_ISSUERS. Raises InvalidSetting, naming what is wrong."""
    names = [name.strip() for name in environ.get(LISTED, "").split(",") if name.strip()]
    if len(set(names)) != len(names):
        raise InvalidSetting(f"setting: {LISTED} names an issuer twice")
    found = [_issuer(name, environ) for name in names]
    if len({each.issuer for each in found}) != len(found):  # whose answer it is must be plain
        raise InvalidSetting(f"setting: two of {LISTED} have the same ISSUER")
    return tuple(found)


def is_safe_url(url: str) -> bool:
    """Return True if secrets may go there: by https, or to this machine."""
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    return bool((parts.scheme == "https" or local) and parts.hostname and plain and port_fits)


def _issuer(name: str, environ: Mapping[str, str]) -> Issuer:
    if not _NAME.fullmatch(name):
        raise InvalidSetting(f"setting: {LISTED}: a name is of small letters and digits, such as google")
    prefix = f"OIDC_{name.upper()}_"
    given = {key.removeprefix(prefix): value for key, value in environ.items() if key.startswith(prefix)}
    known = {field.upper() for field in Issuer.__struct_fields__} - {"NAME"}
    if unknown := sorted(given.keys() - known):
        raise _wrong(name, f"{unknown[0]} is no setting; there are {', '.join(sorted(known))}")
    try:
        made = load(Issuer, given | {"NAME": name})
    except InvalidSetting as error:
        raise _wrong(name, str(error).removeprefix("setting: ")) from None
    made.check()
    return made


def _wrong(name: str, text: str) -> InvalidSetting:
    return InvalidSetting(f"setting: OIDC_{name.upper()}_: {text}")
