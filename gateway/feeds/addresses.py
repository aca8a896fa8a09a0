"""The addresses of a feed and of what it leads to, all below its token. Pure.

They are short: each character makes a QR code finer.
"""

from msgspec import Struct

from events.projections.job_view import JobView
from events.views.selection import options_of
from gateway.page.site import site

_IMAGE = "app/icon-512.png"


class Addresses(Struct, frozen=True):
    """Addresses of one feed. `root` is the gateway's own, as clients reach it, without a slash at its end."""

    root: str
    token: str

    def __repr__(self) -> str:
        return f"Addresses({self.root!r})"

    @property
    def feed(self) -> str:
        """The address that a person subscribes to."""
        return f"{self._base}.rss"

    @property
    def page(self) -> str:
        """The page of the gateway."""
        return f"{self.root}/"

    @property
    def image(self) -> str:
        """The picture of all feeds."""
        return f"{self.root}/page/{site().version}/{_IMAGE}"

    def after(self, cursor: str) -> str:
        """Return the address of the page of older episodes."""
        return f"{self.feed}?cursor={cursor}"

    def audio(self, view: JobView) -> str:
        """Return the address of an episode's audio; it ends as its file would."""
        return f"{self._base}/{view.job_id}.{options_of(view).format}"

    def chapters(self, job_id: str) -> str:
        """Return the address of an episode's chapters."""
        return f"{self._base}/{job_id}/chapters.json"

    def cover(self, job_id: str) -> str:
        """Return the address of an episode's picture."""
        return f"{self._base}/{job_id}/cover"

    def transcript(self, job_id: str, name: str) -> str:
        """Return the address of the words of an episode; `name` is a transcript's id with an ending."""
        return f"{self._base}/{job_id}/transcripts/{name}"

    @property
    def _base(self) -> str:
        return f"{self.root}/f/{self.token}"
