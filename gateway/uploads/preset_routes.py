"""The routes of an account's preset: what its conversions are like unless an upload says otherwise."""

from litestar import delete, get, put
from litestar.handlers import HTTPRouteHandler

from events.options import Options
from gateway.callers.guard import AnyRequest, caller_of
from gateway.uploads import options
from gateway.uploads.presets import Presets
from gateway.uploads.routes import Terms


def preset_routes(presets: Presets, terms: Terms) -> list[HTTPRouteHandler]:
    """Return the routes."""

    @get("/preset", tags=["options"])
    async def show_preset(request: AnyRequest) -> Options:
        """Show what an upload of yours that says nothing is converted to."""
        return options.options_of({}, await presets.get(caller_of(request).account), terms.defaults)

    @put("/preset", tags=["options"])
    async def set_preset(request: AnyRequest) -> Options:
        """Set your preset by query parameters, named as at an upload. Replaces the one before."""
        given = options.read_alone(request.query_params.multi_items(), request.headers)
        await presets.set(caller_of(request).account, given, terms.defaults)
        return options.options_of(given, terms.defaults)

    @delete("/preset", tags=["options"], status_code=204)
    async def forget_preset(request: AnyRequest) -> None:
        """Forget your preset: the server's defaults hold again."""
        await presets.set(caller_of(request).account, {}, terms.defaults)

    return [show_preset, set_preset, forget_preset]
