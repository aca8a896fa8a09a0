"""Requests to addresses that strangers name: only to public ones, and bounded in all that comes back.

`urls.py` reads what a person gave. `addresses.py` knows which addresses are for everybody. `guard.py` finds a
name's addresses, and refuses all if one is not. `client.py` asks, by connections that `backend.py` makes to
the very addresses that were found to be good. So a name that means something
else a moment later changes nothing.
"""
