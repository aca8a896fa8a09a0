"""A route that does not declare who may call it, and how it fails, does not start."""

from typing import Any

import pytest
from litestar import get
from litestar.exceptions import ImproperlyConfiguredException
from litestar.params import FromPath

from gateway.app import ROUTES, litestar_app
from gateway.http.contract import Contract
from gateway.schemas import parts_of_nothing
from service.scopes import READ


@pytest.mark.parametrize("opt", [{}, {"contract": None}, {"contract": {"scope": READ}}])
def test_a_route_without_a_contract_does_not_start(opt: dict[str, Any]) -> None:
    @get("/jobs/{job_id:str}/lyrics", opt=opt)
    async def lyrics(job_id: FromPath[str]) -> str:
        return job_id

    with pytest.raises(ImproperlyConfiguredException, match=r"GET /jobs/\{job_id\}/lyrics declares"):
        litestar_app(parts_of_nothing(), [*ROUTES, lyrics])


@pytest.mark.parametrize("missing", ["scope", "errors"])
def test_a_contract_without_scope_or_errors_cannot_be_written(missing: str) -> None:
    fields: dict[str, Any] = {"scope": READ, "errors": ()}
    del fields[missing]
    with pytest.raises(TypeError, match=f"Missing required argument '{missing}'"):
        Contract(**fields)


def test_options_is_guarded_as_the_route_is_unless_it_has_something_of_its_own_to_say() -> None:
    app = litestar_app(parts_of_nothing())
    for route in app.routes:
        if route.path == "/files":
            continue
        contracts = [handler.opt["contract"] for handler in route.route_handlers]  # type: ignore[union-attr]
        assert {contract.scope is None for contract in contracts} in ({True}, {False})
