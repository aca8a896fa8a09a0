"""The routes of an account's preset: its own defaults for conversions."""

from litestar import delete, get, put
from litestar.di import NamedDependency

from events.options import Options
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import BadOptions
from gateway.http.contract import Contract
from gateway.uploads import option_bodies
from gateway.uploads.presets import Presets
from service.scopes import READ, UPLOAD


@get(
    "/preset", operation_id="getPreset", tags=["options"], opt=Contract(scope=READ, errors=(BadOptions,)).opt
)
async def show_preset(request: AnyRequest, presets: NamedDependency[Presets]) -> Options:
    """Show the options of an upload of yours that names none."""
    return (await presets.wish(caller_of(request).account, {})).options


@put(
    "/preset",
    operation_id="setPreset",
    tags=["options"],
    opt=Contract(scope=UPLOAD, errors=option_bodies.ERRORS, takes_options=True).opt,
)
async def set_preset(request: AnyRequest, presets: NamedDependency[Presets]) -> Options:
    """Set your preset, by JSON as it is shown, or by query parameters. Replaces the one before."""
    return await presets.set(caller_of(request).account, await option_bodies.read(request))


@delete(
    "/preset",
    operation_id="deletePreset",
    tags=["options"],
    status_code=204,
    opt=Contract(scope=UPLOAD, errors=()).opt,
)
async def forget_preset(request: AnyRequest, presets: NamedDependency[Presets]) -> None:
    """Forget your preset: the server's defaults hold again."""
    await presets.forget(caller_of(request).account)


ROUTES = [show_preset, set_preset, forget_preset]
