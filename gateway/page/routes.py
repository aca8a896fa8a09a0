"""The routes of the page: its shell at `/`, its files below `/page`.

The policy allows no inline script, no inline style, no `eval`, no text that becomes HTML but by lit-html's
templates, and nothing from elsewhere.
"""

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from gateway.callers.guard import AnyRequest
from gateway.http.assets import serve
from gateway.http.contract import ANYBODY, Contract
from gateway.http.pages import Link, page
from gateway.page.site import site
from service.http.preference import preferred

_OPEN = Contract(scope=ANYBODY, errors=())
_SHARED = Contract(scope=ANYBODY, errors=(), takes_any_parameter=True)
_HTML, _JSON = "text/html", "application/json"
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "media-src 'self' blob:",  # a video that is not uploaded yet tells how long it is
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html tonearm",
    ]
)
_SHELL = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin", "Vary": "Accept"}
_WORKER = {"Content-Security-Policy": "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"}
_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


@get("/", media_type=_HTML, include_in_schema=False, sync_to_thread=True, opt=_OPEN.opt)
def show_page(request: AnyRequest) -> Response[bytes]:
    """Serve the page to a browser. To a program there is nothing here, as at any address that is none."""
    if preferred(request, [_JSON, _HTML]) != _HTML:
        raise NotFoundException
    return serve(request, site().shell, _SHELL)


@get("/page/{version:str}/{path:path}", include_in_schema=False, sync_to_thread=True, opt=_OPEN.opt)
def show_file(request: AnyRequest, version: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    """Serve a file of the page. Of another version than ours only the same path is there, and is not kept."""
    wanted = site().files.get(path.removeprefix("/"))
    if wanted is None:
        raise NotFoundException
    return serve(request, wanted, _FOR_GOOD if version == site().version else None)


@get(
    "/service-worker.js",
    media_type="text/javascript",
    include_in_schema=False,
    sync_to_thread=True,
    opt=_OPEN.opt,
)
def show_service_worker(request: AnyRequest) -> Response[bytes]:
    """Serve the service worker, which may look after what lies beside it: the whole page."""
    return serve(request, site().worker, _WORKER)


@get(
    "/manifest.webmanifest",
    media_type="application/manifest+json",
    include_in_schema=False,
    sync_to_thread=True,
    opt=_OPEN.opt,
)
def show_manifest(request: AnyRequest) -> Response[bytes]:
    """Serve what a browser needs to install the page as an app."""
    return serve(request, site().manifest)


@post("/share", status_code=200, media_type=_HTML, include_in_schema=False, opt=_SHARED.opt)
async def say_to_share_again() -> Response[str]:
    """Tell somebody who shared a video to the app that it was not ready. The service worker takes it else."""
    return page(
        "Please share it once more",
        "The app was not ready to take your video. Nothing is lost: the video is where it was.",
        root="./",
        more=("Open the app, and then share the video once more.",),
        links=(Link("Open the app", "./"),),
    )


ROUTES = [show_page, show_file, show_service_worker, show_manifest, say_to_share_again]
