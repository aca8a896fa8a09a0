"""The whole of Tonearm on one machine: real servers and services as ordinary child processes, no root.

Map: `stack` starts and supervises, `services` says what there is to start, `rabbitmq`, `mongodb` and `mail`
run one server each, `process` is one child on its `leash`, `state` is what a running stack tells others.
"""
