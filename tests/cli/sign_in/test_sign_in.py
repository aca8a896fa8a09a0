"""`login`, `logout`, `whoami` and `gateways`, as people type them."""

import asyncio
import re

from cli.client.sessions import kept_at
from infra.local.ports import free_port
from tests.cli.sign_in.conftest import Newcomer
from tests.terminal import Terminal, terminal
from tests.tokens.conftest import PASSWORD


async def code_shown(screen: Terminal) -> str:
    await asyncio.to_thread(screen.until, "Ctrl-C gives up")
    found = re.search(r"there:  ([A-Z]{4}-[A-Z]{4})\r\n", screen.shown)
    assert found, screen.shown
    return found[1]


async def test_a_code_that_is_approved_in_a_browser_signs_in_and_the_gateway_is_meant_from_then_on(
    newcomer: Newcomer,
) -> None:
    with terminal(["login", newcomer.url], rows=50) as screen:
        shown = {"user_code": await code_shown(screen)}
        assert "/device\r\n" in screen.shown
        assert "▀" in screen.shown, "a phone's camera reads it"
        waiting = await newcomer.http.post("/login/device/waiting", json=shown)
        assert waiting.json()["program"] == "tonearm"
        assert (await newcomer.http.post("/login/device/approve", json=shown)).status_code == 204
        assert await asyncio.to_thread(screen.end) == 0
    assert f"Signed in to 127.0.0.1 as {newcomer.email}." in screen.shown
    await newcomer.types("jobs", code=4)  # there are none, and no password is asked for
    who = await newcomer.whoami()
    assert (who["gateway"], who["email"], who["account_id"]) == (
        "127.0.0.1",
        newcomer.email,
        newcomer.account_id,
    )
    assert (who["way"], who["roles"]) == ("browser", ["user"])
    assert who["since"] < who["until"]
    assert newcomer.kept[0].stat().st_mode & 0o777 == 0o600
    assert await newcomer.sessions() == ["tonearm"]

    _, said = await newcomer.types("logout")
    assert said == f"Signed out of 127.0.0.1 as {newcomer.email}.\n"
    assert (await newcomer.sessions(), newcomer.kept) == ([], [])
    await newcomer.types("logout", code=4)
    _, said = await newcomer.types("whoami", code=77)
    assert "or sign in once by `tonearm login 127.0.0.1`" in said


async def test_a_code_that_is_denied_or_given_up_keeps_nothing(newcomer: Newcomer) -> None:
    with terminal(["login", newcomer.url]) as screen:
        shown = {"user_code": await code_shown(screen)}
        assert "▀" not in screen.shown, "there is no room"
        await newcomer.http.post("/login/device/deny", json=shown)
        assert await asyncio.to_thread(screen.end) == 77
        assert "it was denied" in screen.shown
    with terminal(["login", newcomer.url]) as screen:
        await code_shown(screen)
        screen.type("\x03")
        assert await asyncio.to_thread(screen.end) == 130
        assert "Traceback" not in screen.shown
    assert not newcomer.knows_anything


async def test_a_password_is_read_and_never_kept_and_a_wrong_one_changes_nothing(newcomer: Newcomer) -> None:
    login = ("login", newcomer.url, "--password", "--email", newcomer.email, "--name", "home")
    await newcomer.types(*login, given=f"{PASSWORD}\n")
    [kept] = newcomer.kept
    found = kept.read_bytes()
    _, said = await newcomer.types(*login, given="canary wrong password\n", code=77)
    assert "canary" not in said.replace(newcomer.email, "")
    assert kept.read_bytes() == found
    assert PASSWORD.encode() not in found
    assert PASSWORD not in (newcomer.folder / "tonearm/config.toml").read_text()
    assert (await newcomer.whoami())["way"] == "password"
    await newcomer.types("login", "home", "--password", given=f"{PASSWORD}\n")
    assert await newcomer.sessions() == ["tonearm"], "the one before has ended"
    await newcomer.types("login", newcomer.url, "--email", newcomer.email, code=2)
    _, said = await newcomer.types("login", newcomer.url, "--password", given="", code=2)
    assert "nothing came on standard input" in said


