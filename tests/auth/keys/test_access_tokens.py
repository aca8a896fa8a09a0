import base64
import contextlib
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from auth.errors import InvalidToken
from auth.keys import access_tokens

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
KID = access_tokens.jwk(KEY.public_key())["kid"]
KEYS = {KID: KEY.public_key()}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(
    header: dict[str, Any] | None = None, *, without: str = "", sign: Any = KEY.sign, **claims: Any
) -> str:
    """A token made by hand, good unless told otherwise."""
    head = {"alg": "EdDSA", "typ": "at+jwt", "kid": KID} | (header or {})
    now = int(NOW.timestamp())
    said = {
        "iss": "tonearm",
        "aud": "tonearm",
        "sub": "a",
        "iat": now,
        "exp": now + 60,
        "jti": "j",
        "sid": "s",
        "scope": "read",
        "roles": [],
    }
    said = {name: value for name, value in (said | claims).items() if name != without}
    text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(said).encode())
    return f"{text}.{b64(sign(text.encode()))}"


def test_a_token_tells_what_was_issued_until_it_expires() -> None:
    token = access_tokens.issue(
        KEY,
        access_tokens.Holder(account_id="a1", session_id="s1", roles=("user", "admin"), scopes=("read",)),
        token_id="t1",
        now=NOW,
        lifetime=60,
    )
    assert access_tokens.verify(token.text, KEYS, now=NOW + timedelta(seconds=59)) == token.claims
    assert token.claims.sub == "a1"
    assert token.claims.roles == ("user", "admin")
    assert token.claims.exp - token.claims.iat == 60
    assert json.loads(base64.urlsafe_b64decode(token.text.split(".")[0] + "==")) == {
        "alg": "EdDSA",
        "typ": "at+jwt",
        "kid": KID,
    }
    with pytest.raises(InvalidToken, match="expired"):
        access_tokens.verify(token.text, KEYS, now=NOW + timedelta(seconds=60))


def test_the_hand_made_token_is_good_so_that_each_refusal_below_has_one_cause() -> None:
    assert access_tokens.verify(forge(), KEYS, now=NOW).sub == "a"


def hs256_with_public_key(text: bytes) -> bytes:
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hmac.new(pem, text, hashlib.sha256).digest()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(forge(without="exp"), id="no exp"),
        pytest.param(forge(without="sub"), id="no sub"),
        pytest.param(forge(without="jti"), id="no jti"),
        pytest.param(forge(without="roles"), id="no roles"),
        pytest.param(forge(exp=None), id="exp null"),
        pytest.param(forge(exp="9999999999"), id="exp a string"),
        pytest.param(forge(exp=1e999), id="exp infinite"),
        pytest.param(forge(exp=int(NOW.timestamp())), id="expired"),
        pytest.param(forge(aud="elsewhere"), id="other aud"),
        pytest.param(forge(aud=["tonearm", "elsewhere"]), id="several aud"),
        pytest.param(forge(iss="elsewhere"), id="other iss"),
        pytest.param(forge(roles="admin"), id="roles a string"),
        pytest.param(forge({"typ": "JWT"}), id="other typ"),
        pytest.param(forge({"typ": None}), id="no typ"),
        pytest.param(forge({"kid": "unknown"}), id="unknown kid"),
        pytest.param(forge({"kid": "../../../dev/null"}), id="kid a path"),
        pytest.param(forge({"kid": ["x"]}), id="kid a list"),
        pytest.param(forge({"alg": "none"}, sign=lambda _: b""), id="alg none"),
        pytest.param(forge({"alg": "None"}, sign=lambda _: b""), id="alg None"),
        pytest.param(forge({"alg": "HS256"}, sign=hs256_with_public_key), id="HS256 with the public key"),
        pytest.param(forge({"alg": "HS256"}), id="HS256 named, EdDSA signed"),
        pytest.param(forge({"crit": ["x"], "x": 1}), id="crit"),
        pytest.param(forge(sign=lambda _: b"\0" * 64), id="no signature"),
        pytest.param(forge(sign=Ed25519PrivateKey.generate().sign), id="another key under our kid"),
        pytest.param(forge(sub="a" * 5000), id="longer than 4 kB"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="not base64"),
        pytest.param("e30.e30.", id="empty objects"),
        pytest.param("\ud800.é.", id="not ASCII"),
    ],
)
def test_a_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        access_tokens.verify(token, KEYS, now=NOW)


def test_the_length_is_judged_before_anything_is_parsed() -> None:
    with pytest.raises(InvalidToken, match="too long"):
        access_tokens.verify(forge(sub="a" * 5000), KEYS, now=NOW)


@given(
    st.text(max_size=200)
    | st.builds(
        lambda a, b: forge()[:a] + b + forge()[a:], st.integers(0, 300), st.text(min_size=1, max_size=3)
    )
)
def test_no_text_raises_anything_but_invalid_token(text: str) -> None:
    with contextlib.suppress(InvalidToken):
        access_tokens.verify(text, KEYS, now=NOW)


def test_the_kid_is_the_thumbprint_of_rfc_8037() -> None:
    x = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    public = access_tokens.jwk(Ed25519PublicKey.from_public_bytes(x))
    assert public["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert "d" not in public


def test_a_repr_holds_no_token() -> None:
    token = access_tokens.issue(
        KEY,
        access_tokens.Holder(account_id="a", session_id="s", roles=(), scopes=()),
        token_id="t",
        now=NOW,
        lifetime=60,
    )
    assert token.text not in repr(token)
