"""A provider of OpenID Connect for the tests: Canaille, a process with a Python environment of its own."""

import html
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from infra.local.addresses import HOST
from infra.local.errors import NotInstalled
from infra.local.ports import free_port
from infra.local.process import Process

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv/canaille/bin/python"
CLIENT_ID, SECRET, PASSWORD = "tonearm: client", "canary se:cret %&+", "canary of the provider"
_HIDDEN = re.compile(r'<input[^>]*name="csrf_token"[^>]*value="([^"]+)"')


class Canaille:
    """One provider: `people` by name, each with an address. It tells the truth until it lies."""

    def __init__(self, redirect_uri: str, people: dict[str, dict[str, Any]]) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._directory = Path(tempfile.mkdtemp(prefix="tonearm-canaille-"))
        self._file = self._directory / "told.json"
        key = generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._told: dict[str, Any] = {
            "key": key.decode(),
            "people": {name: {"password": PASSWORD, **person} for name, person in people.items()},
            "clients": [
                {"client_id": CLIENT_ID, "client_secret": SECRET, "redirect_uris": [redirect_uri]}
                | {"token_endpoint_auth_method": "client_secret_basic"}
            ],
        }
        self.lies()
        self._process: Process | None = None

    async def start(self, timeout: float = 60.0) -> None:
        if not PYTHON.exists():
            raise NotInstalled("Canaille, the provider of OpenID Connect")
        self._process = Process(
            "canaille",
            [str(PYTHON), str(ROOT / "tests/servers/openid_app.py"), str(self.port), str(self._file)],
            log=self._directory / "canaille.log",
            directory=self._directory,
        )
        await self._process.start()
        await self._process.ready(self._answers, timeout)

    async def kill(self) -> None:
        if self._process:
            await self._process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.url}/.well-known/openid-configuration")).is_success
        except httpx.HTTPError:
            return False

    def lies(self, **lies: Any) -> None:
        """From now on say this in ID tokens: `header`, `claims`, `without` some, signed by `key`."""
        self._told["lies"] = lies
        self._file.write_text(json.dumps(self._told))

    def tells(self, name: str, **claims: Any) -> None:
        """From now on say this of somebody."""
        self._told["people"][name].setdefault("claims", {}).update(claims)
        self._file.write_text(json.dumps(self._told))

    async def sign_in(self, location: str, name: str, browser: httpx.AsyncClient) -> str:
        """Go there with a browser, fill in the forms as somebody, and return where it is sent at the end."""
        answer = await browser.get(location)
        for _ in range(12):
            if answer.is_redirect:
                location = urljoin(str(answer.url), answer.headers["location"])
                if not location.startswith(self.url):
                    return location
                answer = await browser.get(location)
                continue
            found = _HIDDEN.search(answer.text)
            assert answer.status_code == 200, answer.text[:2000]
            assert found, answer.text[:2000]
            field = {"password": PASSWORD} if 'name="password"' in answer.text else {"login": name}
            filled = {"csrf_token": html.unescape(found[1]), **field}
            answer = await browser.post(str(answer.url), data=filled)
        raise AssertionError(f"still at {answer.url}: {answer.text[:2000]}")
