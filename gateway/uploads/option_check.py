"""The route that judges options without an upload."""

from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import BadOptions
from gateway.http.contract import Contract
from gateway.uploads import option_bodies, options
from gateway.uploads.expected_size import bytes_a_second
from gateway.uploads.options import OptionsAsShown
from gateway.uploads.presets import Presets
from service.scopes import READ


class OptionFault(Struct, frozen=True):
    """An option that cannot be had as asked, and what would be right."""

    name: str
    detail: str


class CheckedOptions(Struct, frozen=True, kw_only=True):
    """The conversion that an upload with these options would be, or why it would be refused.

    `options` has every option, also where it is the default; null where there are faults.
    """

    options: OptionsAsShown | None = None
    faults: Annotated[tuple[OptionFault, ...], Meta(description="Those for which an upload gets a 422.")] = ()
    bytes_per_second: Annotated[
        float | None,
        Meta(description="An estimate, for each second of the result; null: the source decides."),
    ] = None


@post(
    "/options/check",
    status_code=200,
    operation_id="checkOptions",
    tags=["options"],
    opt=Contract(scope=READ, errors=option_bodies.ERRORS[1:], takes_options=True).opt,
)
async def check_options(request: AnyRequest, presets: NamedDependency[Presets]) -> CheckedOptions:
    """Check options as an upload would, and show what they amount to with your presets. Keeps nothing.

    That some do not fit is an answer, and no error.
    """
    try:
        wish = await presets.wish(caller_of(request).account, await option_bodies.read(request))
    except BadOptions as error:
        return CheckedOptions(faults=tuple(OptionFault(*fault) for fault in error.faults))
    return CheckedOptions(
        options=options.as_json(wish.options), bytes_per_second=bytes_a_second(wish.options)
    )


ROUTES = [check_options]
