"""`python -m cli.tail` is `tonearm tail`."""

import sys

from cli.main import main

sys.exit(main(["tail", *sys.argv[1:]]))
