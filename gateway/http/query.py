"""The guard of query parameters: one that a route does not know is refused, and so is one too few.

A misspelt filter would otherwise show everything, and a misspelt limit the first fifty.
"""

from collections import Counter
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler

from events.wishes import NAMES
from gateway.errors import BadParameters, Fault
from gateway.http.contract import contract_of, parameters_of

_LONGEST = 100
"""Characters of a stranger's name that an answer repeats."""
_NOTHING = "null"
"""What the framework takes for None, as if the parameter had not been given."""


def known_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse query parameters that the route does not know, one that is given twice, and one too few.

    The options of a conversion are left to their own reader. Raises BadParameters.
    """
    contract = contract_of(handler)
    if contract.takes_any_parameter or contract.takes_options:
        return
    if connection.scope.get("method") == HttpMethod.OPTIONS:  # it tells of all methods at once
        return
    parameters = {each.name: each for each in parameters_of(handler).values()}
    pairs = list(connection.query_params.multi_items())
    given = Counter(name for name, _ in pairs)
    taken = ", ".join(sorted(parameters)) or "none"
    if contract.chooses_by_options:
        taken += ", and the options of a conversion"
    options = NAMES if contract.chooses_by_options else ()
    wrong = [
        Fault(name[:_LONGEST], f"there is no such parameter; this call takes {taken}")
        for name in given
        if name not in parameters and name not in options
    ]
    wrong += [
        Fault(name, "it is given more than once")
        for name in (*(name for name, each in parameters.items() if not each.many), *options)
        if given[name] > 1
    ]
    wrong += [
        Fault(each.name, each.takes) for each in parameters.values() if each.required and not given[each.name]
    ]
    for name, text in pairs:
        known = parameters.get(name)
        if known and ((known.optional and text.lower() == _NOTHING) or not known.reads(text)):
            wrong.append(Fault(name, known.takes))
    if wrong:
        raise BadParameters(wrong)
