"""Everybody may ask who they are: a browser, a program with a token, a key, and nobody."""

from tests.tokens.conftest import Site


async def test_whoever_asks_is_told_who_they_are_and_what_they_may(site: Site) -> None:
    person, revoked = await site.owner(), await site.revoked()
    async with site.client(person["access_token"]) as client:
        told = (await client.get("/session")).json()
        assert (told["state"], told["account"], told["roles"]) == ("in", person["account_id"], ["user"])
        assert "account" in told["scopes"]
        key = (await client.post("/keys", json={"name": "laptop", "scopes": ["upload"]})).json()
        site.canaries.add(key["key"])
    async with site.client(key["key"]) as client:
        told = (await client.get("/session")).json()
        assert (told["state"], told["account"], told["scopes"]) == ("in", person["account_id"], ["upload"])
    another = key["key"][:-1] + ("y" if key["key"][-1] == "x" else "x")
    for nobody in (None, revoked, another, "tonearm_", "made-up", site.forge(iss="else")):
        async with site.client(nobody) as client:
            answer = await client.get("/session")
            assert (answer.status_code, answer.json()["state"], answer.json()["account"]) == (200, "out", "")
