"""`python -m cli.replay`: the same as `tonearm replay`."""

import sys

from cli.main import main

sys.exit(main(["replay", *sys.argv[1:]]))
