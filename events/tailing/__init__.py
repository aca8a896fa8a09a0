"""`tonearm tail`: the log's events and the services' JSON logs, merged by time, followed as they grow.

Pure: `record`, `parsing` (line → record), `filters`, `merging`, `formats`, `times`.
At the edge: `files`, `standard_input`, `event_log` (where records come from), `following` (history, then
live), `cli` (arguments, signals, output).
"""
