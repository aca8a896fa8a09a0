"""The whole of Tonearm on one machine: real servers and services as ordinary child processes, no root.

Map: `stack` starts the `supervisor`, which has a `keeper` for each component that `services` lists. Each
module of `servers` runs one server. `process` is one child on its `leash`. `state` is for others to read.
"""
