"""`python -m events.tailing` is `tonearm tail`."""

import sys

from events.tailing.cli import main

sys.exit(main(sys.argv[1:]))
