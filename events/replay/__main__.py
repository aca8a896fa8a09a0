"""`python -m events.replay`: the same as `tonearm replay`."""

import sys

from events.replay.cli import main

sys.exit(main(sys.argv[1:]))
