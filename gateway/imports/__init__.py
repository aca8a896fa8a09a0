"""Imports: videos that are fetched from an address, instead of being uploaded.

`desk.py` takes the wish: a record with the address, sealed, then `import.requested`. That event is the work
in the queue `imports`, which gateways take (`work.py`). `fetch.py` asks the source (`sources.py`), and hands
its bytes to the reception that takes in files piece by piece. So an import goes on where it was after a cut,
a stop or a kill. `answers.py` and `names.py` say what an answer of a source means. Pure.
"""
