from types import SimpleNamespace

import pytest

from cli import wheel_hook


def test_a_wheel_that_lacks_the_pages_is_told_with_what_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> dict[str, str]:
        raise ImportError("No module named 'structlog'")

    said: list[str] = []
    monkeypatch.setattr(wheel_hook, "made", made)
    hook = SimpleNamespace(root="/nowhere", app=SimpleNamespace(display_warning=said.append))
    wheel_hook.Pages.initialize(hook, "standard", {})  # type: ignore[arg-type]
    assert "uv build --wheel --no-build-isolation" in said[0]
