"""A deed that is done to jobs one after another: one that is refused is in the way of no other."""

import errno
from collections.abc import Callable, Iterable

from cli.client.errors import ClientError, SignInRefused, Troubled, Unreachable
from cli.client.gateway import Gateway
from cli.errors import NothingFound, Refused
from cli.exits import Exit, exit_for
from cli.jobs.choice.ids import job_meant
from cli.tree.ending import complain

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def to_each(gateway: Gateway, named: Iterable[str], deed: Callable[[str], None]) -> Exit:
    """Do it to each job that is named. Raises what concerns all of them.

    Which are meant is found out before anything is done: once the last is deleted, `@-1` is another.
    """
    code = Exit.OK
    for text, found in [(each, _found(gateway, each)) for each in named]:
        try:
            if isinstance(found, NothingFound):
                raise found
            deed(found)
        except (SignInRefused, Troubled, Unreachable, BrokenPipeError):
            raise
        except (ClientError, NothingFound, Refused) as error:
            complain(f"{text}: {error}")
            code = code or exit_for(error)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            complain(f"{text}: {error.filename}: {error.strerror}" if error.filename else f"{text}: {error}")
            code = code or Exit.CANTCREAT
    return code


def _found(gateway: Gateway, text: str) -> str | NothingFound:
    try:
        return job_meant(gateway, text)
    except NothingFound as error:
        return error
