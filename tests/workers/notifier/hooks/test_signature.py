"""Signatures by Standard Webhooks, as receivers that are not ours read them."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from javascript import node, packages
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.webhooks.store import new_secret
from workers.notifier.hooks.signature import headers

PROGRAM = Path(__file__).with_name("receive.cjs")
BODY = '{"type":"job.converted","data":{"filename":"Ünï \\u2028 \\" <b>.mp4"}}'


def test_the_reference_library_accepts_what_is_signed():
    secret = new_secret()
    signed = headers("d-1", BODY, [secret], datetime.now(UTC))
    assert Webhook(secret).verify(BODY, signed) == json.loads(BODY)
    for changed in (BODY.replace("converted", "failed"), BODY + " "):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(changed, signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed | {"webhook-id": "d-2"})
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, signed)


@pytest.mark.long
def test_svix_in_javascript_accepts_what_is_signed():
    secret = new_secret()
    signed = headers("d-1", BODY, [new_secret(), secret], datetime.now(UTC))
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(packages("svix"))}

    def code(secret: str, body: str) -> int:
        told = json.dumps({"secret": secret, "body": body, "headers": signed})
        program = [str(node()), str(PROGRAM)]
        return subprocess.run(program, input=told, text=True, env=environment, capture_output=True).returncode

    assert [code(secret, BODY), code(secret, BODY + " "), code(new_secret(), BODY)] == [0, 1, 1]


def test_while_a_secret_is_exchanged_receivers_with_either_accept():
    old, new = new_secret(), new_secret()
    signed = headers("d-1", BODY, [new, old], datetime.now(UTC))
    assert signed["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, signed)


def test_a_message_of_long_ago_is_not_taken():
    secret = new_secret()
    signed = headers("d-1", BODY, [secret], datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed)


def test_a_secret_has_the_length_that_the_specification_asks_for():
    assert new_secret().startswith("whsec_")
    assert 24 <= len(Webhook(new_secret())._whsecret) <= 64
    assert new_secret() != new_secret()
