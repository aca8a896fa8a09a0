"""The answers to a browser without scripts that has sent its form with a video: pages, at `/upload`.

Programs ask for the same address, and get JSON; no document names the pages.
"""

from typing import Any

from litestar import Request, Response

from gateway.errors import NotSignedIn
from gateway.http.pages import Link, page, sentence, wants_page
from gateway.http.problems import answer
from gateway.jobs.outcome import audio_path
from gateway.jobs.presentation import Accepted

_ROOT = "./"
_OUT = "You are not signed in, or not any more. Nothing of the video was kept."


def taken(accepted: Accepted) -> Response[Any]:
    """Say that the video is in, and where its audio will be."""
    # A name may run from right to left, and the words around it do not.
    name = f"\N{FIRST STRONG ISOLATE}{accepted.filename}\N{POP DIRECTIONAL ISOLATE}"
    return page(
        "Your video is in",
        f"{name} is being converted. You may close this page.",
        root=_ROOT,
        more=("A mail tells you when the audio is there, unless you want none.",),
        links=(
            Link("The audio, as soon as it is there", f".{audio_path(accepted.job_id)}"),
            Link("Upload another video", _ROOT),
        ),
        status=202,
    )


def refused(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Say why it is not; the answer to `error` for programs (see `gateway.http.problems`), as a page."""
    problem = answer(request, error)
    if not wants_page(request):
        return problem
    told = problem.content
    detail = _OUT if isinstance(error, NotSignedIn) else sentence(told["detail"] or told["title"])
    shown = page(
        told["title"],
        detail,
        root=_ROOT,
        links=(Link("Back to the form", _ROOT),),
        status=problem.status_code or told["status"],
    )
    shown.headers.update(problem.headers)
    return shown
