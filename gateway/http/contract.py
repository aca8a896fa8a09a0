"""The contract of a route: who may call it, how it fails, and what its signature does not show.

A contract stands at the handler, in `opt`. The guard and the OpenAPI document both read it there, so neither
keeps a table of paths. The application does not start with a route that has none (`Contracts`).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

from litestar import Response
from litestar.enums import HttpMethod
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from msgspec import Struct

from events.errors import TonearmError
from gateway.http.parameters import Parameter, parameter
from service.problems import Kind
from service.scopes import Scope

ANYBODY: Final = None
"""The scope of a route that is open to all."""

Scheme = Literal["token", "cookie", "refresh_cookie", "password"]
"""A way to sign in, by its name in the OpenAPI document."""

Json = dict[str, Any]
Schema = type | Json
"""A struct, or a JSON schema where no struct can express it."""
Error = type[TonearmError] | Kind

TEXT: Json = {"type": "string"}
BYTES: Json = {"type": "string", "format": "binary"}
SOME_BYTES: Json = {**BYTES, "minLength": 1}

_KEY, _PARAMETERS = "contract", "parameters"


class Header(Struct, frozen=True):
    """A request header. `longest` is in characters, 0 for no limit; `pattern` is a regular expression."""

    name: str
    description: str = ""
    longest: int = 0
    pattern: str = ""
    required: bool = False


class Body(Struct, frozen=True):
    """A request body, by media type."""

    content: Mapping[str, Schema]
    required: bool = True


class Answer(Struct, frozen=True):
    """An answer that is no error. What is left empty is taken from the handler's signature."""

    description: str = ""
    content: Mapping[str, Schema] = {}
    headers: tuple[str, ...] = ()


class Contract(Struct, frozen=True, kw_only=True):
    """The contract of one route.

    `errors` are those of the handler; the guard's own are added where there is a scope. `schemes` are ways to
    sign in besides an access token and its cookie. A route with `takes_options` takes the conversion's
    options as query parameters, and as fields of a form; one with `chooses_by_options` chooses jobs by them,
    beside its own parameters. With `takes_any_parameter` unknown query parameters are ignored; elsewhere they
    are refused.
    """

    scope: Scope | None
    errors: tuple[Error, ...]
    schemes: tuple[Scheme, ...] = ()
    headers: tuple[Header, ...] = ()
    body: Body | None = None
    answers: Mapping[int, Answer] = {}
    takes_options: bool = False
    chooses_by_options: bool = False
    takes_any_parameter: bool = False

    @property
    def opt(self) -> dict[str, Any]:
        """The contract as a handler's `opt`."""
        return {_KEY: self}


def as_json(schema: Schema) -> Mapping[str, Schema]:
    """Return the content of a JSON body."""
    return {"application/json": schema}


def contract_of(handler: BaseRouteHandler) -> Contract:
    """Return the handler's contract. Raises KeyError, which no application that has started does."""
    contract: Contract = handler.opt[_KEY]
    return contract


def parameters_of(handler: BaseRouteHandler) -> Mapping[str, Parameter]:
    """Return the handler's query parameters by the framework's names."""
    parameters: Mapping[str, Parameter] = handler.opt.get(_PARAMETERS, {})
    return parameters


class Contracts(ReceiveRoutePlugin):
    """The contracts of all routes. Refuses a route without one, so that none is open by oversight."""

    def __init__(self) -> None:
        self._contracts: dict[tuple[str, str], Contract] = {}
        self.structs: dict[type[Struct], None] = {}
        """What bodies and answers are made of."""

    def receive_route(self, route: BaseRoute) -> None:
        """Take in a route as it is added. Raises ImproperlyConfiguredException."""
        if not isinstance(route, HTTPRoute):
            raise ImproperlyConfiguredException(f"{route.path_format} is no HTTP route")
        own = [each for each in route.route_handlers if not _is_of_framework(each)]
        for handler in own:
            contract = handler.opt.get(_KEY)
            for method in handler.http_methods:
                if not isinstance(contract, Contract):
                    raise ImproperlyConfiguredException(
                        f"{method} {route.path_format} declares neither its scope nor its errors:"
                        " give its handler `opt=Contract(scope=…, errors=…).opt`"
                    )
                self._contracts[method, route.path_format] = contract
                self.structs |= dict.fromkeys(_structs(contract, handler))
                _, model = route.route_handler_map[method]
                fields = handler.parsed_fn_signature.parameters
                handler.opt[_PARAMETERS] = {
                    each.field_name: parameter(each.field_alias, fields[each.field_name])
                    for each in model.expected_query_params
                }
        for handler in route.route_handlers:
            if handler not in own:  # the framework's answer to OPTIONS, made when the path had one handler
                handler.opt = own[0].opt
                handler.after_request = partial(_allowing, sorted(route.methods))

    def of(self, method: str, path: str) -> Contract:
        """Return the contract of a route that was received."""
        return self._contracts[method, path]


def _is_of_framework(handler: HTTPRouteHandler) -> bool:
    """Return True for the answer to OPTIONS that the framework makes where a path has none of its own."""
    return HttpMethod.OPTIONS in handler.http_methods and handler.operation_id is None


def _structs(contract: Contract, handler: BaseRouteHandler) -> Iterator[type[Struct]]:
    """Yield the structs of a route's body and answers."""
    returned = handler.parsed_fn_signature.return_type
    contents = [answer.content for answer in contract.answers.values()]
    contents += [contract.body.content] if contract.body else []
    shapes = [each for content in contents for each in content.values()]
    for shape in (*shapes, returned.annotation, *(each.annotation for each in returned.inner_types)):
        if isinstance(shape, type) and issubclass(shape, Struct):
            yield shape


async def _allowing(methods: Sequence[str], answer: Response[Any]) -> Response[Any]:
    answer.headers["Allow"] = ", ".join(methods)
    return answer