async def test_a_key_is_kept_in_place_of_a_session_and_does_what_it_may(newcomer: Newcomer) -> None:
    made = await newcomer.http.post("/keys", json={"name": "laptop", "scopes": ["upload"]})
    upload = made.json()["key"]
    made = await newcomer.http.post("/keys", json={"name": "laptop", "scopes": ["read"]})
    key = made.json()["key"]
    await newcomer.types("login", newcomer.url, "--key", "--name", "narrow", given=upload)
    await newcomer.types("login", newcomer.url, "--key", "--name", "work", given=f"  {key}\n")
    await newcomer.types("jobs", code=4)
    who = await newcomer.whoami()
    assert (who["way"], who["account_id"], who["scopes"]) == ("API key", newcomer.account_id, ["read"])
    assert await newcomer.sessions() == []
    await newcomer.types("logout", "--everywhere", code=77)
    for wrong, code in (("tonearm_made-up", 77), ("two words", 2), ("ä", 2), ("", 2)):
        _, said = await newcomer.types("login", newcomer.url, "--key", given=wrong, code=code)
        assert not wrong or wrong not in said
    _, said = await newcomer.types("logout")
    assert "the API key stays good until it is revoked" in said
    for command in ("jobs", "usage", "top", "whoami"):
        _, said = await newcomer.types(command, code=77)
        assert "nobody to sign in as" in said
    newcomer.monkeypatch.setenv("TONEARM_KEY", key)
    await newcomer.types("jobs", code=4)
    await newcomer.types("logout", code=70)


async def test_signing_out_everywhere_ends_browsers_too(newcomer: Newcomer) -> None:
    await newcomer.types("login", newcomer.url, "--password", "--email", newcomer.email, given=PASSWORD)
    _, said = await newcomer.types("logout", "--everywhere")
    assert "; 1 other session ended, too." in said
    assert newcomer.kept == []
    assert (await newcomer.http.get("/sessions")).status_code == 401


async def test_several_gateways_are_known_by_names(newcomer: Newcomer) -> None:
    login = ("login", newcomer.url, "--password", "--email", newcomer.email, "--name")
    for name in ("home", "work"):
        await newcomer.types(*login, name, given=PASSWORD)
    out, _ = await newcomer.types("gateways")
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["local", "the"],
        ["home", newcomer.url],
        ["*", "work"],
    ]
    await newcomer.types("gateways", "default", "home")
    assert (await newcomer.whoami())["gateway"] == "home"
    assert (await newcomer.whoami("--on", "work"))["gateway"] == "work"
    _, said = await newcomer.types("whoami", "--on", "wrk", code=2)
    assert "no gateway has the name 'wrk' here, but: local, home, work" in said
    await newcomer.types("gateways", "remove", "work")
    out, _ = await newcomer.types("gateways", "--format", "{name} {default}")
    assert out == "local false\nhome true\n"
    await newcomer.types("gateways", "--json")
    await newcomer.types("login", newcomer.url, "--name", "local", code=2)


async def test_where_no_gateway_is_it_is_said_and_one_that_is_away_signs_out_here(
    newcomer: Newcomer,
) -> None:
    config = newcomer.folder / "tonearm/config.toml"
    config.parent.mkdir()
    config.write_text('[gateways.written-by-hand]\nurl = "http://a:hush@127.0.0.1"\n')
    for wrong, code in (
        (f"http://127.0.0.1:{free_port()}", 69),
        (f"{newcomer.url}/jobs/none", 1),
        ("nowhere", 2),
        ("ftp://x.example", 2),
        ("https://a:hush@b.example", 2),
        ("https://hush..example", 2),
        ("written-by-hand", 2),
        ("local", 2),
    ):
        _, said = await newcomer.types("login", wrong, code=code)
        assert "hush" not in said
    config.unlink()
    assert not newcomer.knows_anything
    await newcomer.types("login", newcomer.url, "--password", "--email", newcomer.email, given=PASSWORD)
    away = f"http://127.0.0.1:{free_port()}"
    config.write_text(config.read_text().replace(newcomer.url, away))
    with kept_at(newcomer.folder / "tonearm/sessions", away, newcomer.email).held() as session:
        session.become("a", "b", 900)
    _, said = await newcomer.types("logout", code=69)
    assert "signed out here only" in said
    assert len(newcomer.kept) == 1
    _, said = await newcomer.types("whoami", code=77)


async def test_where_nothing_can_be_kept_nobody_is_asked_to_approve(newcomer: Newcomer) -> None:
    (newcomer.folder / "tonearm").mkdir()
    (newcomer.folder / "tonearm/sessions").write_text("")
    _, said = await newcomer.types("login", newcomer.url, code=73)
    assert "approve" not in said
    (newcomer.folder / "file").write_text("")
    newcomer.monkeypatch.setenv("XDG_CONFIG_HOME", str(newcomer.folder / "file"))
    _, said = await newcomer.types("login", newcomer.url, code=73)
    assert "approve" not in said
