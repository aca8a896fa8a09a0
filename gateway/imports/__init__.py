"""Imports: videos that are fetched from an address, instead of being uploaded.

`desk.py` takes the wish: a record with the address, sealed, then `import.requested`. That event is the work
in the queue `imports`, which gateways take (`work.py`). `fetch.py` asks the source, and hands its bytes to
the same reception that takes in files piece by piece, so an import goes on after a cut, a stop or a kill
where it was. `source.py` and `naming.py` say what an answer of a source means. Pure.
"""
