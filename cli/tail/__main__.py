"""`python -m cli.tail` is `tonearm tail`."""

import sys

from cli.tail.command import main

sys.exit(main(sys.argv[1:]))
