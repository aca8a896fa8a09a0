"""`tonearm tail`: the log's events and the services' JSON logs, merged by time, followed as they grow.

Pure: `record`, `parser` (line → record), `filters`, `merge`, `formats`, `cli.times`.
At the edge: `files`, `packed`, `incoming`, `event_log` (where records come from), `follow` (history, then
live), `command` (arguments, signals, output).
"""
