"""`python -m cli.replay`: the same as `tonearm replay`."""

import sys

from cli.replay.command import main

sys.exit(main(sys.argv[1:]))
