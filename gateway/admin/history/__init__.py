"""Numbers over time, for a week: what the log holds of each minute, and what a look once a minute shows.

One gateway writes them, by a lease, and every gateway answers from the database. So a restart loses nothing
of the log: what was missed is read then. It loses the looks that nobody took: those minutes stay empty.
"""
