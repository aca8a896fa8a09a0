"""The exit codes of commands on jobs, in words."""

from collections.abc import Mapping

from cli.client.asking import EXITS
from cli.exits import Exit

OF_ONE: Mapping[Exit, str] = {**EXITS, Exit.NOTHING: "there is no such job, or not any more"}
OF_SEVERAL: Mapping[Exit, str] = {
    **OF_ONE,
    Exit.REFUSED: "a job's state, or a limit, is in the way; the others are done all the same",
}
