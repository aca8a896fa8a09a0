from collections.abc import Callable

import pytest

from cli.client import patience
from cli.client.errors import ClientError, NotAsItStands, NotThere, Troubled, Unreachable
from cli.client.patience import patiently


def failing(*errors: ClientError) -> Callable[[], str]:
    left = list(errors)

    def ask() -> str:
        if left:
            raise left.pop(0)
        return "there"

    return ask


def test_a_gateway_that_is_away_for_a_while_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.0)
    away = Unreachable("away"), Troubled(503, "starting")
    assert patiently(failing(*away)) == "there"


@pytest.mark.parametrize(
    "error",
    [NotThere(404, "no"), Troubled(507, "full"), NotAsItStands(429, "enough", {"limit": "jobs_today"})],
)
def test_what_does_not_pass_is_not_waited_for(error: ClientError) -> None:
    with pytest.raises(type(error)):
        patiently(failing(error))


def test_patience_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", -1.0)
    with pytest.raises(Unreachable):
        patiently(failing(Unreachable("away")))
