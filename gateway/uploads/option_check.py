"""The route that judges options without an upload."""

from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from gateway.callers.guard import AnyRequest, caller_of
from gateway.http.contract import Contract
from gateway.uploads import option_bodies, options
from gateway.uploads.expected_size import bytes_a_second
from gateway.uploads.options import OptionsAsShown
from gateway.uploads.presets import Presets
from service.scopes import READ


class CheckedOptions(Struct, frozen=True, kw_only=True):
    """The conversion that an upload with these options would be."""

    options: OptionsAsShown
    """Every option, also where it is the default."""
    bytes_per_second: Annotated[
        float | None,
        Meta(description="An estimate, for each second of the result; null: the source decides."),
    ]


@post(
    "/options/check",
    status_code=200,
    operation_id="checkOptions",
    tags=["options"],
    opt=Contract(scope=READ, errors=option_bodies.ERRORS, takes_options=True).opt,
)
async def check_options(request: AnyRequest, presets: NamedDependency[Presets]) -> CheckedOptions:
    """Check options as an upload would, and show what they amount to with your presets. Keeps nothing."""
    wish = await presets.wish(caller_of(request).account, await option_bodies.read(request))
    return CheckedOptions(
        options=options.as_json(wish.options), bytes_per_second=bytes_a_second(wish.options)
    )


ROUTES = [check_options]
