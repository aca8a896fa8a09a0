"""The gateways that a person knows: what they wrote stays, and what they did not is never lost."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli.client.config import Config, ConfigFile, Known, checked_name, default_is
from cli.client.own_files import locked, settings_folder
from cli.errors import Refused, WrongArgument

HOME = Known("https://tonearm.example.org", "ada@example.org")


@pytest.fixture
def config(tmp_path: Path) -> ConfigFile:
    return ConfigFile({"XDG_CONFIG_HOME": str(tmp_path)})


def test_a_gateway_is_known_by_its_name_and_the_last_one_is_meant_unless_told(config: ConfigFile) -> None:
    config.add("home", HOME)
    config.add("work.example.org", Known("https://work.example.org"))
    found = config.read()
    assert (found.default, found.named("home"), found.name_of(HOME.url)) == ("work.example.org", HOME, "home")
    assert config.path.stat().st_mode & 0o777 == 0o600
    config.choose("local")
    assert config.read().default == "local"
    config.choose("home")
    config.remove("home")
    assert list(config.read().gateways) == ["work.example.org"]
    assert config.read().default == ""
    for change in (config.choose, config.remove, config.read().named):
        with pytest.raises(WrongArgument, match="'home' here, but: local, work"):
            change("home")


def test_what_a_person_wrote_stays_and_a_link_stays_a_link(config: ConfigFile, tmp_path: Path) -> None:
    written = tmp_path / "dotfiles.toml"
    written.write_text('# mine\nown = 1\n[gateways]\nhome = {url = "https://a"}  # the old one\n')
    config.path.parent.mkdir()
    config.path.symlink_to(written)
    config.add("work", HOME)
    kept = written.read_text()
    assert config.path.is_symlink()
    assert all(line in kept for line in ("# mine", "own = 1", 'home = {url = "https://a"}  # the old one'))


@pytest.mark.parametrize(
    "text", [b"default = [", b"\xff", b"default = 5", b"gateways = 1", b"[gateways.home]\nurl = 3"]
)
def test_a_file_that_is_not_understood_is_named_and_left_alone(config: ConfigFile, text: bytes) -> None:
    config.path.parent.mkdir()
    config.path.write_bytes(text)
    for change in (config.read, lambda: config.add("home", HOME), lambda: config.choose("local")):
        with pytest.raises(WrongArgument, match=r"config\.toml: "):
            change()
    assert config.path.read_bytes() == text


@pytest.mark.parametrize(
    "text",
    [
        '\ufeffgateways = {old = {url = "https://a"}}  # mine\n',
        'gateways.old = {url = "https://a"}  # mine\ndefault = "old"\n',
        'gateways.old.url = "https://a"  # mine\n',
        '[gateways]\nold = {url = "https://a"}  # mine\n[gateways.other]\nurl = "https://b"',
        '[gateways.old]\nurl = "https://a"  # mine\n[own]\nx = 1\n[gateways.other]\nurl = "https://b"\n',
    ],
)
def test_a_gateway_is_added_and_taken_out_in_whatever_way_the_others_are_written(
    config: ConfigFile, text: str
) -> None:
    config.path.parent.mkdir()
    config.path.write_text(text, "utf-8")
    before = config.read()
    config.add("new.example.org", HOME)
    assert config.read() == Config("new.example.org", {**before.gateways, "new.example.org": HOME})
    assert "# mine" in config.path.read_text()
    config.remove("new.example.org")
    config.remove("old")
    others = {name: each for name, each in before.gateways.items() if name != "old"}
    assert config.read() == Config("", others)


def test_what_no_program_changes_well_is_left_to_people(config: ConfigFile) -> None:
    text = 'gateways.old.url = "https://a"\ndefault = "old"\n'
    config.path.parent.mkdir()
    config.path.write_text(text)
    with pytest.raises(WrongArgument, match=r"config\.toml: change it by hand"):
        config.add("new", HOME)
    assert config.path.read_text() == text


def test_a_default_that_the_environment_overrides_is_not_promised() -> None:
    assert default_is("home", {"TONEARM_ON": ""}) == "Commands mean home from now on; --on names another."
    for name in ("TONEARM_URL", "TONEARM_ON"):
        assert default_is("home", {name: "x"}).startswith(
            f"{name} is set here, and comes first; without it commands mean home"
        )


def test_two_at_once_lose_nothing(config: ConfigFile) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: config.add(f"g{number}", HOME), range(8)))
    assert len(config.read().gateways) == 8


@pytest.mark.parametrize("name", ["", "local", "-x", "a b", "ä", "a" * 90, "a\n"])
def test_a_name_is_one_word_and_not_local(name: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        checked_name(name)


def test_settings_lie_where_people_of_each_system_look(monkeypatch: pytest.MonkeyPatch) -> None:
    home = {"HOME": "/home/ada", "APPDATA": "/C/Users/ada/AppData/Roaming"}
    assert settings_folder({"XDG_CONFIG_HOME": "/elsewhere", **home}) == Path("/elsewhere/tonearm")
    assert settings_folder({"XDG_CONFIG_HOME": "relative", **home}) == Path("/home/ada/.config/tonearm")
    monkeypatch.setattr("sys.platform", "darwin")
    assert settings_folder(home) == Path("/home/ada/.config/tonearm")
    monkeypatch.setattr("sys.platform", "win32")
    assert settings_folder(home) == Path("/C/Users/ada/AppData/Roaming/tonearm")


def test_a_lock_that_is_never_freed_is_said(config: ConfigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.client.own_files._PATIENCE", 0.1)
    with locked(config.path), ThreadPoolExecutor(1) as pool:
        other = pool.submit(config.add, "home", HOME)
        with pytest.raises(Refused, match="another command holds"):
            other.result()
