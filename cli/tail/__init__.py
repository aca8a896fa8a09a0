"""`tonearm tail`: the log's events and the services' JSON logs, merged by time, followed as they grow.

Pure: `record`, `parser` (line → record), `filters`, `subjects`, `merge`, `formats`, `cli.times`.
At the edge: `sources` (where records come from), `follow` (history, then live), `arguments` and `command`
(what is asked for, signals, output).
"""
