"""The language of the system: events, their encoding, the log that holds them, the views folded from it.

Everything imports this package; it imports none of the services. Its imports go down only: `views` and
`work`, then `log`, then the pure modules (`payload`, `types`, `envelope`, `registry`, `projections` and the
like), which know no driver, no clock and no socket.
"""
