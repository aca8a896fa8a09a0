"""From the claims of an issuer to a person of ours. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from auth.addresses import registrable
from auth.errors import InvalidRequest, SignInRefused
from auth.oidc.settings import Issuer
from auth.stores.directory import ADMIN, USER


class Person(Struct, frozen=True, kw_only=True):
    """The person who has signed in. `email` is empty without a usable address; `roles` None changes nothing.

    `verified` is True if the issuer has verified the address. The repr holds no address.
    """

    subject: str
    email: str
    verified: bool
    roles: tuple[str, ...] | None

    def __repr__(self) -> str:
        return f"Person(verified={self.verified!r}, roles={self.roles!r})"


def person(claims: Mapping[str, Any], issuer: Issuer) -> Person:
    """Return who this is. Raises SignInRefused for who has none of the values that are asked for."""
    verified = claims.get("email_verified") is True
    return Person(
        subject=str(claims["sub"]),
        email=_email(claims.get("email")) if verified or issuer.trust_addresses else "",
        verified=verified,
        roles=_roles(claims, issuer),
    )


def lacks(claims: Mapping[str, Any], issuer: Issuer) -> bool:
    """Return True if a claim that is needed is missing."""
    wanted_roles = issuer.roles_claim and _found(claims, issuer.roles_claim) is None
    return "email" not in claims or bool(wanted_roles)


def _email(value: object) -> str:
    try:
        return registrable(value) if isinstance(value, str) else ""
    except InvalidRequest:
        return ""


def _roles(claims: Mapping[str, Any], issuer: Issuer) -> tuple[str, ...] | None:
    if not issuer.roles_claim:
        return None
    values = _values(_found(claims, issuer.roles_claim))
    admins, users = issuer.values("admin_values"), issuer.values("user_values")
    is_admin = not values.isdisjoint(admins)
    if users and not is_admin and values.isdisjoint(users):
        raise SignInRefused("the provider did not name a group of yours that may use this")
    if not admins:
        return None
    return (USER, ADMIN) if is_admin else (USER,)


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """Return the claim of this name, or the one at this path: `realm_access.roles`. None: there is none."""
    if name in claims:  # names may be URLs, with dots
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _values(claim: object) -> frozenset[str]:
    """Return the values of a claim, which may also be a single one."""
    values = claim if isinstance(claim, list) else [claim]
    return frozenset(str(each) for each in values if isinstance(each, str | int))
