"""The errors of the local stack, grouped by what the reader can do.

LocalError
├── NotInstalled     a program is missing; the text holds the line that installs it
├── NotReady         a child ended or did not answer in time; the text ends with its last lines
├── PortTaken        another program listens where ours must; the text names it and the way out
└── AlreadyRunning   the stack runs, or is just being started by somebody else
"""

from events.errors import TonearmError


class LocalError(TonearmError):
    """The local stack cannot do what was asked."""


class NotInstalled(LocalError):
    """A program the stack needs is not on this machine."""


class NotReady(LocalError):
    """A child process ended, or did not become ready in time."""


class PortTaken(LocalError):
    """A port that must be ours is in use."""


class AlreadyRunning(LocalError):
    """Another stack uses this directory."""
