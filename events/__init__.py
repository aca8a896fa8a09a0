"""The language of the system: what can happen, how it is written down, and what follows from it.

Everything imports this package; it imports none of the services. The modules `types`, `envelope`,
`registry`, `ids`, `errors` and `projections` are pure: no driver, no clock, no socket.
"""
