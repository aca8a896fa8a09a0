"""What is missing skips a test where a person works, and fails it where all must run."""

import pytest
from javascript import packages

from infra.local.errors import NotInstalled


@pytest.mark.parametrize(("ci", "outcome"), [("true", NotInstalled), ("", pytest.skip.Exception)])
def test_a_package_that_is_missing_skips_no_test_in_ci(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no-such-package"):
        packages("no-such-package")
