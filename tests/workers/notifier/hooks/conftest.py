import ssl
from pathlib import Path

import pytest
from servers.certificate import certificate


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """A server's certificate that nobody trusts."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
