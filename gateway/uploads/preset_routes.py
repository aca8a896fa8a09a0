"""The routes of presets: an account's own defaults for conversions, and its presets with names."""

from typing import Annotated, Any

from litestar import Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from events.options import Options
from events.wishes import NotUnderstood
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import BadOptions, Crowded, Fault
from gateway.http.contract import Answer, Contract, Error, as_json
from gateway.uploads import option_bodies, options, preset_names
from gateway.uploads.options import Given, OptionsAsShown, Wish
from gateway.uploads.presets import MOST, Presets
from service.scopes import READ, UPLOAD


class Preset(Struct, frozen=True, kw_only=True):
    """Options under a name: those that were set, also where they are the defaults."""

    name: Annotated[str, Meta(min_length=1, max_length=preset_names.LONGEST)]
    options: OptionsAsShown


class PresetList(Struct, frozen=True, kw_only=True):
    """The presets of an account, in the order of their names."""

    items: Annotated[list[Preset], Meta(max_length=MOST)]


_OF_OWN = {200: Answer("The options of an upload that names none", as_json(Options))}
_NAMED_ERRORS: tuple[Error, ...] = (BadOptions, Crowded)


@get(
    "/preset",
    operation_id="getPreset",
    tags=["options"],
    opt=Contract(scope=READ, errors=(BadOptions,), answers=_OF_OWN).opt,
)
async def show_preset(request: AnyRequest, presets: NamedDependency[Presets]) -> Response[Any]:
    """Show the options of an upload of yours that names none."""
    return _own(await presets.own(caller_of(request).account))


@put(
    "/preset",
    operation_id="setPreset",
    tags=["options"],
    opt=Contract(scope=UPLOAD, errors=option_bodies.ERRORS, answers=_OF_OWN, takes_options=True).opt,
)
async def set_preset(request: AnyRequest, presets: NamedDependency[Presets]) -> Response[Any]:
    """Set the options of your uploads that name none, by JSON as they are shown. Replaces those before."""
    return _own(await presets.set(caller_of(request).account, await option_bodies.read(request)))


@delete(
    "/preset",
    operation_id="deletePreset",
    tags=["options"],
    status_code=204,
    opt=Contract(scope=UPLOAD, errors=()).opt,
)
async def forget_preset(request: AnyRequest, presets: NamedDependency[Presets]) -> None:
    """Forget your own defaults: the server's hold again."""
    await presets.forget(caller_of(request).account)


@get("/presets", operation_id="listPresets", tags=["options"], opt=Contract(scope=READ, errors=()).opt)
async def list_presets(request: AnyRequest, presets: NamedDependency[Presets]) -> PresetList:
    """List your presets."""
    named = await presets.named(caller_of(request).account)
    return PresetList(items=[_shown(name, given) for name, given in named.items()])


@put(
    "/presets/{name:path}",
    operation_id="savePreset",
    tags=["options"],
    opt=Contract(scope=UPLOAD, errors=(*option_bodies.ERRORS, Crowded), takes_options=True).opt,
)
async def save_preset(request: AnyRequest, name: FromPath[str], presets: NamedDependency[Presets]) -> Preset:
    """Save a preset under a name, by JSON or by query parameters. Replaces the one with this name."""
    known_as = _name(name)
    given = await option_bodies.read(request)
    return _shown(known_as, await presets.save(caller_of(request).account, known_as, given))


@delete(
    "/presets/{name:path}",
    operation_id="removePreset",
    tags=["options"],
    status_code=204,
    opt=Contract(scope=UPLOAD, errors=_NAMED_ERRORS).opt,
)
async def remove_preset(request: AnyRequest, name: FromPath[str], presets: NamedDependency[Presets]) -> None:
    """Delete the preset of this name, if there is one."""
    await presets.remove(caller_of(request).account, _name(name))


def _name(path: str) -> str:
    """Return a preset's name from an address, which begins with a slash there. Raises BadOptions."""
    try:
        return preset_names.cleaned(path.removeprefix("/"))
    except NotUnderstood as error:
        raise BadOptions([Fault("name", str(error))]) from None


def _own(wish: Wish) -> Response[Any]:
    """Show all that differs from the built-in defaults, and all that was set, so that it can be sent back."""
    return Response(options.shown(wish.options, wish.given))


def _shown(name: str, given: Given) -> Preset:
    return Preset(name=name, options=options.as_kept(given))


ROUTES: list[Any] = [show_preset, set_preset, forget_preset, list_presets, save_preset, remove_preset]
