"""A provider of OpenID Connect, run by a Python that has Canaille: openid_app.py PORT FILE.

FILE says who its people and its clients are. It is read again before each ID token: what stands there under
`lies` is said and signed in place of what is true, as an attacker's provider would.
"""

import hmac
import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from canaille.backends.memory.backend import MemoryBackend
from canaille.oidc import provider
from canaille.oidc.jose import server_jwks
from joserfc import jwk, jws
from werkzeug.serving import make_server

PORT, FILE = int(sys.argv[1]), Path(sys.argv[2])
REGISTRY = jws.JWSRegistry(algorithms=list(jws.JWSRegistry.algorithms))
true_claims, having_any = provider.generate_user_claims, MemoryBackend.do_query


def having_all(self, model, *arguments, **wanted):
    """Search as Canaille's databases do: in memory it finds what has any of them, and any code is good."""
    each = [{found.id for found in having_any(self, model, **{key: value})} for key, value in wanted.items()]
    return [
        one for one in having_any(self, model, *arguments, **wanted) if all(one.id in ids for ids in each)
    ]


MemoryBackend.do_query = having_all


def told():
    return json.loads(FILE.read_text())


def claims_of(user, *arguments):
    """What Canaille keeps of somebody, and what it has no place for, such as email_verified."""
    return true_claims(user, *arguments) | told()["people"][user.user_name].get("claims", {})


class OpenIDCode(provider.OpenIDCode):
    def encode_id_token(self, token, request):
        honest = super().encode_id_token(token, request)
        lies = told().get("lies", {})
        if not lies:
            return honest
        header, claims = (
            json.loads(urlsafe_b64decode(part + "===")) | lies.get(name, {})
            for name, part in zip(("header", "claims"), honest.split("."), strict=False)
        )
        for name in lies.get("without", []):
            claims.pop(name, None)
        kept = {name: value for name, value in header.items() if value is not None}
        if lies.get("key") == "public as secret":
            return by_public_key(kept, claims)
        return jws.serialize_compact(kept, json.dumps(claims), signer(lies.get("key")), registry=REGISTRY)


def by_public_key(header, claims):
    """An HMAC whose secret everybody knows; the library would not do that."""
    text = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    secret = server_jwks(include_inactive=False).keys[0].as_pem(private=False)
    return b".".join([text, urlsafe_b64encode(hmac.digest(secret, text, "sha256")).rstrip(b"=")]).decode()


def signer(which):
    own = server_jwks(include_inactive=False).keys[0]
    match which:
        case "another":
            return jwk.RSAKey.generate_key(2048)
        case "none":
            return None
        case _:
            return own


provider.generate_user_claims, provider.OpenIDCode = claims_of, OpenIDCode
app = create_app(
    {
        "SECRET_KEY": "of a test",
        "SERVER_NAME": f"127.0.0.1:{PORT}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory", "SMTP": None},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [told()["key"]]},
    }
)
with app.app_context():
    for name, person in told()["people"].items():
        user = models.User(
            user_name=name,
            family_name=name,
            formatted_name=name,
            emails=[person["email"]],
            password=person["password"],
        )
        Backend.instance.save(user)
        for group in person.get("groups", []):
            known = Backend.instance.get(models.Group, display_name=group)
            known = known or models.Group(display_name=group, members=[])
            known.members = [*known.members, user]
            Backend.instance.save(known)
    for client in told()["clients"]:
        made = models.Client(
            **client,
            client_name=client["client_id"],
            client_uri=f"http://127.0.0.1:{PORT}",  # trusted: nobody is asked for consent
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "email", "groups"],
        )
        Backend.instance.save(made)
        made.audience = [made]
        Backend.instance.save(made)
make_server("127.0.0.1", PORT, app, threaded=True).serve_forever()
