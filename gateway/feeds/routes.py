"""The routes by which people make feeds, list them, and revoke them.

All take the scope `manage`: the address of a feed outlives a key that has read it.
"""

from datetime import UTC, datetime
from io import BytesIO
from typing import Annotated, Any

import segno
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from events.ids import new_id
from events.texts import is_seen, one_line
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import BadFields, BadOptions, Fault, NoSuchFeed
from gateway.feeds.feeds import Feeds
from gateway.feeds.store import MOST, Feed
from gateway.http import json_body
from gateway.http.contract import TEXT, Answer, Body, Contract, as_json
from gateway.jobs.presentation import Time
from gateway.uploads import options
from gateway.uploads.options import OptionsAsShown
from gateway.uploads.presets import Presets
from service.known_problems import HANDS_NOTHING_OUT, MAYBE_DONE
from service.scopes import MANAGE

_LONGEST = 100
_SVG = "image/svg+xml"


class WantedFeed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feed to be made: of all jobs, or of those with `q` in their name and the options of a preset."""

    name: Annotated[str, Meta(min_length=1, max_length=_LONGEST)]
    q: Annotated[str, Meta(max_length=200, description="Only jobs with this in their file's name.")] = ""
    preset: Annotated[
        str,
        Meta(max_length=60, description="Only jobs with the options that this preset has now."),
    ] = ""


class ShownFeed(Struct, frozen=True, kw_only=True):
    """A feed. Whoever has its `url` can hear what is in it. `options`: those that its jobs have."""

    feed_id: str
    name: str
    url: str
    created: Time
    q: str
    options: OptionsAsShown


class FeedList(Struct, frozen=True, kw_only=True):
    """The feeds of an account, the oldest first."""

    items: Annotated[list[ShownFeed], Meta(max_length=MOST)]


@post(
    "/feeds",
    status_code=201,
    operation_id="createFeed",
    tags=["feeds"],
    opt=Contract(
        scope=MANAGE,
        errors=(*json_body.ERRORS, BadOptions, HANDS_NOTHING_OUT, MAYBE_DONE),
        body=Body(as_json(WantedFeed)),
    ).opt,
)
async def create_feed(
    request: AnyRequest, feeds: NamedDependency[Feeds], presets: NamedDependency[Presets]
) -> ShownFeed:
    """Make a private podcast of your audio, at an address that is hard to guess and can be revoked."""
    account = caller_of(request).account
    wanted = await json_body.read(request, WantedFeed)
    given = await presets.chosen(account, {options.PRESET: wanted.preset}) if wanted.preset else {}
    feed = Feed(
        feed_id=new_id(),
        account=account,
        name=_name(wanted.name),
        created=datetime.now(UTC).replace(microsecond=0),
        q=wanted.q,
        options=tuple(sorted(given.items())),
    )
    await feeds.create(feed)
    return _shown(feed, feeds)


@get(
    "/feeds",
    operation_id="listFeeds",
    tags=["feeds"],
    opt=Contract(scope=MANAGE, errors=(HANDS_NOTHING_OUT,)).opt,
)
async def list_feeds(request: AnyRequest, feeds: NamedDependency[Feeds]) -> FeedList:
    """List your feeds with their addresses."""
    found = await feeds.store.of_account(caller_of(request).account)
    return FeedList(items=[_shown(feed, feeds) for feed in found])


@delete(
    "/feeds/{feed_id:str}",
    status_code=204,
    operation_id="revokeFeed",
    tags=["feeds"],
    opt=Contract(scope=MANAGE, errors=(NoSuchFeed, MAYBE_DONE)).opt,
)
async def revoke_feed(request: AnyRequest, feed_id: FromPath[str], feeds: NamedDependency[Feeds]) -> None:
    """Revoke a feed: its address, and those of its audio, open nothing from now on."""
    await feeds.revoke(caller_of(request).account, feed_id)


@get(
    "/feeds/{feed_id:str}/qr.svg",
    operation_id="getFeedQrCode",
    tags=["feeds"],
    opt=Contract(
        scope=MANAGE,
        errors=(NoSuchFeed, HANDS_NOTHING_OUT),
        answers={200: Answer("The picture", {_SVG: TEXT})},
    ).opt,
)
async def show_qr_code(
    request: AnyRequest, feed_id: FromPath[str], feeds: NamedDependency[Feeds]
) -> Response[bytes]:
    """Show a feed's address as a QR code, for a phone's camera."""
    found = await feeds.own(caller_of(request).account, feed_id)
    picture = BytesIO()
    code = segno.make(feeds.addresses(found).feed, error="m", micro=False)
    code.save(picture, kind="svg", xmldecl=False, border=4, light="#fff", omitsize=True)
    headers = {"Cache-Control": "private, no-store"}
    return Response(picture.getvalue(), media_type=_SVG, headers=headers)


def _name(text: str) -> str:
    name = one_line(text)
    if not is_seen(name):
        raise BadFields([Fault("name", f"give a name, of 1 to {_LONGEST} visible characters")])
    return name


def _shown(feed: Feed, feeds: Feeds) -> ShownFeed:
    return ShownFeed(
        feed_id=feed.feed_id,
        name=feed.name,
        url=feeds.addresses(feed).feed,
        created=feed.created,
        q=feed.q,
        options=options.as_kept(dict(feed.options)),
    )


ROUTES: list[Any] = [create_feed, list_feeds, revoke_feed, show_qr_code]
