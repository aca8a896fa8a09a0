"""`tonearm tail`: the log's events and the services' JSON logs, merged by time, followed as they grow.

Pure: `record`, `parser` (line → record; `spellings`, `logfmt`), `filters`, `subjects`, `merge`, `formats`.
At the edge: `sources` (where records come from), `follow` (history, then live), `arguments` and `command`
(what is asked for, signals, output).
"""
